package claim

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wirelab/internal/lang"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
	"wirelab/sniffer/pcapfile"
)

const (
	isSYN   = "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"
	isReset = "tcp[tcpflags] & tcp-rst != 0"
	asks    = "trace arp: client1 > * who-has server"
)

// matched is a matcher over a recording as judgement has one.
type matched struct {
	name             string
	kind             Kind
	count            int
	what             []string
	from, to, each   string
	build            func(*tracetest.Wire)
	idle, blind      bool
	uncounted        bool // markers do not say how many frames were sent
	dropped          uint64
	damage           error
	notBegun, byAddr bool
	status           Status
	packets          []int
	reason           string
}

// pinged is a question, its answer and a ping.
func pinged(w *tracetest.Wire) {
	w.Ask("client1", "server", "*")
	w.Tell("server", "client1")
	ping(w)
}

// two opens two connections; the second is reset by the server.
func two(w *tracetest.Wire) {
	connect(w)
	w.Segment("client1", "server", 41000, 7000, syn, 500, 0, "")
	w.Segment("server", "client1", 7000, 41000, sniffer.RST|ack, 0, 501, "")
}

// nobodys is a datagram to an address of no host.
func nobodys(w *tracetest.Wire) {
	pinged(w)
	w.To = "server"
	w.UDP("client1", "10.9.9.9", 5, 53, "secret")
	w.To = ""
}

// reset is a reset by the server.
func reset(w *tracetest.Wire) { w.TCP("server", "client1", sniffer.RST|ack, 901, 101, "") }

// extended is a segment from a port behind an extension header of IPv6 with options for
// the receiver (RFC 8200, section 4.6).
func extended(w *tracetest.Wire, port uint16) {
	segment := append(binary.BigEndian.AppendUint16([]byte{6, 0, 1, 4, 0, 0, 0, 0}, port), make([]byte, 18)...)
	segment[8+12] = 5 << 4
	w.V6 = true
	w.IP("server", "client1", 60, 0, segment)
	w.V6 = false
}

// snap is a segment from a port behind an 802.2 SNAP header, with an organization's last
// byte.
func snap(w *tracetest.Wire, organization byte, port uint16) {
	segment := append(binary.BigEndian.AppendUint16(nil, port), make([]byte, 18)...)
	segment[12] = 5 << 4
	b := []byte{0xaa, 0xaa, 3, 0, 0, organization, 8, 0, 0x45, 0, 0, 40, 0, 7, 0, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1}
	b = append(b, segment...)
	w.Frame("server", "client1", uint16(len(b)), b)
}

// trailed is a datagram of client1's, and in its frame a word behind it.
func trailed(w *tracetest.Wire, protocol byte, payload []byte) {
	to, last := "server", byte(2)
	if protocol == 17 {
		to, last = "*", 255
	}
	b := []byte{0x45, 0, 0, byte(20 + len(payload)), 0, 7, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, last}
	w.Frame("client1", to, sniffer.EtherTypeIPv4, append(append(b, payload...), "open sesame"...))
}

// counting is a marker that counts again for the barrier at the start.
func counting() []byte {
	m := trace.Marker{Label: trace.StartLabel, Host: "client1", Counted: true, Sent: 7, Recount: true}
	return tracetest.Datagram(9, trace.MarkerPort, string(m.Payload()))
}

// said is a connection over which client1 says something in two segments.
func said(first, second string) func(*tracetest.Wire) {
	return func(w *tracetest.Wire) {
		connect(w)
		w.TCP("client1", "server", psh, 101, 901, first)
		w.TCP("client1", "server", psh, 101+uint32(len(first)), 901, second)
	}
}

