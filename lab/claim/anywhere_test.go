package claim

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wirelab/internal/lang"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// echoOf is an ICMP echo of a type, with data.
func echoOf(kind byte, data string) []byte {
	return append([]byte{kind, 0, 0, 0, 0, 7, 0, 1}, data...)
}

// echoes are a request and a reply.
func echoes(asked, replied string) func(*tracetest.Wire) {
	return func(w *tracetest.Wire) {
		w.IP("client1", "server", 1, 0, echoOf(echoRequest, asked))
		w.IP("server", "client1", 1, 0, echoOf(echoReply, replied))
	}
}

// cutEchoes are a request and a reply in fragments.
func cutEchoes(replied string) func(*tracetest.Wire) {
	return func(w *tracetest.Wire) {
		w.Fragments("client1", "server", 1, echoOf(echoRequest, "abcdefghabcdefgh"), 8, true)
		w.Fragments("server", "client1", 1, echoOf(echoReply, replied), 8, false)
	}
}

// A claim that needs no barrier is that lines are there, in an order.
func TestAnywhere(t *testing.T) {
	closing := func(w *tracetest.Wire) {
		w.TCP("server", "client1", finAck, 901, 101, "")
		w.TCP("client1", "server", finAck, 101, 902, "")
		w.TCP("server", "client1", ack, 902, 102, "")
	}
	for _, test := range []struct {
		name, projection, expected string
		build                      func(*tracetest.Wire)
		status                     Status
		packets                    []int
		reason, note               string
	}{
		{name: "an empty capture", projection: "icmp", expected: pingTrace, build: func(*tracetest.Wire) {}, status: Inconclusive, reason: "no packet at all"},
		{name: "a ping", projection: "icmp", expected: pingTrace, build: ping, status: Pass, packets: []int{1, 2}},
		{name: "beside others", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{3, 4}, note: "2 more lines",
			build: func(w *tracetest.Wire) { w.Ping("server", "client1"); ping(w) }},
		{name: "one line more", projection: "icmp", expected: "client1 > server echo-request seq=1", build: ping, status: Pass, note: "1 more line of"},
		{name: "between barriers that nobody needs", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{4, 5},
			build: func(w *tracetest.Wire) { w.Barrier("one"); ping(w); w.Barrier("one") }},
		{name: "in the other order", projection: "icmp", expected: pingTrace, status: Fail, packets: []int{2},
			build: func(w *tracetest.Wire) {
				w.Echo("server", "client1", echoReply)
				w.Echo("client1", "server", echoRequest)
			},
			reason: "lacks this line, or has it too early: server > client1 echo-reply seq=1"},
		{name: "a line that is not there", projection: "icmp", expected: pingTrace, status: Fail, packets: []int{1},
			build: func(w *tracetest.Wire) { w.Echo("client1", "server", echoRequest) }, reason: "lacks this line"},
		{name: "not there, but frames were dropped", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(w *tracetest.Wire) {
				w.Echo("client1", "server", echoRequest)
				w.Statistics = &pcapfile.Statistics{Dropped: 2}
			}, reason: "2 frames were dropped"},
		{name: "there, whatever was dropped", projection: "icmp", expected: pingTrace, status: Pass, note: "2 frames were dropped",
			build: func(w *tracetest.Wire) { ping(w); w.Statistics = &pcapfile.Statistics{Dropped: 2} }},
		{name: "there, in a damaged file", projection: "icmp", expected: pingTrace, status: Pass,
			build: func(w *tracetest.Wire) { ping(w); w.Damage = errors.New("cut") }},
		{name: "not there, in a damaged file", projection: "tcp", expected: opened, status: Inconclusive,
			build: func(w *tracetest.Wire) { ping(w); w.Damage = errors.New("cut") }, reason: "the capture is damaged"},
		{name: "a handshake before the capture began", projection: "tcp", expected: opened, status: Inconclusive, packets: []int{1},
			build: closing, reason: "its start is missing"},
		{name: "a handshake and the end", projection: "tcp", expected: "client1 > server SYN acked\nclient1 > server FIN ACK acked", status: Pass, packets: []int{1, 2, 5, 6},
			build: func(w *tracetest.Wire) { connect(w); closing(w) }},
		{name: "an end behind bytes that the capture does not have", projection: "tcp", expected: opened + "server > client1 FIN ACK acked", status: Pass, note: "packet 5 acknowledges bytes that the capture does not have",
			build: func(w *tracetest.Wire) {
				connect(w)
				w.TCP("server", "client1", finAck, 901+5000, 101, "")
				w.TCP("client1", "server", ack, 101, 902+5000, "")
			}},
		{name: "a hole of another connection", projection: "tcp", expected: opened, status: Pass, packets: []int{1, 2, 3},
			build: func(w *tracetest.Wire) {
				connect(w)
				w.Segment("client1", "server", 41000, 80, syn, 100, 0, "")
				w.Segment("server", "client1", 80, 41000, synAck, 900, 101, "")
				w.Segment("client1", "server", 41000, 80, ack, 101, 5000, "")
			}},
		{name: "pieces of two connections are no connection", projection: "tcp", status: Inconclusive, packets: []int{3},
			expected: "client1 > server SYN acked\nserver > client1 SYN ACK",
			build: func(w *tracetest.Wire) {
				w.Segment("client1", "server", 40001, 80, syn, 100, 0, "")
				w.Segment("server", "client1", 80, 40001, ack, 1, 101, "")
				w.Segment("server", "client1", 80, 40002, syn|ack, 900, 301, "")
			}, reason: "begins within a connection"},
		// A conversation's lines stand together; which came first the numbers say.
		{name: "the order of two conversations is that of the wire", projection: "tcp", status: Fail,
			expected: "server > client1 FIN ACK acked\nclient2 > server SYN",
			build: func(w *tracetest.Wire) {
				connect(w)
				w.TCP("client2", "server", syn, 100, 0, "")
				closing(w)
			}, reason: "client2 > server SYN"},
		// A line claims what it says: an operating system may begin its pings with any
		// number, and a network may tag its frames.
		{name: "a ping that begins with another number", projection: "icmp", expected: "client1 > server echo-request\nserver > client1 echo-reply", build: ping, status: Pass, packets: []int{1, 2}},
		{name: "a number that is said", projection: "icmp", expected: "client1 > server echo-request seq=2", build: ping, status: Fail},
		{name: "a ping in a VLAN", projection: "icmp", expected: pingTrace, status: Pass, build: func(w *tracetest.Wire) { w.VLAN = 7; ping(w) }},
		{name: "a VLAN that is said", projection: "icmp", expected: "client1 > server echo-request vlan=8", status: Fail, build: func(w *tracetest.Wire) { w.VLAN = 7; ping(w) }},
		{name: "a reply with other data", projection: "icmp", expected: "client1 > server echo-request\nserver > client1 echo-reply", status: Fail, packets: []int{1},
			build: echoes("abcdefgh", "abcdefgX")},
		{name: "a reply without the data", projection: "icmp", expected: "client1 > server echo-request\nserver > client1 echo-reply", status: Fail,
			build: echoes("abcdefgh", "")},
		{name: "a reply with the data", projection: "icmp", expected: pingTrace, status: Pass, build: echoes("abcdefgh", "abcdefgh")},
		{name: "a reply with the data of the second request of a number", projection: "icmp", expected: pingTrace, status: Pass,
			build: func(w *tracetest.Wire) { w.IP("client1", "server", 1, 0, echoOf(8, "other")); echoes("abc", "abc")(w) }},
		{name: "a reply with the data that was captured", projection: "icmp", expected: pingTrace, status: Pass,
			build: func(w *tracetest.Wire) { w.Length = 100; echoes("abcdefgh", "abcdefgh12")(w); w.Length = 0 }},
		{name: "a reply that was captured with other data", projection: "icmp", expected: pingTrace, status: Inconclusive, reason: "cut",
			build: func(w *tracetest.Wire) { w.Length = 100; echoes("abcdefgh", "abcdXfgh12")(w); w.Length = 0 }},
		{name: "a reply in fragments, with other data", projection: "icmp", expected: pingTrace, status: Fail, build: cutEchoes("abcdefghabcdefgX")},
		{name: "a reply in fragments, with the data", projection: "icmp", expected: pingTrace, status: Pass, build: cutEchoes("abcdefghabcdefgh")},
		{name: "a reply that nobody asked for", projection: "icmp", expected: "server > client1 echo-reply", status: Fail,
			build: func(w *tracetest.Wire) { w.Echo("server", "client1", echoReply) }},
		{name: "a text in a VLAN", projection: "udp text", expected: `client1 > server udp "a seq=1 fragment"`, status: Pass,
			build: func(w *tracetest.Wire) { w.VLAN = 7; w.UDP("client1", "server", 40000, 7000, "a seq=1 fragment") }},
		{name: "a text has every word", projection: "udp text", expected: `client1 > server udp "a fragment"`, status: Fail,
			build: func(w *tracetest.Wire) { w.UDP("client1", "server", 40000, 7000, "a seq=1 fragment") }},
		// That nobody has acknowledged it would be an absence.
		{name: "a SYN, acknowledged or not", projection: "tcp", expected: "client1 > server SYN", build: connect, status: Pass, packets: []int{1, 2}},
		{name: "an acknowledgement that is not there", projection: "tcp", expected: "client1 > server SYN acked", status: Fail,
			build: func(w *tracetest.Wire) { w.TCP("client1", "server", syn, 100, 0, "") }, reason: "SYN acked"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, "client1", "server", "client2")
			w.Hosts.Ports = nil
			test.build(w)
			projection, err := trace.ParseProjection(test.projection)
			if err != nil {
				t.Fatal(err)
			}
			expected, err := ParseExpected(test.expected)
			if err != nil {
				t.Fatal(err)
			}
			c := Claim{ID: "x.claim", Sentence: lang.Text{}, Projection: projection, Expected: expected, Anywhere: true}
			if err := c.CheckAnywhere(); err != nil {
				t.Fatal(err)
			}
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server", "client2"}, Barriers: []string{"one"}, Texts: []string{"a seq=1 fragment"}}}
			v := Judge(w.Recording, plan, []Claim{c})[0]
			var reason, note string
			if v.Reason != nil {
				reason = v.Reason.In(lang.English)
			}
			for _, n := range v.Notes {
				note += n.In(lang.English) + "; "
			}
			if v.Status != test.status || !strings.Contains(reason, test.reason) || !strings.Contains(note, test.note) {
				t.Errorf("%s, reason %q, note %q; want %s, %q, %q\nobserved:\n%s", v.Status, reason, note, test.status, test.reason, test.note, strings.Join(v.Observed, "\n"))
			}
			if test.packets != nil && !slices.Equal(v.Packets, test.packets) {
				t.Errorf("cites %v, want %v", v.Packets, test.packets)
			}
			readBack(t, v)
		})
	}
}

