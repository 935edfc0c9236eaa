package claim

import (
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

// protocols have facts of their own.
var protocols = []judgement{
	// TCP.
	{name: "a FIN that is sent again in a later phase is there", phases: "two", projection: "tcp", status: Fail,
		build: func(w *tracetest.Wire) {
			connect(w)
			w.TCP("client1", "server", finAck, 101, 901, "")
			w.TCP("server", "client1", finAck, 901, 102, "")
			w.TCP("client1", "server", ack, 102, 902, "")
			w.Barrier("one")
			w.TCP("client1", "server", finAck, 101, 901, "")
			w.TCP("server", "client1", ack, 902, 102, "")
			w.Barrier("two")
		}, reason: "unexpected line: client1 > server FIN ACK acked again"},
	{name: "and in its own phase it is the same line", phases: "one", projection: "tcp", expected: opened, status: Pass,
		build: one(func(w *tracetest.Wire) { w.TCP("client1", "server", syn, 100, 0, ""); connect(w) })},
	{name: "a hole that an acknowledgement proves", phases: "one", projection: "tcp", expected: opened, status: Inconclusive, packets: []int{6},
		build: one(func(w *tracetest.Wire) { connect(w); w.TCP("server", "client1", ack, 901, 150, "") }), reason: "packet 6 acknowledges bytes"},
	{name: "a FIN that is missing", phases: "one", projection: "tcp", expected: opened, status: Inconclusive,
		build: one(func(w *tracetest.Wire) {
			connect(w)
			w.TCP("server", "client1", ack, 901, 102, "")
			w.TCP("client1", "server", ack, 102, 901, "")
		}), reason: "acknowledges bytes"},
	{name: "a SYN ACK that is missing", phases: "one", projection: "tcp", expected: opened, status: Inconclusive, packets: []int{4},
		build: one(func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "")
			w.TCP("client1", "server", ack, 101, 901, "")
		}), reason: "packet 4 acknowledges bytes"},
	{name: "an opening that is missing, of a connection that is seen later", phases: "one", projection: "tcp", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			ping(w)
			w.Barrier("one")
			w.TCP("client1", "server", psh, 101, 901, "x")
			w.Barrier("two")
		}, reason: "begins within a connection"},
	{name: "who sends with another's address does not join its conversation", phases: "one", projection: "tcp", expected: opened, status: Inconclusive,
		build: one(func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "")
			w.TCP("server", "client1", synAck, 900, 101, "")
			w.As = "client2"
			w.TCP("client1", "server", ack, 101, 901, "")
			w.As = ""
		}), reason: "begins within a connection"},
	{name: "what was never sent is not acknowledged", phases: "one", projection: "tcp", expected: "client1 > server SYN\nclient1 > server RST\n", status: Pass,
		build: one(func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "")
			w.TCP("server", "client1", ack, 7000, 90000, "") // of an older connection
			w.TCP("client1", "server", sniffer.RST, 90000, 0, "")
		})},
	{name: "the same numbers again after both FINs", phases: "one", projection: "tcp", status: Pass,
		expected: opened + "client1 > server FIN ACK acked\nserver > client1 FIN ACK acked\n" + opened,
		build: one(func(w *tracetest.Wire) {
			connect(w)
			w.TCP("client1", "server", finAck, 101, 901, "")
			w.TCP("server", "client1", finAck, 901, 102, "")
			w.TCP("client1", "server", ack, 102, 902, "")
			connect(w)
		})},
	{name: "a simultaneous open is one conversation", phases: "one", projection: "tcp", status: Pass,
		expected: "client1 > server SYN acked\nserver > client1 SYN acked\nclient1 > server SYN ACK acked\nserver > client1 SYN ACK acked\n",
		build: one(func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "")
			w.TCP("server", "client1", syn, 900, 0, "")
			w.TCP("client1", "server", synAck, 100, 901, "")
			w.TCP("server", "client1", synAck, 900, 101, "")
			w.TCP("client1", "server", ack, 101, 901, "")
		})},
	{name: "payload in a SYN is in its place", phases: "one", projection: "tcp text", texts: []string{"hello"}, status: Pass,
		expected: "client1 > server SYN acked\nserver > client1 SYN ACK acked\nclient1 > server \"hello\"\n",
		build: one(func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "hel")
			w.TCP("server", "client1", synAck, 900, 104, "")
			w.TCP("client1", "server", psh, 104, 901, "lo\n")
			w.TCP("server", "client1", ack, 901, 107, "")
		})},
	{name: "payload in a FIN comes before it, as in two segments", phases: "one", projection: "tcp text", texts: []string{"bye"}, status: Pass,
		expected: opened + "client1 > server \"bye\"\nclient1 > server FIN ACK acked\n",
		build: one(func(w *tracetest.Wire) {
			connect(w)
			w.TCP("client1", "server", finAck|psh, 101, 901, "bye\n")
			w.TCP("server", "client1", ack, 901, 106, "")
		})},

	// ARP.
	{name: "a kernel's probe and its answer are left out", phases: "one", projection: "arp", expected: "client1 > * who-has server\n", status: Pass, note: "2 probes not shown",
		build: one(func(w *tracetest.Wire) {
			w.Ask("client1", "server", "*")
			w.Ask("client1", "server", "server")
			w.Tell("server", "client1")
		})},
	{name: "an unsolicited reply after it is seen", phases: "one", projection: "arp", expected: "", status: Fail,
		build: one(func(w *tracetest.Wire) {
			ping(w)
			w.Ask("client1", "server", "server")
			w.Tell("server", "client1")
			w.Tell("server", "client1")
		}), reason: "unexpected line: server > client1 is-at server"},
	{name: "a probe in another's name is none", phases: "one", projection: "arp", status: Fail,
		build: one(func(w *tracetest.Wire) {
			w.As = "client1"
			w.Ask("client2", "server", "server")
			w.As = ""
		}), reason: "unexpected line: client2@client1 > server probe server"},
	{name: "an answer by another than who was asked is seen", phases: "one", projection: "arp", status: Fail,
		build: one(func(w *tracetest.Wire) {
			w.Ask("client1", "server", "server")
			w.As = "client2"
			w.Tell("server", "client1")
			w.As = ""
		}), reason: "unexpected line: server@client2 > client1 is-at server"},

	{name: "a probe that carries something is none", phases: "one", projection: "arp", status: Fail,
		build: one(func(w *tracetest.Wire) {
			ping(w)
			w.AskWith("client1", "server", "server", [6]byte{'S', 'E', 'C', 'R', 'E', 'T'}, nil)
		}), reason: "unexpected line: client1 > server probe server"},
	{name: "nor is one with something behind it", phases: "one", projection: "arp", status: Fail,
		build: one(func(w *tracetest.Wire) {
			ping(w)
			w.AskWith("client1", "server", "server", [6]byte{}, []byte("text"))
		}), reason: "unexpected line: client1 > server probe server"},
	{name: "padding is nothing", phases: "one", projection: "arp", status: Pass,
		build: one(func(w *tracetest.Wire) {
			ping(w)
			w.AskWith("client1", "server", "server", [6]byte{}, make([]byte, 18))
		})},

	// Receivers.
	{name: "a frame that goes to another host than its address says", phases: "one", projection: "icmp", expected: "client1 > server@client2 echo-request seq=1\n", status: Pass,
		build: one(func(w *tracetest.Wire) { w.To = "client2"; w.Echo("client1", "server", echoRequest); w.To = "" })},
	{name: "one that goes to nobody", phases: "one", projection: "icmp", expected: "client1 > server@? echo-request seq=1\n", status: Pass,
		build: one(func(w *tracetest.Wire) { w.To = "nobody"; w.Echo("client1", "server", echoRequest); w.To = "" })},

	// Texts.
	{name: "the end of a text that was said is not said by itself", phases: "one", projection: "udp/7001 text", texts: []string{"ok", "note: ok"}, status: Pass,
		expected: "client1 > server udp \"note: ok\"\nclient1 > server udp \"ok\"\n",
		build: one(func(w *tracetest.Wire) {
			w.UDP("client1", "server", 5, 7001, "me\tnote: ok")
			w.UDP("client1", "server", 6, 7001, "me\tok")
		})},

	// Fragments and tags.
	{name: "the tag of another protocol's frame shows once", phases: "one", projection: "other", status: Fail,
		build:  one(func(w *tracetest.Wire) { w.VLAN = 5; w.Frame("client1", "server", 0x88b5, []byte("x")); w.VLAN = 0 }),
		reason: "unexpected line: client1 > server 0x88b5 len=1 vlan=5"},
	{name: "a text across fragments", phases: "one", projection: "udp/7001 text", texts: []string{"hello from client1"}, status: Pass, packets: []int{3, 4, 5, 6},
		expected: "client1 > server udp \"hello from client1\"\n",
		build: one(func(w *tracetest.Wire) {
			w.Fragments("client1", "server", 17, tracetest.Datagram(5, 7001, "me\thello from client1"), 8, false)
		})},
	{name: "whose first comes last", phases: "one", projection: "udp/7001 text", texts: []string{"hello from client1"}, status: Pass, packets: []int{3, 4, 5, 6},
		expected: "client1 > server udp \"hello from client1\"\n",
		build: one(func(w *tracetest.Wire) {
			w.Fragments("client1", "server", 17, tracetest.Datagram(5, 7001, "me\thello from client1"), 8, true)
		})},
	{name: "a later fragment alone is a frame", phases: "one", projection: "udp/7001", status: Fail,
		build: one(func(w *tracetest.Wire) { ping(w); w.IP("client1", "server", 17, 5, []byte("secret..")) }), reason: "unexpected line: client1 > server udp fragment"},
	{name: "a tag shows", phases: "one", projection: "icmp", expected: pingTrace, status: Fail,
		build: one(func(w *tracetest.Wire) { w.VLAN = 5; ping(w); w.VLAN = 0 }), reason: "observed client1 > server echo-request seq=1 vlan=5"},

	// Texts.
	{name: "a number in a time stamp was not said", phases: "one", projection: "tcp text", texts: []string{"42", "17"}, status: Pass, expected: opened,
		build: one(func(w *tracetest.Wire) {
			connect(w)
			w.TCP("server", "client1", psh, 901, 101, "17\t1742424242\tsay\tbob\thello 42 you\n")
			w.TCP("client1", "server", ack, 101, 934, "")
		})},
	{name: "but as a message it was", phases: "one", projection: "tcp text", texts: []string{"42"}, status: Pass, expected: opened + "server > client1 \"42\"\n",
		build: one(func(w *tracetest.Wire) {
			connect(w)
			w.TCP("server", "client1", psh, 901, 101, "17\t1742424242\tsay\tbob\t42\n")
		})},
	{name: "twice is twice, in the order of the bytes", phases: "one", projection: "udp text", texts: []string{"b", "a"}, status: Pass,
		expected: "client1 > server udp \"a\" \"b\" \"a\"\n",
		build:    one(func(w *tracetest.Wire) { w.UDP("client1", "server", 5, 7001, "a\nb\nx: a\n") })},
}