func TestMatchers(t *testing.T) {
	for _, test := range []matched{
		{name: "never, and it is not", kind: Never, what: []string{isReset}, build: connect, status: Pass},
		{name: "never, and it is", kind: Never, what: []string{isReset}, build: two, status: Fail, packets: []int{7}, reason: "packet 7 matches " + isReset},
		{name: "never from one, and the other does", kind: Never, what: []string{isReset}, from: "client1", build: two, status: Pass},
		{name: "never from one, and it does", kind: Never, what: []string{isReset}, from: "server", build: two, status: Fail},
		{name: "never to one, and it is", kind: Never, what: []string{isReset}, to: "client1", build: two, status: Fail},
		{name: "never to everybody", kind: Never, what: []string{"arp"}, to: "*", build: pinged, status: Fail, packets: []int{3}},
		{name: "never with another's address is never by the port", kind: Never, what: []string{"icmp"}, from: "client2", uncounted: true, status: Fail,
			build: func(w *tracetest.Wire) {
				w.As = "client2"
				w.Echo("server", "client1", echoReply)
				w.As = ""
			}},
		{name: "and not by him whose address it is", kind: Never, what: []string{"icmp"}, from: "server", uncounted: true, status: Pass,
			build: func(w *tracetest.Wire) {
				w.As = "client2"
				w.Echo("server", "client1", echoReply)
				w.As = ""
			}},
		{name: "never to a port, and it is with the address of nobody", kind: Never, what: []string{"icmp"}, to: "server", status: Fail, packets: []int{3},
			build: func(w *tracetest.Wire) { w.To = "server"; w.Echo("client1", "192.0.2.9", echoRequest); w.To = "" }},
		{name: "never a line of a trace", kind: Never, what: []string{"trace tcp: server > client1 RST ACK"}, build: two, status: Fail, packets: []int{7}},
		{name: "never a line that is not there", kind: Never, what: []string{"trace tcp: client1 > server RST"}, build: two, status: Pass},
		{name: "never any line", kind: Never, what: []string{"trace arp"}, build: pinged, status: Fail, packets: []int{3, 4}},
		{name: "never, of a capture with drops", kind: Never, what: []string{isReset}, build: connect, dropped: 1, status: Inconclusive, reason: "1 frame was dropped"},
		{name: "never, of a damaged capture", kind: Never, what: []string{isReset}, build: connect, damage: fmt.Errorf("torn"), status: Inconclusive, reason: "torn"},
		{name: "never, and the capture began late", kind: Never, what: []string{isReset}, build: connect, notBegun: true, status: Inconclusive, reason: `no barrier "start"`},
		{name: "never, of a connection that began before", kind: Never, what: []string{"trace tcp: server > client1 RST"}, status: Inconclusive, reason: "begins within a connection",
			build: func(w *tracetest.Wire) { w.TCP("client1", "server", psh, 100, 900, "x") }},
		{name: "never, and nothing was done", kind: Never, what: []string{isReset}, build: func(*tracetest.Wire) {}, idle: true, status: Inconclusive, reason: "nothing was done"},
		{name: "never, and nothing could be seen", kind: Never, what: []string{isReset}, build: func(w *tracetest.Wire) { w.Ask("client1", "server", "*") }, blind: true, status: Inconclusive, reason: "could not have seen"},
		{name: "never, and a packet is cut", kind: Never, what: []string{isReset}, status: Inconclusive, packets: []int{6}, reason: "packet 6 is cut",
			build: func(w *tracetest.Wire) {
				connect(w)
				w.Length = 1500
				w.TCP("client1", "server", psh, 101, 901, "x")
				w.Length = 0
			}},
		{name: "never, and a fragment may hide it", kind: Never, what: []string{isReset}, status: Inconclusive, packets: []int{3}, reason: "packet 3 is a fragment",
			build: func(w *tracetest.Wire) { w.IP("server", "client1", 6, 2, make([]byte, 8)) }},
		{name: "never, and the first fragment has no header", kind: Never, what: []string{isReset}, status: Inconclusive, reason: "is a fragment",
			build: func(w *tracetest.Wire) { w.Fragments("server", "client1", 6, make([]byte, 24), 8, false) }},
		{name: "never, and a datagram's fragments are whole", kind: Never, what: []string{isReset}, build: halves, status: Pass},
		{name: "never, and markers do not count, but a connection lacks bytes", kind: Never, what: []string{isReset}, uncounted: true, status: Inconclusive, reason: "does not have",
			build: func(w *tracetest.Wire) { connect(w); w.TCP("server", "client1", ack, 901, 140, "") }},
		{name: "never, and a host has sent more than was captured", kind: Never, what: []string{isReset}, status: Inconclusive, reason: "frames from client1",
			build: func(w *tracetest.Wire) { ping(w); w.Lose("client1", 1) }},
		{name: "never, and something is for the sniffer", kind: Never, what: []string{isReset}, status: Inconclusive, reason: "is for the sniffer",
			build: func(w *tracetest.Wire) { w.Echo("client1", "sniffer", echoRequest) }},
		{name: "a filter that names a host whom the capture does not know", kind: Never, what: []string{"host nobody"}, build: connect, status: Inconclusive, reason: "nobody"},

		{name: "never, and a VLAN tag hides it", kind: Never, what: []string{isReset}, status: Inconclusive, packets: []int{6}, reason: "packet 6 hides from the filter",
			build: func(w *tracetest.Wire) { connect(w); w.VLAN = 5; reset(w); w.VLAN = 0 }},
		{name: "never in that VLAN", kind: Never, what: []string{"vlan 5 and " + isReset}, status: Fail, packets: []int{6},
			build: func(w *tracetest.Wire) { connect(w); w.VLAN = 5; reset(w); w.VLAN = 0 }},
		{name: "never without a VLAN", kind: Never, what: []string{isReset + " and not vlan"}, status: Pass,
			build: func(w *tracetest.Wire) { connect(w); w.VLAN = 5; reset(w); w.VLAN = 0 }},
		{name: "never, and something else has a VLAN tag", kind: Never, what: []string{isReset}, status: Pass,
			build: func(w *tracetest.Wire) { connect(w); w.VLAN = 5; ping(w); w.VLAN = 0 }},
		{name: "never, and IPv6 hides it", kind: Never, what: []string{isReset + " and src host server"}, status: Inconclusive, packets: []int{6}, reason: "IPv4 alone",
			build: func(w *tracetest.Wire) { connect(w); w.V6 = true; reset(w); w.V6 = false }},
		{name: "never, and IPv6 has it of another host", kind: Never, what: []string{isReset + " and src host client1"}, status: Pass,
			build: func(w *tracetest.Wire) { connect(w); w.V6 = true; reset(w); w.V6 = false }},
		{name: "never by IPv6", kind: Never, what: []string{isReset + " or ip6[53] & tcp-rst != 0"}, status: Fail, packets: []int{6},
			build: func(w *tracetest.Wire) { connect(w); w.V6 = true; reset(w); w.V6 = false }},
		{name: "never, and an extension header hides it", kind: Never, what: []string{"tcp src port 7000"}, status: Inconclusive, packets: []int{3}, reason: "extension headers",
			build: func(w *tracetest.Wire) { extended(w, 7000) }},
		{name: "never, and what an extension header hides is something else", kind: Never, what: []string{"tcp src port 7000"}, status: Pass,
			build: func(w *tracetest.Wire) { extended(w, 7001) }},
		{name: "never, and a tunnel hides it", kind: Never, what: []string{"icmp"}, status: Inconclusive, packets: []int{3}, reason: "tunnels",
			build: func(w *tracetest.Wire) {
				inner := []byte{0x45, 0, 0, 28, 0, 7, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 8, 0, 0, 0, 0, 7, 0, 1}
				w.IP("server", "client1", 4, 0, inner)
			}},

		{name: "never, and an 802.2 SNAP header hides it", kind: Never, what: []string{"tcp src port 7000"}, status: Inconclusive, packets: []int{3}, reason: "802.2 SNAP headers",
			build: func(w *tracetest.Wire) { snap(w, 0, 7000) }},
		{name: "never, and what a SNAP header hides is something else", kind: Never, what: []string{"tcp src port 7000"}, status: Pass,
			build: func(w *tracetest.Wire) { snap(w, 0, 7001) }},
		{name: "never, and another organization's SNAP header hides nothing of IP", kind: Never, what: []string{"tcp src port 7000"}, status: Pass,
			build: func(w *tracetest.Wire) { snap(w, 0x0c, 7000) }},

		{name: "never a text that the script does not say", kind: Never, what: []string{`trace tcp text: client1 > server "hello"`}, status: Inconclusive, reason: "says nothing like",
			build: said("hello\n", "x")},

		{name: "never in clear, and it is not", kind: Never, what: []string{`bytes "sesame"`}, build: said("open", "close"), status: Pass},
		{name: "never in clear, and it is, cut into segments", kind: Never, what: []string{`bytes "sesame"`}, build: said("open ses", "ame!"), status: Fail, packets: []int{6, 7}},
		{name: "never in clear, and it is said twice", kind: Never, what: []string{`bytes "a\x00"`}, build: said("a\x00", "a\x00"), status: Fail, packets: []int{6, 7}},
		{name: "never in clear, and it is in fragments", kind: Never, what: []string{`bytes "bytes"`}, from: "client1", build: halves, status: Fail},
		{name: "never in clear, and it is behind what IP has in the frame", kind: Never, what: []string{`bytes "sesame"`}, from: "client1", to: "server", status: Fail, packets: []int{3},
			build: func(w *tracetest.Wire) { trailed(w, 253, []byte("data")) }},
		{name: "never in clear, and it is behind a marker that counts again", kind: Never, what: []string{`bytes "sesame"`}, uncounted: true, status: Fail, packets: []int{3},
			build: func(w *tracetest.Wire) { trailed(w, 17, counting()) }},
		{name: "never in clear by him who does not say it", kind: Never, what: []string{`bytes "sesame"`}, from: "server", build: said("open ses", "ame!"), status: Pass},
		{name: "never in clear, and bytes are missing", kind: Never, what: []string{`bytes "sesame"`}, status: Inconclusive, reason: "does not have",
			build: func(w *tracetest.Wire) { connect(w); w.TCP("server", "client1", ack, 901, 140, "") }},
		{name: "never in clear, and a segment overlaps another with other bytes", kind: Never, what: []string{`bytes "sesame"`}, status: Inconclusive, packets: []int{8}, reason: "overlaps another",
			build: func(w *tracetest.Wire) {
				said("sesXXX", "!")(w)
				w.TCP("client1", "server", psh, 104, 901, "ame")
			}},
		{name: "never in clear, and a segment is sent again", kind: Never, what: []string{`bytes "sesame"`}, status: Pass,
			build: func(w *tracetest.Wire) {
				said("open", "close")(w)
				w.TCP("client1", "server", psh, 103, 901, "enclo")
			}},
		{name: "never in clear, and the first fragment comes twice", kind: Never, what: []string{`bytes "sesame"`}, status: Inconclusive, packets: []int{3}, reason: "do not fit together",
			build: func(w *tracetest.Wire) { // Linux keeps the first
				whole := tracetest.Datagram(5, 6, "open-sesame-open")
				w.IP("client1", "server", 17, 0x2000, whole[:16])
				w.IP("client1", "server", 17, 0x2000, append(slices.Clone(whole[:8]), "XXXXXXXX"...))
				w.IP("client1", "server", 17, 2, whole[16:])
			}},
		{name: "never in clear, and a packet is cut", kind: Never, what: []string{`bytes "sesame"`}, status: Inconclusive, reason: "cut",
			build: func(w *tracetest.Wire) {
				connect(w)
				w.Length = 1500
				w.TCP("client1", "server", psh, 101, 901, "ses")
				w.Length = 0
			}},

		{name: "exactly as many", kind: Exactly, count: 2, what: []string{isSYN}, build: two, status: Pass, packets: []int{3, 6}},
		{name: "exactly one, and there are more", kind: Exactly, count: 1, what: []string{isSYN}, build: two, status: Fail, packets: []int{3, 6}, reason: "2 matches of"},
		{name: "exactly one, and there is none", kind: Exactly, count: 1, what: []string{isReset}, build: connect, status: Fail, reason: "0 matches of"},
		{name: "exactly none is never", kind: Exactly, what: []string{isReset}, build: func(*tracetest.Wire) {}, idle: true, status: Inconclusive, reason: "nothing was done"},
		{name: "exactly so many lines", kind: Exactly, count: 1, what: []string{"trace tcp: client1 > server SYN acked"}, build: connect, status: Pass, packets: []int{3, 4}},
		{name: "exactly, of a capture with drops", kind: Exactly, count: 2, what: []string{isSYN}, build: two, dropped: 3, status: Inconclusive, reason: "dropped"},
		{name: "exactly one in each conversation", kind: Exactly, count: 1, what: []string{isSYN}, each: "tcp port 7000", build: two, status: Pass, packets: []int{3, 6}},
		{name: "exactly one reset in each, and one has none", kind: Exactly, count: 1, what: []string{isReset}, each: "tcp port 7000", build: two, status: Fail, reason: "0 matches"},
		{name: "never in each what is in no conversation", kind: Never, what: []string{"icmp"}, each: "tcp", status: Inconclusive, packets: []int{6}, reason: "no TCP or UDP conversation",
			build: func(w *tracetest.Wire) { connect(w); w.Echo("client1", "server", echoRequest) }},
		{name: "never in each, and it is in none", kind: Never, what: []string{"icmp"}, each: "tcp", build: connect, status: Pass},
		{name: "each, and there is no conversation", kind: Exactly, count: 1, what: []string{isSYN}, each: "udp port 53", build: two, status: Fail, reason: "no conversation has a packet that matches udp port 53"},
		{name: "each, and its filter may have missed one", kind: Exactly, count: 1, what: []string{"trace tcp: client1 > server SYN"}, each: "tcp port 7000", status: Inconclusive, reason: "is a fragment",
			build: func(w *tracetest.Wire) { connect(w); w.IP("server", "client1", 17, 2, make([]byte, 8)) }},

		{name: "before", kind: Before, what: []string{asks, "icmp"}, build: pinged, status: Pass, packets: []int{3, 5}},
		{name: "before, the wrong way round", kind: Before, what: []string{"icmp", asks}, build: pinged, status: Fail, packets: []int{3, 5}, reason: "packet 3 (" + asks + ") comes before packet 5 (icmp)"},
		{name: "before itself", kind: Before, what: []string{"icmp", "icmp"}, build: ping, status: Fail, reason: "comes before"},
		{name: "before what is not there", kind: Before, what: []string{"icmp", "arp"}, build: ping, status: Fail, reason: "no packet matches arp"},
		{name: "before, and a packet is cut", kind: Before, what: []string{"arp", "icmp"}, status: Inconclusive, reason: "cut",
			build: func(w *tracetest.Wire) {
				pinged(w)
				w.Length = 1500
				w.UDP("client1", "server", 5, 6, "x")
				w.Length = 0
			}},
		{name: "before, in each", kind: Before, what: []string{isSYN, isReset}, each: "tcp", build: two, status: Fail, reason: "no packet matches " + isReset},

		{name: "in order, with others between", kind: InOrder, what: []string{"arp", "icmp[icmptype] = icmp-echo", "icmp[icmptype] = icmp-echoreply"}, build: pinged, status: Pass, packets: []int{3, 5, 6}},
		{name: "in order, each behind the one before", kind: InOrder, what: []string{"arp", "arp", "arp"}, build: pinged, status: Fail, packets: []int{3, 4}, reason: "after the first 2 of the order"},
		{name: "in order, and the order is another", kind: InOrder, what: []string{"icmp", "arp"}, build: pinged, status: Fail, reason: "after the first 1 of the order, no packet matches arp"},
		{name: "in order, of a capture with drops", kind: InOrder, what: []string{"arp", "icmp"}, build: pinged, dropped: 1, status: Inconclusive, reason: "dropped"},
		{name: "to whom it goes, nobody knows", kind: Never, what: []string{"udp port 53"}, byAddr: true, status: Inconclusive, reason: "is not judged", build: nobodys},
		{name: "whoever gets it has its bytes", kind: Never, what: []string{`bytes "secret"`}, byAddr: true, status: Inconclusive, reason: "is not judged", build: nobodys},
		{name: "nor how many lines there are", kind: Exactly, what: []string{"trace udp"}, byAddr: true, status: Inconclusive, reason: "is not judged", build: nobodys},
		{name: "another filter does not ask", kind: Never, what: []string{"udp port 54"}, byAddr: true, status: Pass, build: nobodys},
		{name: "nor who asks of what another gets", kind: Never, what: []string{"udp port 53"}, to: "server", byAddr: true, status: Pass, build: nobodys},
		{name: "nor does who has an address that no packet has", kind: Never, what: []string{isReset}, from: "server", byAddr: true, status: Inconclusive, reason: "no packet from or to server (192.0.2.9)",
			build: func(w *tracetest.Wire) { two(w); readdress(w, "server") }},
		{name: "in order, told by address", kind: InOrder, what: []string{"arp", "icmp"}, build: pinged, byAddr: true, status: Pass},
	} {
		t.Run(test.name, test.check)
	}
}

