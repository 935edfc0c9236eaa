package sniffer

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	alice = netip.MustParseAddr("10.0.0.1")
	bob   = netip.MustParseAddr("10.0.0.2")
	carol = netip.MustParseAddr("10.0.0.3")
	names = Names{alice: "alice", bob: "bob", carol: "carol"}
)

// The builders make decoded packets; capture numbers them.

func capture(packets ...Packet) []Packet {
	for i := range packets {
		packets[i].Number = i + 1
	}
	return packets
}

func arp(op uint16, dst MAC, sender, target netip.Addr) Packet {
	return Packet{Layers: Ethernet | ARP, DstMAC: dst, ARPOperation: op, ARPSender: sender, ARPTarget: target}
}

func echo(kind uint8, src, dst netip.Addr, seq uint16) Packet {
	return Packet{Layers: Ethernet | IPv4 | ICMPv4, Src: src, Dst: dst, ICMPType: kind, ICMPSeq: seq}
}

func datagram(src, dst netip.Addr, sport, dport uint16, payload string) Packet {
	return Packet{Layers: Ethernet | IPv4 | UDP, Src: src, Dst: dst, SrcPort: sport, DstPort: dport, Payload: []byte(payload)}
}

func segment(src, dst netip.Addr, sport, dport uint16, flags TCPFlags, seq, ack uint32, payload string) Packet {
	return Packet{Layers: Ethernet | IPv4 | TCP, Src: src, Dst: dst, SrcPort: sport, DstPort: dport, Flags: flags, Seq: seq, Ack: ack, Payload: []byte(payload)}
}

// up and down are the two directions of a connection from alice to bob.
func up(flags TCPFlags, seq, ack uint32, payload string) Packet {
	return segment(alice, bob, 40000, 7000, flags, seq, ack, payload)
}

func down(flags TCPFlags, seq, ack uint32, payload string) Packet {
	return segment(bob, alice, 7000, 40000, flags, seq, ack, payload)
}

