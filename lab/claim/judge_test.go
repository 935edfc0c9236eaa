package claim

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"wirelab/internal/lang"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

const (
	echoRequest = 8
	echoReply   = 0

	syn    = sniffer.SYN
	synAck = sniffer.SYN | sniffer.ACK
	ack    = sniffer.ACK
	finAck = sniffer.FIN | sniffer.ACK
	psh    = sniffer.PSH | sniffer.ACK
)

const pingTrace = "client1 > server echo-request seq=1\nserver > client1 echo-reply seq=1\n"

func ping(w *tracetest.Wire) { w.Ping("client1", "server") }

// connect opens a connection from client1, whose numbers begin at 100, to the
// server, whose begin at 900.
func connect(w *tracetest.Wire) {
	w.TCP("client1", "server", syn, 100, 0, "")
	w.TCP("server", "client1", synAck, 900, 101, "")
	w.TCP("client1", "server", ack, 101, 901, "")
}

const opened = "client1 > server SYN acked\nserver > client1 SYN ACK acked\n"

// TestJudge judges one claim over a recording that begins with the barrier
// "start", unless late, and has what build adds. The plan has the barriers one
// and two; something is stimulated in both unless idle.
func TestJudge(t *testing.T) {
	one := func(send func(*tracetest.Wire)) func(*tracetest.Wire) {
		return func(w *tracetest.Wire) { send(w); w.Barrier("one") }
	}
	for _, test := range []struct {
		name               string
		phases, projection string
		expected           string
		texts              []string
		build              func(*tracetest.Wire)
		late, idle, file   bool // file: who is who is told by address
		blind              bool // no unicast of two hosts after it
		status             Status
		packets            []int
		reason, note       string
		observed           string
	}{
		{name: "as expected", phases: "two", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{5, 6},
			build: func(w *tracetest.Wire) { w.Barrier("one"); ping(w); w.Barrier("two") }},
		{name: "tcpdump's letters are read", phases: "one", projection: "tcp", expected: "client1 > server S acked\nserver > client1 S. acked\n", status: Pass, build: one(connect)},
		{name: "another phase's packets are not judged", phases: "one", projection: "udp", status: Pass, packets: []int{},
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.UDP("client1", "server", 5, 7001, "x")
				w.Barrier("two")
			}},
		{name: "two phases together", phases: "one,two", projection: "icmp", expected: pingTrace + pingTrace, status: Pass, packets: []int{3, 4, 7, 8},
			build: func(w *tracetest.Wire) { ping(w); w.Barrier("one"); ping(w); w.Barrier("two") }},
		{name: "unexpected line", phases: "one", projection: "icmp", status: Fail, packets: []int{3}, build: one(ping),
			reason: "unexpected line: client1 > server echo-request seq=1"},
		{name: "missing line", phases: "one", projection: "icmp", expected: pingTrace, status: Fail, packets: []int{3},
			build:  one(func(w *tracetest.Wire) { w.Echo("client1", "server", echoRequest) }),
			reason: "missing line: server > client1 echo-reply seq=1"},
		{name: "another line", phases: "one", projection: "icmp", expected: pingTrace, status: Fail, packets: []int{3},
			build:  one(func(w *tracetest.Wire) { w.Echo("server", "client1", echoReply) }),
			reason: "line 1: expected client1 > server echo-request seq=1; observed server > client1 echo-reply seq=1 unasked"},

		// A capture that may lack something proves nothing.
		{name: "drops prove nothing", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: one(func(w *tracetest.Wire) { ping(w); w.Statistics.Dropped = 1 }), reason: "1 frame was dropped"},
		{name: "drops do not refute either", phases: "one", projection: "icmp", status: Inconclusive,
			build: one(func(w *tracetest.Wire) { ping(w); w.Statistics.Dropped = 2 }), reason: "2 frames were dropped"},
		{name: "drops that nobody counted", phases: "one", projection: "udp", status: Pass, packets: []int{},
			build: one(func(w *tracetest.Wire) { ping(w); w.Statistics = nil }), note: "does not record drops"},
		{name: "a damaged file", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: one(func(w *tracetest.Wire) { ping(w); w.Damage = errors.New("cut at 17") }), reason: "damaged: cut at 17"},
		{name: "a frame that was cut", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, packets: []int{3},
			build: one(func(w *tracetest.Wire) { w.Length = 98; w.Echo("client1", "server", 8); w.Length = 0 }), reason: "packet 3 is cut: 42 of its 98 bytes"},
		{name: "a cut frame of another protocol does not matter", phases: "one", projection: "icmp", expected: pingTrace, status: Pass,
			build: one(func(w *tracetest.Wire) {
				ping(w)
				w.Length = 98
				w.UDP("client1", "server", 5, 7001, "x")
				w.Length = 0
			})},
		{name: "a malformed frame that could be part of it", phases: "one", projection: "tcp", expected: opened, status: Inconclusive,
			build: one(func(w *tracetest.Wire) { connect(w); w.IP("client1", "server", 6, 0, []byte{1, 2, 3}) }), reason: "packet 6 is malformed"},
		{name: "a malformed frame that could not", phases: "one", projection: "icmp", expected: pingTrace, status: Pass,
			build: one(func(w *tracetest.Wire) { ping(w); w.IP("client1", "server", 6, 0, []byte{1, 2, 3}) })},
		{name: "a malformed frame of another phase", phases: "two", projection: "icmp", expected: pingTrace, status: Pass,
			build: func(w *tracetest.Wire) {
				w.IP("client1", "server", 1, 0, []byte{8})
				w.Barrier("one")
				ping(w)
				w.Barrier("two")
			}},
		{name: "a capture that begins within a connection", phases: "one", projection: "tcp", status: Inconclusive,
			build: one(func(w *tracetest.Wire) { w.TCP("client1", "server", ack, 5, 5, "") }), reason: "begins within a connection (packet 3)"},
		{name: "which does not matter to another protocol", phases: "one", projection: "icmp", expected: pingTrace, status: Pass,
			build: one(func(w *tracetest.Wire) { ping(w); w.TCP("client1", "server", ack, 5, 5, "") })},

		// Barriers.
		{name: "no barrier", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, build: ping, reason: `no barrier "one"`},
		{name: "a barrier that one host did not set", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(w *tracetest.Wire) { ping(w); w.Mark("one", "client1") }, reason: `barrier "one" has no marker of server`},
		{name: "a barrier twice", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: one(func(w *tracetest.Wire) { ping(w); w.Barrier("one") }), reason: `client1 has set the barrier "one" 2 times`},
		{name: "barriers in another order", phases: "two", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(w *tracetest.Wire) { ping(w); w.Barrier("two"); w.Barrier("one") }, reason: `barrier "two" does not come after`},
		{name: "the barrier before it is missing", phases: "two", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(w *tracetest.Wire) { ping(w); w.Barrier("two") }, reason: `no barrier "one"`},
		{name: "all of a capture that no barrier ends", blind: true, phases: "all", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{3, 4},
			build: ping, note: "judged to its end"},
		{name: "a marker in another host's name", phases: "one", projection: "icmp", status: Inconclusive,
			build: func(w *tracetest.Wire) {
				w.Mark("one", "client1")
				w.UDP("client1", "*", 9, 9, string(trace.Marker{Label: "one", Host: "server"}.Payload()))
			}, reason: `barrier "one" has no marker of server`},
		{name: "a marker that another port sent in a host's name and address", phases: "one", projection: "icmp", status: Inconclusive,
			build: func(w *tracetest.Wire) {
				w.Mark("one", "client1")
				w.As = "client1"
				w.Mark("one", "server")
			}, reason: `barrier "one" has no marker of server`},
		{name: "what looks like a marker and is none", phases: "one", projection: "udp", status: Fail, packets: []int{3},
			build: one(func(w *tracetest.Wire) {
				w.UDP("client1", "server", 9, 9, string(trace.Marker{Label: "one", Host: "client1"}.Payload()))
			}),
			reason: "unexpected line: client1 > server udp"},
		{name: "a packet belongs to a phase by its own sender's marker", phases: "two", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{4, 7},
			build: func(w *tracetest.Wire) {
				w.Mark("one", "client1")
				w.Echo("client1", "server", echoRequest) // the server's marker of phase one is still to come
				w.Mark("one", "server")
				w.Mark("two", "client1")
				w.Echo("server", "client1", echoReply) // client1's marker of phase two is before it
				w.Mark("two", "server")
			}},

		// A missing start is missing for everything.
		{name: "a capture that may have begun too late", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, late: true,
			build: one(ping), reason: `no barrier "start"`},
		{name: "for TCP as well", phases: "one", projection: "tcp", expected: opened, status: Inconclusive, late: true, build: one(connect), reason: `no barrier "start"`},
		{name: "and for all of it", phases: "all", projection: "icmp", expected: pingTrace, status: Inconclusive, late: true, build: one(ping), reason: `no barrier "start"`},
		{name: "a start that one host did not mark", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, late: true,
			build: func(w *tracetest.Wire) { w.Mark("start", "server"); ping(w); w.Barrier("one") }, reason: `barrier "start" has no marker of client1`},

		// Nothing is no evidence where nothing could have been seen.
		{name: "nothing was stimulated", phases: "two", projection: "udp", status: Inconclusive, idle: true,
			build: func(w *tracetest.Wire) { ping(w); w.Barrier("one"); w.Barrier("two") }, reason: "nothing was stimulated"},
		{name: "a frame of another protocol is a stimulus", phases: "one", projection: "udp", status: Pass, idle: true, build: one(ping)},
		{name: "no unicast was ever seen", blind: true, phases: "one", projection: "udp", status: Inconclusive,
			build: one(func(w *tracetest.Wire) { w.Ask("client1", "server", "*") }), reason: "could not have seen"},
		{name: "unicast in one direction alone may have been flooded", blind: true, phases: "one", projection: "udp", status: Inconclusive,
			build: one(func(w *tracetest.Wire) { w.Echo("client1", "server", 8) }), reason: "could not have seen"},
		{name: "a switched phase hides", phases: "two", projection: "icmp", status: Inconclusive,
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.Barrier(trace.LearnLabel)
				w.Barrier("two")
			}, reason: "could not have seen"},
		{name: "a claim about just that says so", phases: "two", projection: "icmp hidden", status: Pass,
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.Barrier(trace.LearnLabel)
				w.Barrier("two")
			}},
		{name: "and still needs a stimulus", phases: "two", projection: "icmp hidden", status: Inconclusive, idle: true,
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.Barrier(trace.LearnLabel)
				w.Barrier("two")
			}, reason: "nothing was stimulated"},
		{name: "and a switch", phases: "two", projection: "icmp hidden", status: Inconclusive,
			build: func(w *tracetest.Wire) { ping(w); w.Barrier("one"); w.Barrier("two") }, reason: "the segment was no switch"},
		{name: "a switch that one host alone tells of is none", phases: "two", projection: "icmp hidden", status: Inconclusive,
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.Mark(trace.LearnLabel, "client1")
				w.Mark(trace.LearnLabel, "client1")
				w.Barrier("two")
			}, reason: "the segment was no switch"},
		{name: "nor is what is seen on a switch all there was", phases: "two", projection: "arp,icmp", expected: "client1 > * who-has server\n", status: Inconclusive,
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.Barrier(trace.LearnLabel)
				w.Ask("client1", "server", "*")
				w.Barrier("two")
			}, reason: "could not have seen"},
		{name: "a hub again needs to be seen as one", blind: true, phases: "two", projection: "udp", status: Inconclusive,
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("one")
				w.Barrier(trace.LearnLabel)
				w.Barrier(trace.FloodLabel)
				w.Barrier("two")
			}, reason: "could not have seen"},

		// An absence is of frames, not of printed lines.
		{name: "a sentence in data segments is not nothing", phases: "two", projection: "tcp", status: Fail, packets: []int{8, 9},
			build: func(w *tracetest.Wire) {
				connect(w)
				w.Barrier("one")
				w.TCP("client1", "server", psh, 101, 901, "attack at dawn\n")
				w.TCP("server", "client1", ack, 901, 116, "")
				w.Barrier("two")
			}, reason: "2 frames of this trace crossed the wire"},
		{name: "what is not shown is counted", phases: "one", projection: "tcp", expected: opened, status: Pass, note: "2 frames not shown",
			build: one(func(w *tracetest.Wire) {
				connect(w)
				w.TCP("client1", "server", psh, 101, 901, "x\n")
				w.TCP("server", "client1", ack, 901, 103, "")
			})},

		// Who sent a frame is known by its port.
		{name: "the sniffer and the machine are not judged", phases: "one", projection: "icmp,udp", expected: pingTrace, status: Pass,
			build: one(func(w *tracetest.Wire) {
				ping(w)
				w.Echo("sniffer", "server", 8)
				w.As = trace.Machine
				w.UDP("10.0.0.254", "server", 53, 53, "")
				w.As = ""
			})},
		{name: "a forged address", phases: "one", projection: "arp", expected: "server > client1 is-at server\n", status: Fail,
			build:  one(func(w *tracetest.Wire) { w.As = "client2"; w.Tell("server", "client1"); w.As = "" }),
			reason: "observed server@client2 > client1 is-at server"},
		{name: "a stranger on the wire", phases: "one", projection: "udp", status: Fail,
			build:  one(func(w *tracetest.Wire) { w.As = "nobody"; w.UDP("10.0.0.99", "server", 5, 5, "x"); w.As = "" }),
			reason: "unexpected line: 10.0.0.99@? > server udp"},
		{name: "a host without an address (DHCP)", phases: "one", projection: "udp", status: Fail,
			build:  one(func(w *tracetest.Wire) { w.As = "client1"; w.UDP("0.0.0.0", "*", 68, 67, "x"); w.As = "" }),
			reason: "unexpected line: client1 > * udp"},
		{name: "a claim of a hardware address that is another's", phases: "one", projection: "arp", expected: "server > client1 is-at server\n", status: Fail,
			build: one(func(w *tracetest.Wire) {
				mac := tracetest.MAC("client2")
				b := append([]byte{0, 1, 8, 0, 6, 4, 0, 2}, mac[:]...)
				b = append(b, tracetest.Addr("server").AsSlice()...)
				b = append(b, make([]byte, 6)...)
				w.Frame("server", "client1", sniffer.EtherTypeARP, append(b, tracetest.Addr("client1").AsSlice()...))
			}), reason: "is-at server mac=02:00:00:00:00:04"},
		{name: "the sniffer's own address, coming in", phases: "one", projection: "udp", status: Fail,
			build: one(func(w *tracetest.Wire) {
				w.As = "sniffer"
				w.UDP("client1", "*", 5, 7001, "x")
				w.As = ""
			}), reason: "unexpected line: client1@sniffer > * udp"},
		{name: "a marker of a barrier that the script does not have", phases: "one", projection: "udp", status: Fail,
			build: one(func(w *tracetest.Wire) { w.Mark("zzz", "client1") }), reason: "unexpected line: client1 > * udp"},
		{name: "other protocols have a word", phases: "one", projection: "other", status: Fail,
			build: one(func(w *tracetest.Wire) { w.Frame("client1", "*", 0x88cc, []byte("lldp")) }), reason: "unexpected line: client1 > * 0x88cc len=4"},
		{name: "and are counted where they are not asked for", phases: "one", projection: "udp", status: Pass,
			build: one(func(w *tracetest.Wire) { ping(w); w.Frame("client1", "*", 0x88cc, []byte("lldp")) }), note: "1 frame of another protocol"},
		{name: "a reply that nobody asked for", phases: "one", projection: "icmp", expected: "server > client1 echo-reply seq=1\n", status: Fail,
			build: one(func(w *tracetest.Wire) { w.Echo("server", "client1", echoReply) }), reason: "observed server > client1 echo-reply seq=1 unasked"},
		{name: "to all hosts", phases: "one", projection: "udp", status: Fail, packets: []int{3},
			build: one(func(w *tracetest.Wire) { w.UDP("client1", "*", 5, 7001, "") }), reason: "unexpected line: client1 > * udp"},
		{name: "what is sent to the sniffer was sent", phases: "one", projection: "udp", status: Fail, packets: []int{3},
			build: one(func(w *tracetest.Wire) { w.UDP("client1", "sniffer", 5, 7001, "") }), reason: "unexpected line: client1 > sniffer udp"},
		{name: "a host of another lab than the claim's is not judged in a file", phases: "one", projection: "icmp", expected: pingTrace, status: Pass, file: true,
			build: one(func(w *tracetest.Wire) { ping(w); w.Echo("client2", "server", 8) }), note: "told by their IP addresses"},
		{name: "a host that the file does not name", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, file: true,
			build:  one(func(w *tracetest.Wire) { ping(w); delete(w.Hosts.Names, tracetest.Addr("server")) }),
			reason: "which address is server"},

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

		// ARP.
		{name: "a kernel's probe and its answer are left out", phases: "one", projection: "arp", expected: "client1 > * who-has server\n", status: Pass, note: "2 ARP probes not shown",
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

		// Fragments and tags.
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
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, "client1", "server")
			w.Statistics = &pcapfile.Statistics{}
			if !test.late {
				w.Barrier(trace.StartLabel)
			}
			if test.file {
				w.Hosts.Ports = nil
			}
			test.build(w)
			if !test.blind { // the sniffer sees what others send to each other
				w.Ping("client1", "server")
			}
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one", "two"}, Texts: test.texts}}
			if !test.idle {
				plan.Stimulated = map[string]bool{"one": true, "two": true}
			}
			projection, err := trace.ParseProjection(test.projection)
			if err != nil {
				t.Fatal(err)
			}
			expected, err := ParseExpected(test.expected)
			if err != nil {
				t.Fatal(err)
			}
			c := Claim{ID: "x.claim", Sentence: lang.Text{}, Projection: projection, Expected: expected}
			if test.phases != "all" {
				c.Phases = strings.Split(test.phases, ",")
			}
			v := Judge(w.Recording, plan, []Claim{c})[0]
			reason, note := "", ""
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