func (test matched) check(t *testing.T) {
	w := tracetest.New(t, "client1", "server")
	w.Statistics = &pcapfile.Statistics{Dropped: test.dropped}
	w.Damage = test.damage
	if test.byAddr {
		w.Hosts.Ports = nil
	} else if !test.uncounted && !test.blind {
		w.Count()
	}
	if !test.notBegun {
		w.Barrier(trace.StartLabel)
	}
	test.build(w)
	w.Barrier("one")
	if !test.blind {
		w.Ping("client1", "server")
	}
	plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}}}
	if !test.idle {
		plan.Stimulated = map[string]bool{"one": true}
	}
	m := Matcher{Kind: test.kind, Count: test.count, From: test.from, To: test.to, Each: test.each}
	for _, text := range test.what {
		what, err := ParseSelection(text)
		if err != nil {
			t.Fatal(err)
		}
		if what.String() != text {
			t.Errorf("%q is read as %q", text, what)
		}
		m.What = append(m.What, what)
	}
	v := Judge(w.Recording, plan, []Claim{{ID: "x", Phases: []string{"one"}, Matcher: &m}})[0]
	reason := ""
	if v.Reason != nil {
		reason = v.Reason.In(lang.English)
	}
	if v.Status != test.status || !strings.Contains(reason, test.reason) {
		t.Errorf("%s: %s, %q; want %s, %q\nobserved:\n%s", m.String(), v.Status, reason, test.status, test.reason, strings.Join(v.Observed, "\n"))
	}
	if test.packets != nil && !slices.Equal(v.Packets, test.packets) {
		t.Errorf("cites %v, want %v", v.Packets, test.packets)
	}
	if v.Packets == nil {
		t.Error("the packets are null in JSON, want an empty list")
	}
	readBack(t, v)
}

