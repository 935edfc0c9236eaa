package claim

import (
	"wirelab/lab/trace/tracetest"
)

// six is one, over IPv6, the barrier too.
func six(send func(*tracetest.Wire)) func(*tracetest.Wire) {
	return one(func(w *tracetest.Wire) { w.V6 = true; send(w) })
}

// versions are of IPv6: its neighbor discovery is told as ARP is.
var versions = []judgement{
	{name: "a neighbor is found and pinged", phases: "one", projection: "ndp,icmp", status: Pass,
		expected: "client1 > * who-has server\nserver > client1 is-at server\n" + pingTrace,
		build: six(func(w *tracetest.Wire) {
			w.Solicit("client1", "server", "*")
			w.Advertise("server", "client1")
			w.Ping("client1", "server")
		})},
	{name: "neighbor discovery is no icmp", phases: "one", projection: "icmp", status: Pass,
		build: six(func(w *tracetest.Wire) { w.Solicit("client1", "server", "*"); w.Advertise("server", "client1") })},
	{name: "and icmp no neighbor discovery", phases: "one", projection: "ndp", status: Pass, build: six(ping)},
	{name: "the echo of one version does not answer that of another", phases: "one", projection: "icmp", status: Fail,
		expected: "client1 > server echo-request seq=1\nserver > client1 echo-reply seq=1\n",
		build:    six(func(w *tracetest.Wire) { w.Echo("client1", "server", 8); w.V6 = false; w.Echo("server", "client1", 0) }),
		reason:   "echo-reply seq=1 unasked"},
	{name: "a marker to all nodes ends the phase", phases: "one", projection: "udp", status: Pass,
		build: six(func(*tracetest.Wire) {})},
	{name: "one to a single host is none", phases: "one", projection: "udp", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.V6 = true
			w.UDP("client1", "server", 9, 9, "wirelab marker one client1")
			w.Mark("one", "server")
		}, reason: "has no marker of client1"},
	{name: "one in another's name is none", phases: "one", projection: "udp", status: Inconclusive,
		build: func(w *tracetest.Wire) {
			w.V6, w.As = true, "client2"
			w.Mark("one", "client1")
			w.As = ""
			w.Mark("one", "server")
		}, reason: "has no marker of client1"},

	// Who is who.
	{name: "an advertisement of another's address", phases: "one", projection: "ndp", expected: "server > client1 is-at server\n", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.As = "client2"; w.Advertise("server", "client1"); w.As = "" }),
		reason: "observed server@client2 > client1 is-at server"},
	{name: "one from an address of its own", phases: "one", projection: "ndp", expected: "server > client1 is-at server\n", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.Neighbor("client2", "client1", 136, "server", nil) }),
		reason: "observed server@client2 > client1 is-at server"},
	{name: "one to all", phases: "one", projection: "ndp", expected: "server > * is-at server\n", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.As = "client2"; w.Advertise("server", "*"); w.As = "" }),
		reason: "observed server@client2 > * is-at server"},
	{name: "an advertisement of a hardware address that is another's", phases: "one", projection: "ndp", expected: "server > client1 is-at server\n", status: Fail,
		build: six(func(w *tracetest.Wire) {
			w.Neighbor("server", "client1", 136, "server", []byte{2, 1, 2, 0, 0, 0, 0, 4})
		}), reason: "is-at server mac=02:00:00:00:00:04"},
	{name: "a host asks in another's name", phases: "one", projection: "ndp", expected: "client1 > * who-has server\n", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.As = "client2"; w.Solicit("client1", "server", "*"); w.As = "" }),
		reason: "observed client1@client2 > * who-has server"},
	{name: "a host that asks whether its address is free", phases: "one", projection: "ndp", expected: "client1 > * who-has client1\n", status: Pass,
		build: six(func(w *tracetest.Wire) { w.As = "client1"; w.Neighbor("::", "*", 135, "client1", nil); w.As = "" })},
	{name: "one that came by a router is not taken by anybody", phases: "one", projection: "ndp", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.TTL = 64; w.Advertise("server", "client1") }),
		reason: "unexpected line: server > client1 is-at server hop-limit=64"},

	// Probes.
	{name: "a kernel's solicitation of one host and its answer are left out", phases: "one", projection: "ndp", expected: "client1 > * who-has server\n", status: Pass, note: "2 probes not shown",
		build: six(func(w *tracetest.Wire) {
			w.Solicit("client1", "server", "*")
			w.Solicit("client1", "server", "server")
			w.Advertise("server", "client1")
		})},
	{name: "they are shown where they are asked for", phases: "one", projection: "ndp probes", expected: "client1 > server probe server\nserver > client1 is-at server\n", status: Pass,
		build: six(func(w *tracetest.Wire) { w.Solicit("client1", "server", "server"); w.Advertise("server", "client1") })},
	{name: "a second answer to a solicitation is seen", phases: "one", projection: "ndp", status: Fail,
		build: six(func(w *tracetest.Wire) {
			w.Solicit("client1", "server", "server")
			w.Advertise("server", "client1")
			w.Advertise("server", "client1")
		}), reason: "unexpected line: server > client1 is-at server"},
	{name: "a solicitation in another's name is no probe", phases: "one", projection: "ndp", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.As = "client1"; w.Solicit("client2", "server", "server"); w.As = "" }),
		reason: "unexpected line: client2@client1 > server probe server"},
	{name: "nor is one that carries something", phases: "one", projection: "ndp", status: Fail,
		build: six(func(w *tracetest.Wire) {
			w.Neighbor("client1", "server", 135, "server", []byte("\x01\x01\x02\x00\x00\x00\x00\x01\xfd\x01SECRET"))
		}), reason: "unexpected line: client1 > server probe server"},
	{name: "nor one whose hardware address is text", phases: "one", projection: "ndp", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.Neighbor("client1", "server", 135, "server", []byte("\x01\x01SECRET")) }),
		reason: "unexpected line: client1 > server probe server"},

	// What is not in order.
	{name: "an option without a length", phases: "one", projection: "ndp", status: Inconclusive,
		build: six(func(w *tracetest.Wire) {
			w.Neighbor("server", "client1", 136, "server", []byte{2, 0, 2, 0, 0, 0, 0, 2})
		}),
		reason: "option that does not fit"},
	{name: "an option that is longer than the message", phases: "one", projection: "ndp", status: Inconclusive,
		build: six(func(w *tracetest.Wire) {
			w.Neighbor("server", "client1", 136, "server", []byte{2, 9, 2, 0, 0, 0, 0, 2})
		}),
		reason: "option that does not fit"},
	{name: "a solicitation that says for nobody", phases: "one", projection: "ndp", status: Inconclusive,
		build:  six(func(w *tracetest.Wire) { w.IP("client1", "server", 58, 0, []byte{135, 0, 0, 0, 0, 0, 0, 0}) }),
		reason: "at least 24"},
	{name: "they do not concern who asks for other things", phases: "one", projection: "udp", status: Pass,
		build: six(func(w *tracetest.Wire) { w.IP("client1", "server", 58, 0, []byte{135, 0, 0, 0, 0, 0, 0, 0}) })},
	{name: "a fragmented echo is put together", phases: "one", projection: "icmp with fragment", status: Pass,
		expected: "client1 > server echo-request seq=1 fragments=2\n",
		build: six(func(w *tracetest.Wire) {
			w.Fragments("client1", "server", 58, append([]byte{128, 0, 0, 0, 0, 7, 0, 1}, make([]byte, 24)...), 16, true)
		})},
	{name: "a fragment that is alone may be of an echo or of neighbor discovery", phases: "one", projection: "ndp", status: Fail,
		build:  six(func(w *tracetest.Wire) { w.IP("client1", "server", 58, 2, make([]byte, 16)) }),
		reason: "unexpected line: client1 > server icmp fragment"},
}