// readBack checks that a verdict says the same after it was a document, in
// either language.
func readBack(t *testing.T, v Verdict) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again Verdict
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		if v.Reason != nil && v.Reason.In(l) != again.Reason.In(l) {
			t.Errorf("the reason in %s was %q, read back it is %q", l, v.Reason.In(l), again.Reason.In(l))
		}
		for i, n := range v.Notes {
			if n.In(l) != again.Notes[i].In(l) {
				t.Errorf("the note in %s was %q, read back it is %q", l, n.In(l), again.Notes[i].In(l))
			}
		}
	}
}

func TestOverall(t *testing.T) {
	for _, test := range []struct {
		in   []Status
		want Status
	}{
		{nil, Inconclusive},
		{[]Status{Pass, Pass}, Pass},
		{[]Status{Pass, Inconclusive}, Inconclusive},
		{[]Status{Inconclusive, Fail, Pass}, Fail},
		{[]Status{Pass, ""}, Inconclusive},
	} {
		var v []Verdict
		for _, s := range test.in {
			v = append(v, Verdict{Status: s})
		}
		if got := Overall(v); got != test.want {
			t.Errorf("%v together are %s, want %s", test.in, got, test.want)
		}
	}
}

// However a capture of many frames is made, judging it takes no time to speak
// of: nothing is looked for among all frames once a frame.
func BenchmarkJudgeHostile(b *testing.B) {
	for name, send := range map[string]func(*tracetest.Wire, int){
		"FINs of other numbers":    func(w *tracetest.Wire, i int) { w.TCP("client1", "server", finAck, uint32(1000+2*i), 901, "") },
		"one SYN again":            func(w *tracetest.Wire, _ int) { w.TCP("client1", "server", syn, 100, 0, "") },
		"connections":              func(w *tracetest.Wire, i int) { w.TCP("client1", "server", syn, uint32(3*i), 0, "") },
		"fragments without an end": func(w *tracetest.Wire, i int) { w.IP("client1", "server", 17, uint16(i%8000)|0x2000, make([]byte, 8)) },
		"texts":                    func(w *tracetest.Wire, i int) { w.TCP("client1", "server", psh, uint32(1000+6*i), 901, "hello\n") },
		"changes of the mode": func(w *tracetest.Wire, i int) {
			w.Mark([]string{trace.LearnLabel, trace.FloodLabel}[i/2%2], []string{"client1", "server"}[i%2])
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := tracetest.New(b, "client1", "server")
			w.Statistics = &pcapfile.Statistics{}
			w.Barrier(trace.StartLabel)
			connect(w)
			for i := range 50_000 {
				send(w, i)
			}
			w.Barrier("one")
			projection, err := trace.ParseProjection("tcp,udp,icmp text")
			if err != nil {
				b.Fatal(err)
			}
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}, Texts: []string{"hello"}}}
			for b.Loop() {
				Judge(w.Recording, plan, []Claim{{ID: "x.y", Phases: []string{"one"}, Projection: projection}})
			}
		})
	}
}