// What a router forwards, its port sends; and who sent it first sends it, too.
func TestMatcherOfForwardedPackets(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.Count()
	w.RoutedBarrier(trace.StartLabel)
	w.To = "gateway.lan"
	w.Echo("client1", "web", echoRequest)
	w.On, w.As, w.To = tracetest.DMZ, "gateway.dmz", ""
	w.Echo("client1", "web", echoRequest)
	w.Counts["client1"]--
	w.Counts["gateway.dmz"]++
	w.On, w.As = tracetest.LAN, ""
	w.RoutedBarrier("one")
	plan := Plan{Plan: tracetest.RoutedPlan, Stimulated: map[string]bool{"one": true}}
	plan.Barriers = []string{"one"}
	for _, test := range []struct {
		from, to, on string
		want         int // packets
	}{
		{"gateway", "", "dmz", 1},
		{"gateway", "web", "", 1},
		{"gateway", "", "lan", 0},
		{"client1", "", "dmz", 1},
		{"client1", "gateway", "", 1},
		{"client1", "web", "", 2},
		{"client2", "", "", 0},
		{"web", "", "", 0},
	} {
		for _, what := range []Selection{{Filter: "icmp"}, {Projection: &trace.Projection{Selectors: []trace.Selector{{Protocol: "icmp"}}}}} {
			m := Matcher{Kind: Exactly, Count: test.want, What: []Selection{what}, From: test.from, To: test.to}
			v := Judge(w.Recording, plan, []Claim{{ID: "x", Phases: []string{"one"}, Matcher: &m, Projection: trace.Projection{Segment: test.on}}})[0]
			if v.Status != Pass || len(v.Packets) != test.want {
				t.Errorf("%s on %s: %s of %v, %v", m, test.on, v.Status, v.Packets, v.Reason)
			}
		}
	}
}

