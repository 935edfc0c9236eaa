package claim

import (
	"errors"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
)

// captures are as expected or not, or may lack something: then they prove nothing.
var captures = []judgement{
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

	// A host counts what it sends.
	{name: "every frame that was sent was captured", phases: "two", projection: "icmp", expected: pingTrace, status: Pass,
		build: func(w *tracetest.Wire) { w.Count(); w.Barrier("one"); ping(w); w.Barrier("two") }},
	{name: "a frame that the segment swallowed", phases: "two", projection: "udp", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Barrier("one")
			ping(w)
			w.Lose("client1", 2)
			w.Barrier("two")
		}, reason: "frames from client1 in these phases: 3 sent, 1 captured"},
	{name: "one that was sent with another's hardware address", phases: "two", projection: "icmp", expected: pingTrace, status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Barrier("one")
			ping(w)
			w.Lose("client2", 1)
			w.Counts["server"]--
			w.Barrier("two")
		}, reason: "frames from server in these phases: 0 sent, 1 captured"},
	{name: "a counter that went backwards", phases: "two", projection: "udp", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Lose("client1", 9)
			w.Barrier("one")
			ping(w)
			w.Counts["client1"] = 0
			w.Barrier("two")
		}, reason: "1 captured"},
	{name: "a frame that slips between counting and marking", phases: "two", projection: "icmp", expected: pingTrace, status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Barrier("one")
			ping(w)
			w.Slip("two", "client1", false)
			w.Mark("two", "server")
		}, reason: "frames from client1 in these phases: 1 sent, 2 captured"},
	{name: "is counted again", phases: "two", projection: "icmp", expected: pingTrace, status: Pass,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Slip("one", "client1", true)
			w.Mark("one", "server")
			ping(w)
			w.Slip("two", "client1", true)
			w.Mark("two", "server")
		}},
	{name: "and what was swallowed is still missing", phases: "two", projection: "icmp", expected: pingTrace, status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Slip("one", "client1", true)
			w.Mark("one", "server")
			ping(w)
			w.Lose("client1", 1)
			w.Slip("two", "client1", true)
			w.Mark("two", "server")
		}, reason: "frames from client1 in these phases: 4 sent, 3 captured"},
	{name: "another phase's frames do not count", phases: "two", projection: "icmp", expected: pingTrace, status: Pass,
		build: func(w *tracetest.Wire) {
			w.Count()
			ping(w)
			w.Lose("client1", 1)
			w.Barrier("one")
			ping(w)
			w.Barrier("two")
			w.Lose("client1", 1)
		}},
	{name: "a barrier that a host sets again much later", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
		build: func(w *tracetest.Wire) {
			ping(w)
			w.Barrier("one")
			w.Barrier("two")
			w.Mark(trace.StartLabel, "client1")
		}, reason: `client1 has set the barrier "start" 2 times`},
	{name: "barriers in another order than the script's", phases: "", projection: "udp", status: Inconclusive,
		build: func(w *tracetest.Wire) { w.Barrier("two"); ping(w); w.Barrier("one") }, reason: `the barrier "two" does not come after the barrier "one"`},

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
	{name: "the barriers of another experiment", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Barrier("warm")
			w.Barrier(trace.LearnLabel)
			ping(w)
			w.Barrier("cold")
		}, reason: `no barrier "one" in the capture, which has warm, cold: is it of another experiment`},
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
}
