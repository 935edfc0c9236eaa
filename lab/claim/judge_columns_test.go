package claim

import (
	"slices"
	"strings"
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

// withOptions sends a SYN that has an MSS, a window scale, padding and an option
// without a name.
func withOptions(w *tracetest.Wire) {
	w.Options = []byte{2, 4, 0x05, 0xb4, 1, 3, 3, 7, 4, 2, 99, 2}
	w.TCP("client1", "server", syn, 100, 0, "")
	w.Options = nil
}

// tagged sends a ping with an IP header of its own.
func tagged(w *tracetest.Wire) {
	w.TTL, w.Class = 63, 46<<2|1
	w.Echo("client1", "server", echoRequest)
	w.TTL, w.Class = 0, 0
	w.Echo("server", "client1", echoReply)
}

// aborted is a connection that the server resets.
func aborted(w *tracetest.Wire) {
	connect(w)
	w.TCP("server", "client1", sniffer.RST|ack, 901, 101, "")
}

// resent opens a connection with a second SYN and sends a part of the data again.
func resent(w *tracetest.Wire) {
	w.TCP("client1", "server", syn, 100, 0, "")
	connect(w)
	w.TCP("client1", "server", psh, 101, 901, "hello")
	w.TCP("client1", "server", psh, 106, 901, " world")
	w.TCP("client1", "server", psh, 101, 901, "hello")
	w.TCP("server", "client1", ack, 901, 112, "")
}

// halves sends a datagram in two parts.
func halves(w *tracetest.Wire) {
	w.Fragments("client1", "server", 17, tracetest.Datagram(5, 7001, "sixteen bytes ok"), 16, false)
}

// cutShort lets the capture keep less of what is sent than there was.
func cutShort(send func(*tracetest.Wire)) func(*tracetest.Wire) {
	return one(func(w *tracetest.Wire) {
		w.Length = 1500
		send(w)
		w.Length = 0
	})
}

// columns are what a projection with "with" shows. Each fails where it differs, and is
// inconclusive where its bytes may be others than were sent.
var columns = slices.Concat(
	column("ttl", "icmp", tagged, "client1 > server echo-request seq=1 ttl=63\nserver > client1 echo-reply seq=1 ttl=64", "ttl=63", "ttl=64"),
	column("dscp", "icmp", tagged, "client1 > server echo-request seq=1 dscp=46\nserver > client1 echo-reply seq=1 dscp=0", "dscp=46", "dscp=0"),
	column("window", "tcp", func(w *tracetest.Wire) { w.TCP("client1", "server", syn, 100, 0, "") }, "client1 > server SYN win=4096", "win=4096", "win=4095"),
	column("options", "tcp", withOptions, "client1 > server SYN options=MSS:1460,window-scale:7,SACK-permitted,99", "MSS:1460", "MSS:536"),
	column("reset", "tcp first", aborted, "client1 > server SYN acked reset", " reset", ""),
	column("retransmission", "tcp", resent, "client1 > server SYN acked\nclient1 > server SYN acked again\nserver > client1 SYN ACK acked\nclient1 > server data again", "\nclient1 > server data again", ""),
	column("fragment", "udp", halves, "client1 > server udp fragments=2", "fragments=2", "fragments=3"),
	[]judgement{
		{name: "several columns stand in one order", phases: "one", projection: "tcp with window,ttl", expected: "client1 > server SYN ttl=64 win=4096", status: Pass,
			build: one(func(w *tracetest.Wire) { w.TCP("client1", "server", syn, 100, 0, "") })},
		{name: "ARP has none of IP's columns", phases: "one", projection: "arp with ttl,dscp,window,options,fragment,reset,retransmission", expected: "client1 > * who-has server", status: Pass,
			build: one(func(w *tracetest.Wire) { w.Ask("client1", "server", "*") })},
		{name: "columns stand behind a text", phases: "one", projection: "udp text with ttl", expected: `client1 > server udp "hi"  ttl=64`, texts: []string{"hi"}, status: Pass,
			build: one(func(w *tracetest.Wire) { w.UDP("client1", "server", 5, 7001, "hi") })},
		{name: "and behind one of a stream, of the packet that completes it", phases: "one", projection: "tcp text with ttl", expected: opened2 + `client1 > server "hello" ttl=3`, texts: []string{"hello"}, status: Pass,
			build: one(func(w *tracetest.Wire) {
				connect(w)
				w.TCP("client1", "server", psh, 101, 901, "hel")
				w.TTL = 3
				w.TCP("client1", "server", psh, 104, 901, "lo")
				w.TTL = 0
				w.TCP("server", "client1", ack, 901, 106, "")
			})},
		{name: "a reset of a later phase is none", phases: "one", projection: "tcp first with reset", expected: "client1 > server SYN acked", status: Pass,
			build: func(w *tracetest.Wire) {
				connect(w)
				w.Barrier("one")
				w.TCP("server", "client1", sniffer.RST|ack, 901, 101, "")
				w.Barrier("two")
			}},
		{name: "options that are malformed say so", phases: "one", projection: "tcp with options", expected: "client1 > server SYN options=MSS:malformed", status: Inconclusive, reason: "malformed",
			build: one(func(w *tracetest.Wire) {
				w.Options = []byte{2, 9, 0, 0}
				w.TCP("client1", "server", syn, 100, 0, "")
				w.Options = nil
			})},
	})

const opened2 = "client1 > server SYN acked ttl=64\nserver > client1 SYN ACK acked ttl=64\n"

// column are the judgements of one column: it passes as expected, fails where one word
// is another, and is inconclusive of a capture that is cut.
func column(name, projection string, send func(*tracetest.Wire), expected, word, another string) []judgement {
	projection += " with " + name
	return []judgement{
		{name: name + " as expected", phases: "one", projection: projection, expected: expected, status: Pass, build: one(send)},
		{name: name + " is another", phases: "one", projection: projection, expected: strings.Replace(expected, word, another, 1), status: Fail, build: one(send)},
		{name: name + " of a capture that is cut", phases: "one", projection: projection, expected: expected, status: Inconclusive, build: cutShort(send), reason: "cut"},
	}
}

// The text form of a projection with columns is read and written, and refused where it
// has none or one that is not known.
func TestColumnsAreRead(t *testing.T) {
	pr, err := trace.ParseProjection("tcp/80 with ttl,window first")
	if err != nil || pr.String() != "tcp/80 first with ttl,window" {
		t.Errorf("%q, %v", pr, err)
	}
	for _, wrong := range []string{"tcp with", "tcp with ttl,", "tcp with tttl", "tcp with ttl with window", "with ttl"} {
		if pr, err := trace.ParseProjection(wrong); err == nil {
			t.Errorf("%q is read as %q", wrong, pr)
		}
	}
	_, err = trace.ParseProjection("tcp/80 with text")
	if want := `"text" is no column: it stands ahead of "with"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a modifier behind with: %v, want %s", err, want)
	}
}