// A ping is one over IPv6, too, which no word but "other" selects; its reply is one only
// behind its request.
func TestPingOverIPv6(t *testing.T) {
	const request, reply = 128, 129
	for _, test := range []struct {
		name   string
		kinds  []byte
		id     byte // of the second
		status Status
	}{
		{"answered", []byte{request, reply}, 7, Pass},
		{"in the other order", []byte{reply, request}, 7, Fail},
		{"the reply to another", []byte{request, reply}, 8, Fail},
	} {
		w := tracetest.New(t)
		w.Hosts.Ports = nil
		client, server := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
		w.Hosts.Names[client], w.Hosts.Names[server] = "client1", "server"
		for i, kind := range test.kinds {
			from, to, id := client, server, byte(7)
			if kind == reply {
				from, to = server, client
			}
			if i == 1 {
				id = test.id
			}
			packet := append([]byte{0x60, 0, 0, 0, 0, 8, 58, 64}, append(from.AsSlice(), to.AsSlice()...)...)
			w.Frame(w.Hosts.Names[from], w.Hosts.Names[to], sniffer.EtherTypeIPv6, append(packet, kind, 0, 0, 0, 0, id, 0, 1))
		}
		c := Claim{ID: "x.ping", Anywhere: true, Expected: []string{"client1 > server echo-request", "server > client1 echo-reply"}}
		var err error
		if c.Projection, err = trace.ParseProjection("icmp,other"); err != nil {
			t.Fatal(err)
		}
		plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}}}
		if v := Judge(w.Recording, plan, []Claim{c})[0]; v.Status != test.status {
			t.Errorf("%s: %s, %v; want %s; observed %q", test.name, v.Status, v.Reason, test.status, v.Observed)
		}
	}
}