// What can never be judged is refused, and says why.
func TestMatcherCheck(t *testing.T) {
	hosts := []string{"client1", "server"}
	addresses := filter.Hosts{"server": {netip.MustParseAddr("10.0.0.2")}}
	arp := Selection{Filter: "arp"}
	for _, test := range []struct {
		m    Matcher
		want string // in the error; "" is none
	}{
		{Matcher{Kind: Never, What: []Selection{arp}}, ""},
		{Matcher{Kind: Never, What: []Selection{{Filter: "host server"}}, From: "server", To: "*", Each: "tcp"}, ""},
		{Matcher{Kind: Never}, "never takes 1"},
		{Matcher{Kind: Before, What: []Selection{arp}}, "before takes 2"},
		{Matcher{Kind: InOrder}, "in order takes 1"},
		{Matcher{Kind: "sometimes", What: []Selection{arp}}, "sometimes"},
		{Matcher{Kind: Exactly, Count: -1, What: []Selection{arp}}, "from 0"},
		{Matcher{Kind: Never, What: []Selection{arp}, From: "sever"}, `no host "sever"`},
		{Matcher{Kind: Never, What: []Selection{arp}, From: "*"}, `no host "*"`},
		{Matcher{Kind: Never, What: []Selection{{Projection: &trace.Projection{}, Line: "server > sever SYN"}}}, `no host "sever"`},
		{Matcher{Kind: Never, What: []Selection{{Projection: &trace.Projection{}, Line: "server@server > * who-has 10.0.0.9"}}}, ""},
		{Matcher{Kind: Never, What: []Selection{{Filter: "tpc port 80"}}}, "tpc"},
		{Matcher{Kind: Never, What: []Selection{{Filter: "host sever"}}}, "sever"},
		{Matcher{Kind: Never, What: []Selection{arp}, Each: "port"}, "port"},
	} {
		if err := test.m.Check(hosts, addresses); err == nil && test.want != "" || err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.m, err, test.want)
		}
	}
	for text, want := range map[string]string{ // lines that are never shown
		`trace tcp: a > b "hello"`:                       "add text to",
		"trace tcp: a > b SYN ttl=64":                    "add with ttl",
		"trace tcp with ttl: a > b SYN reset":            "add with reset",
		"trace tcp: a > b data again":                    "add with retransmission",
		"trace arp: a > b probe b":                       "add probes",
		"trace arp: a > b SYN":                           "add tcp",
		"trace tcp: a > b udp":                           "add udp",
		"trace icmp: a > * who-has b":                    "add arp|ndp",
		"trace udp: a > b port-unreachable":              "add icmp|ndp",
		`trace udp text: a > b "hello"`:                  "add tcp",
		"trace tcp with retransmission: a > b SYN again": "",
		`trace udp text: a > b udp "SYN ttl=3"`:          "",
		"trace ndp: a > b is-at a mac=02:00:00:00:00:01": "",
		"trace other: a > b igmp":                        "",
		"trace tcp/80: a > b RST ACK vlan=5 lost":        "",
	} {
		if _, err := ParseSelection(text); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, wrong := range []string{"", "  ", "bytes", `bytes ""`, "trace", "trace tpc", "trace tcp: SYN", "trace tcp: ", "trace arp: a > b who-has c\nd > e who-has f"} {
		if s, err := ParseSelection(wrong); err == nil {
			t.Errorf("%q is read as %q", wrong, s)
		}
	}
}