func TestTrace(t *testing.T) {
	host := MAC{2, 0, 0, 0, 0, 1}
	handshake := []Packet{up(SYN, 100, 0, ""), down(SYN|ACK, 500, 101, ""), up(ACK, 101, 501, "")}
	for _, test := range []struct {
		name       string
		projection string
		packets    []Packet
		texts      []string
		want       []string
		cited      []int
	}{
		{
			name: "ARP before an echo", projection: "arp,icmp",
			packets: []Packet{arp(ARPRequest, Broadcast, alice, bob), arp(ARPReply, host, bob, alice), echo(ICMPEchoRequest, alice, bob, 1), echo(ICMPEchoReply, bob, alice, 1)},
			want:    []string{"alice > * who-has bob", "bob > alice is-at bob", "alice > bob echo-request seq=1", "bob > alice echo-reply seq=1"},
			cited:   []int{1, 2, 3, 4},
		},
		{
			name: "a unicast probe and its answer depend on time", projection: "arp",
			packets: []Packet{arp(ARPRequest, host, alice, bob), arp(ARPReply, host, bob, alice)},
		},
		{
			name: "they are shown when asked for", projection: "arp probes",
			packets: []Packet{arp(ARPRequest, host, alice, bob), arp(ARPReply, host, bob, alice)},
			want:    []string{"alice > bob probe bob", "bob > alice is-at bob"},
			cited:   []int{1, 2},
		},
		{
			name: "a reply that no probe asked for is shown", projection: "arp",
			packets: []Packet{arp(ARPReply, host, bob, alice)},
			want:    []string{"bob > alice is-at bob"},
			cited:   []int{1},
		},
		{
			name: "the third packet of a handshake is cited by its SYN/ACK", projection: "tcp/7000",
			packets: handshake,
			want:    []string{"alice > bob SYN acked", "bob > alice SYN ACK acked"},
			cited:   []int{1, 2, 3},
		},
		{
			name: "a SYN that nobody answers", projection: "tcp",
			packets: []Packet{up(SYN, 100, 0, ""), up(SYN, 100, 0, "")},
			want:    []string{"alice > bob SYN"},
			cited:   []int{1, 2},
		},
		{
			name: "a teardown of four segments", projection: "tcp",
			packets: []Packet{up(FIN|ACK, 100, 500, ""), down(ACK, 500, 101, ""), down(FIN|ACK, 500, 101, ""), up(ACK, 101, 501, "")},
			want:    []string{"alice > bob FIN ACK acked", "bob > alice FIN ACK acked"},
			cited:   []int{1, 2, 3, 4},
		},
		{
			name: "and of three read alike", projection: "tcp",
			packets: []Packet{up(FIN|PSH|ACK, 100, 500, "bye"), down(FIN|ACK, 500, 104, ""), up(ACK, 104, 501, "")},
			want:    []string{"alice > bob FIN ACK acked", "bob > alice FIN ACK acked"},
			cited:   []int{1, 2, 3},
		},
		{
			name: "a FIN whose data is not all acknowledged", projection: "tcp",
			packets: []Packet{up(FIN|ACK, 100, 500, "bye"), down(ACK, 500, 103, "")},
			want:    []string{"alice > bob FIN ACK"},
			cited:   []int{1},
		},
		{
			name: "an abort acknowledges nothing", projection: "tcp",
			packets: []Packet{up(FIN|ACK, 100, 500, ""), down(RST|ACK, 500, 101, "")},
			want:    []string{"alice > bob FIN ACK", "bob > alice RST ACK"},
			cited:   []int{1, 2},
		},
		{
			name: "each reset is its own line, and no ACK is taken for one", projection: "tcp",
			packets: []Packet{down(RST|ACK, 500, 101, ""), down(ACK, 500, 101, ""), down(RST, 500, 0, "")},
			want:    []string{"bob > alice RST ACK", "bob > alice RST"},
			cited:   []int{1, 3},
		},
		{
			name: "sequence numbers wrap", projection: "tcp",
			packets: []Packet{up(FIN|ACK, 0xffffffff, 500, ""), down(ACK, 500, 0, "")},
			want:    []string{"alice > bob FIN ACK acked"},
			cited:   []int{1, 2},
		},
		{
			name: "a text that is cut into segments, one sent twice", projection: "tcp text", texts: []string{"hello"},
			packets: []Packet{up(PSH|ACK, 100, 1, "he"), up(PSH|ACK, 102, 1, "l"), up(PSH|ACK, 100, 1, "he"), up(PSH|ACK, 103, 1, "lo\n")},
			want:    []string{`alice > bob "hello"`},
			cited:   []int{1, 2, 4},
		},
		{
			name: "segments out of order", projection: "tcp text", texts: []string{"hello"},
			packets: []Packet{up(PSH|ACK, 102, 1, "llo"), up(PSH|ACK, 100, 1, "he")},
			want:    []string{`alice > bob "hello"`},
			cited:   []int{1, 2},
		},
		{
			name: "a text across a gap was not said", projection: "tcp text", texts: []string{"hello"},
			packets: []Packet{up(PSH|ACK, 100, 1, "he"), up(PSH|ACK, 103, 1, "llo")},
		},
		{
			name: "texts that are not listed change nothing", projection: "tcp text",
			packets: []Packet{up(PSH|ACK, 100, 1, "hello")},
		},
		{
			name: "another port is another conversation", projection: "tcp/7001",
			packets: handshake,
		},
		{
			name: "conversations stand together", projection: "tcp",
			packets: []Packet{up(SYN, 1, 0, ""), segment(carol, bob, 40001, 7000, SYN, 1, 0, ""), down(SYN|ACK, 1, 2, "")},
			want:    []string{"alice > bob SYN acked", "bob > alice SYN ACK", "carol > bob SYN"},
			cited:   []int{1, 2, 3},
		},
		{
			name: "the same ports again are a new connection", projection: "tcp first",
			packets: []Packet{up(SYN, 1, 0, ""), up(RST, 2, 0, ""), up(SYN, 9, 0, "")},
			want:    []string{"alice > bob SYN", "alice > bob SYN"},
			cited:   []int{1, 3},
		},
		{
			name: "datagrams, each a line", projection: "udp text", texts: []string{"你好"},
			packets: []Packet{datagram(alice, bob, 40000, 7001, "alice\t你好"), datagram(bob, alice, 7001, 40000, "x")},
			want:    []string{`alice > bob udp "你好"`, "bob > alice udp"},
			cited:   []int{1, 2},
		},
		{
			name: "the first of each conversation", projection: "udp,icmp first text", texts: []string{"hello"},
			packets: []Packet{datagram(alice, bob, 40000, 7001, "hello"), datagram(bob, alice, 7001, 40000, "x"), datagram(carol, bob, 40000, 7001, "y")},
			want:    []string{`alice > bob udp "hello"`, "carol > bob udp"},
			cited:   []int{1, 3},
		},
		{
			name: "what was sent cannot act on a terminal", projection: "udp text", texts: []string{"\x1b[2J"},
			packets: []Packet{datagram(alice, bob, 40000, 7001, "\x1b[2J")},
			want:    []string{`alice > bob udp "\x1b[2J"`},
			cited:   []int{1},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			pr, err := ParseProjection(test.projection)
			if err != nil {
				t.Fatal(err)
			}
			packets := capture(slices.Clone(test.packets)...)
			var got []string
			var cited []int
			for _, l := range pr.Trace(packets, 0, len(packets), names, test.texts) {
				got = append(got, l.String())
				cited = append(cited, l.Packets...)
			}
			slices.Sort(cited)
			cited = slices.Compact(cited)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.cited, cited); diff != "" {
				t.Errorf("cited packets (-want +got):\n%s", diff)
			}
		})
	}
}