// What says that something was not there cannot be claimed without barriers. What comes
// first has nothing ahead of it, which may have been sent before the capture began.
func TestCheckAnywhere(t *testing.T) {
	for _, test := range []struct{ projection, expected, want string }{
		{"tcp", "", "nothing was sent"},
		{"tcp hidden", "", "nothing was sent"},
		{"udp first", "server > client1 udp", "nothing came ahead"},
		{"icmp", "server > client1 echo-reply seq=1 unasked", "unasked"},
		{"udp", "server > client1 udp fragment", "fragment"},
		{"udp text", `server > client1 udp "unasked fragment"`, ""},
		{"icmp", pingTrace, ""},
	} {
		projection, err := trace.ParseProjection(test.projection)
		if err != nil {
			t.Fatal(err)
		}
		expected, err := ParseExpected(test.expected)
		if err != nil {
			t.Fatal(err)
		}
		err = Claim{ID: "x.claim", Projection: projection, Expected: expected, Anywhere: true}.CheckAnywhere()
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %q: %v, want %q", test.projection, test.expected, err, test.want)
		}
	}
}

// A capture of an ordinary network needs the addresses of those hosts that matter, and
// says of whom it knows nothing.
func TestIdleHosts(t *testing.T) {
	claims := []Claim{{ID: "x.ping", Projection: trace.Projection{Selectors: []trace.Selector{{Protocol: "icmp"}}}, Expected: strings.Split(strings.TrimSpace(pingTrace), "\n"), Phases: []string{"one"}}}
	for _, test := range []struct {
		name   string
		acting []string
		known  []string
		ports  bool
		status Status
		say    string // the reason or a note
	}{
		{"a host that nothing names", []string{"client1"}, []string{"client1", "server"}, false, Pass, "no address was given for client2: what it sends is not judged"},
		{"one on which the script does something", []string{"client1", "client2"}, []string{"client1", "server"}, false, Inconclusive, "add --host client2=ADDRESS"},
		{"one that a claim names", []string{"client1"}, []string{"client1", "client2"}, false, Inconclusive, "add --host server=ADDRESS, and so for each of them; its packets are from 10.0.0.2"},
		{"all are known", []string{"client1"}, []string{"client1", "server", "client2"}, false, Pass, "hosts are told apart by their IP addresses"},
		{"a capture that says whose each port is", []string{"client1"}, []string{"client1", "server"}, true, Inconclusive, "client2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, test.known...)
			for addr, name := range w.Hosts.Names {
				if !slices.Contains(test.known, name) {
					delete(w.Hosts.Names, addr)
				}
			}
			if !test.ports {
				w.Hosts.Ports = nil
			} else {
				w.Hosts.Ports = map[sniffer.MAC]string{tracetest.MAC("client1"): "client1", tracetest.MAC("server"): "server"}
			}
			w.Barrier(trace.StartLabel)
			ping(w)
			w.Barrier("one")
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server", "client2"}, Barriers: []string{"one"}}, Acting: test.acting}
			v := Judge(w.Recording, plan, claims)[0]
			said := ""
			if v.Reason != nil {
				said = v.Reason.String()
			}
			for _, n := range v.Notes {
				said += n.String() + "; "
			}
			if v.Status != test.status || !strings.Contains(said, test.say) {
				t.Errorf("%s, %q; want %s, %q", v.Status, said, test.status, test.say)
			}
		})
	}
}

