package claim

import (
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
)

// absences are no evidence where nothing was done or could have been seen.
var absences = []judgement{
	// Nothing is no evidence where nothing could have been seen.
	{name: "nothing was done", phases: "two", projection: "udp", status: Inconclusive, idle: true,
		build: func(w *tracetest.Wire) { ping(w); w.Barrier("one"); w.Barrier("two") }, reason: "nothing was done"},
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
			w.Count()
			ping(w)
			w.Barrier("one")
			w.Barrier(trace.LearnLabel)
			w.Lose("client1", 1)
			w.Lose("server", 1)
			w.Barrier("two")
		}},
	{name: "and needs hosts that count", phases: "two", projection: "icmp hidden", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			ping(w)
			w.Barrier("one")
			w.Barrier(trace.LearnLabel)
			w.Barrier("two")
		}, reason: "the markers do not say how many frames"},
	{name: "and still needs a stimulus", phases: "two", projection: "icmp hidden", status: Inconclusive, idle: true,
		build: func(w *tracetest.Wire) {
			ping(w)
			w.Barrier("one")
			w.Barrier(trace.LearnLabel)
			w.Barrier("two")
		}, reason: "nothing was done"},
	{name: "and a switch", phases: "two", projection: "icmp hidden", status: Inconclusive,
		build: func(w *tracetest.Wire) { ping(w); w.Barrier("one"); w.Barrier("two") }, reason: "the segment was no switch"},
	{name: "a switch that one host alone tells of is none", phases: "two", projection: "icmp hidden", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			ping(w)
			w.Barrier("one")
			w.Mark(trace.LearnLabel, "client1")
			w.Mark(trace.LearnLabel, "client1")
			w.Barrier("two")
		}, reason: "client1 announced a change of the segment's mode"},
	{name: "nothing is hidden where every frame was captured", phases: "two", projection: "icmp hidden", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			ping(w)
			w.Barrier("one")
			w.Barrier(trace.LearnLabel)
			w.UDP("client1", "server", 5, 7001, "x")
			w.Barrier("two")
		}, reason: "nothing was hidden from it"},
	{name: "what is swallowed of one host is no conversation", phases: "two", projection: "icmp hidden", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			ping(w)
			w.Barrier("one")
			w.Barrier(trace.LearnLabel)
			w.Lose("client1", 1)
			w.Barrier("two")
		}, reason: "nothing was hidden from it"},
	{name: "a switch for a moment, when nobody sent", phases: "two", projection: "icmp", expected: pingTrace, status: Pass,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Barrier("one")
			w.Barrier(trace.LearnLabel)
			w.Barrier(trace.FloodLabel)
			ping(w)
			w.Barrier("two")
		}},
	{name: "what the sniffer answers is not captured", phases: "one", projection: "icmp", expected: "client1 > sniffer echo-request seq=1\n", status: Inconclusive,
		build: one(func(w *tracetest.Wire) { w.Echo("client1", "sniffer", echoRequest) }), reason: "packet 3 is for the sniffer"},
	{name: "a marker of one host alone that does not count", phases: "two", projection: "udp", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.Count()
			w.Barrier("one")
			ping(w)
			w.Mark("two", "server")
			w.Counts = nil
			w.Mark("two", "client1")
		}, reason: "the markers of client1 do not say"},
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
	{name: "what is not shown is counted", phases: "one", projection: "tcp", expected: opened, status: Pass, note: "2 more frames of these protocols are not compared",
		build: one(func(w *tracetest.Wire) {
			connect(w)
			w.TCP("client1", "server", psh, 101, 901, "x\n")
			w.TCP("server", "client1", ack, 901, 103, "")
		})},
}