// A phase shows its own lines, but what acknowledges them may come later.
func TestTraceOfAPhase(t *testing.T) {
	packets := capture(up(SYN, 100, 0, ""), down(SYN|ACK, 500, 101, ""), up(ACK, 101, 501, ""))
	pr := Projection{Selectors: []Selector{{Protocol: "tcp"}}}
	lines := pr.Trace(packets, 0, 1, names, nil)
	if len(lines) != 1 || lines[0].String() != "alice > bob SYN acked" {
		t.Errorf("phase of the first packet: %v", lines)
	}
	lines = pr.Trace(packets, 1, 3, names, nil)
	if len(lines) != 1 || lines[0].String() != "bob > alice SYN ACK acked" {
		t.Errorf("phase of the rest: %v", lines)
	}
}

// The first line of a conversation is that of the conversation, not of the
// phase: what came before it was said before.
func TestTraceFirstOfAConversation(t *testing.T) {
	packets := capture(datagram(alice, bob, 40000, 7001, "knock"), datagram(alice, bob, 40000, 7001, "hello"), datagram(carol, bob, 40000, 7001, "hello"))
	pr := Projection{Selectors: []Selector{{Protocol: "udp"}}, First: true}
	lines := pr.Trace(packets, 1, 3, names, nil)
	if len(lines) != 1 || lines[0].String() != "carol > bob udp" {
		t.Errorf("the phase after the knock: %v", lines)
	}
}

func TestParseProjection(t *testing.T) {
	for _, s := range []string{"arp,icmp", "tcp/7000 text", "udp/7001,icmp first text", "arp probes", "tcp"} {
		pr, err := ParseProjection(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if pr.String() != s {
			t.Errorf("%q reads back as %q", s, pr)
		}
	}
	for _, s := range []string{"", "ip", "arp/1", "tcp/", "tcp/0", "tcp/65536", "tcp/x", "tcp,", "tcp last"} {
		if pr, err := ParseProjection(s); err == nil {
			t.Errorf("%q reads as %q, want an error", s, pr)
		}
	}
}

func TestFormatTrace(t *testing.T) {
	got := FormatTrace([]Line{{From: "client1", To: "*", What: "who-has server"}, {From: "server", To: "client1", What: "is-at server"}})
	want := "client1 > *       who-has server\nserver  > client1 is-at server\n"
	if got != want {
		t.Errorf("columns:\n%s\nwant:\n%s", got, want)
	}
}