// Claims about many conversations end soon, and do not fail where not every choice
// was tried.
func TestAnywhereIsBounded(t *testing.T) {
	w := tracetest.New(t, "client1", "server", "client2")
	w.Hosts.Ports = nil
	for i := range uint16(200) {
		w.Segment("client1", "server", 40000+i, 80, syn, 100, 0, "")
		w.Segment("client2", "server", 40000+i, 80, syn, 100, 0, "")
	}
	projection, err := trace.ParseProjection("tcp")
	if err != nil {
		t.Fatal(err)
	}
	judge := func(lines ...string) Verdict {
		c := Claim{ID: "x.claim", Projection: projection, Expected: lines, Anywhere: true}
		return Judge(w.Recording, Plan{Plan: trace.Plan{Hosts: []string{"client1", "server", "client2"}}}, []Claim{c})[0]
	}
	if v := judge("client1 > server SYN", "client2 > server SYN"); v.Status != Pass {
		t.Errorf("two connections: %s, %s", v.Status, v.Reason)
	}
	v := judge("client2 > server SYN", "client1 > server SYN", "client2 > server SYN")
	if v.Status != Inconclusive || !strings.Contains(v.Reason.In(lang.English), "10000 choices") {
		t.Errorf("a connection that opens twice: %s, %s; want inconclusive, since not every choice was tried", v.Status, v.Reason)
	}
}
