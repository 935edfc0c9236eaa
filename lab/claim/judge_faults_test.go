package claim

import (
	"strings"
	"testing"

	"wirelab/lab/fault"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer/pcapfile"
)

const lose = "lose client1 server drop nth 1"

// lostSYN is a handshake whose first SYN is lost and sent again.
func lostSYN(w *tracetest.Wire) {
	w.TCP("client1", "server", syn, 100, 0, "")
	w.Impair(lose)
	connect(w)
}

const lostAndOpened = "client1 > server SYN lost\n" + opened

// A projection shows what impairments did; each fails where it says less or other.
var faults = []judgement{
	{name: "a lost SYN is a line of its own", phases: "one", projection: "tcp", expected: lostAndOpened, status: Pass, build: one(lostSYN)},
	{name: "and not acknowledged", phases: "one", projection: "tcp", expected: "client1 > server SYN acked\n" + opened, status: Fail, build: one(lostSYN), reason: "SYN lost"},
	{name: "and not left out", phases: "one", projection: "tcp", expected: opened, status: Fail, build: one(lostSYN), reason: "SYN lost"},
	{name: "and is the first line of its connection", phases: "one", projection: "tcp first", expected: "client1 > server SYN acked", status: Fail, build: one(lostSYN)},
	{name: "one that is sent again and not lost is no line of its own", phases: "one", projection: "tcp", expected: lostAndOpened, status: Fail,
		build: one(func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "")
			w.ImpairNone(lose)
			connect(w)
		})},
	{name: "the copy of a lost SYN in a later phase is one again", phases: "two", projection: "tcp", expected: "client1 > server SYN acked again\nserver > client1 SYN ACK acked", status: Pass,
		build: func(w *tracetest.Wire) {
			w.TCP("client1", "server", syn, 100, 0, "")
			w.Impair(lose)
			w.Barrier("one")
			connect(w)
			w.Barrier("two")
		}},
	{name: "a text that is lost and said again", phases: "one", projection: "tcp text", texts: []string{"hello"}, expected: opened + "client1 > server \"hello\" lost\nclient1 > server \"hello\"", status: Pass, build: one(lostText)},
	{name: "a text that is lost is not said", phases: "one", projection: "tcp text", texts: []string{"hello"}, expected: opened + `client1 > server "hello"`, status: Fail, build: one(lostText)},
	{name: "a datagram that is lost", phases: "one", projection: "udp text", texts: []string{"hi"}, expected: `client1 > server udp "hi" lost`, status: Pass, build: one(datagram(lose))},
	{name: "one that comes later", phases: "one", projection: "udp", expected: `client1 > server udp delayed`, status: Pass, build: one(datagram("x client1 server delay 5ms"))},
	{name: "one that comes twice", phases: "one", projection: "udp", expected: `client1 > server udp duplicated`, status: Pass, build: one(datagram("x client1 server duplicate"))},
	{name: "one that is overtaken", phases: "one", projection: "udp", expected: `client1 > server udp reordered`, status: Pass, build: one(datagram("x client1 server reorder"))},
	{name: "one that is changed", phases: "one", projection: "udp", expected: `client1 > server udp corrupted`, status: Pass, build: one(datagram("x client1 server corrupt udp[8]"))},
	{name: "one on a slow link is as any", phases: "one", projection: "udp", expected: `client1 > server udp`, status: Pass, build: one(datagram("x client1 server rate 1Mbit/s"))},
	{name: "what comes twice is not said to come once", phases: "one", projection: "udp", expected: `client1 > server udp`, status: Fail, build: one(datagram("x client1 server duplicate"))},
	{name: "what happens in front of the sniffer, the capture shows", phases: "one", projection: "udp", expected: `client1 > server udp`, status: Pass, build: one(datagram("x client1 server delay 5ms before"))},
	{name: "a broadcast is lost on its way to one host", phases: "one", projection: "arp", expected: `client1 > * who-has server lost=server`, status: Pass,
		build: one(func(w *tracetest.Wire) {
			w.Ask("client1", "server", "*")
			w.Impair(lose)
		})},
	{name: "of a ping", phases: "one", projection: "icmp", expected: "client1 > server echo-request seq=1 lost", status: Pass,
		build: one(func(w *tracetest.Wire) {
			w.Echo("client1", "server", echoRequest)
			w.Impair(lose)
		})},
}

func lostText(w *tracetest.Wire) {
	connect(w)
	w.TCP("client1", "server", psh, 101, 901, "hello")
	w.Impair(lose)
	w.TCP("client1", "server", psh, 101, 901, "hello")
	w.TCP("server", "client1", ack, 901, 106, "")
}

func datagram(rule string) func(*tracetest.Wire) {
	return func(w *tracetest.Wire) {
		w.UDP("client1", "server", 5, 7001, "hi")
		w.Impair(rule)
	}
}

func TestJudgeFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, test.check)
	}
}

// Who tells that an impairment did not act, or lost something that it should not have, is not
// believed, whatever the lines are.
func TestFaultsThatProveNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		rules  []Impaired
		phases []string
		send   func(*tracetest.Wire)
		status Status
		reason string
	}{
		{"it acted", []Impaired{{Name: "lose", Phases: []string{"one"}}}, []string{"one"}, lostSYN, Pass, ""},
		{"it acted on nothing", []Impaired{{Name: "lose", Phases: []string{"one"}}}, []string{"one"}, func(w *tracetest.Wire) { w.ImpairNone(lose); lostByAnother(w) }, Inconclusive, "lose acted on no frame"},
		{"nobody tells of it", []Impaired{{Name: "lose", Phases: []string{"one"}}}, nil, lostByAnother, Inconclusive, "lose acted on no frame"},
		{"it need not act", []Impaired{{Name: "lose", Phases: []string{"one"}, Optional: true}}, []string{"one"}, lostByAnother, Pass, ""},
		{"it was in force in another phase", []Impaired{{Name: "lose", Phases: []string{"two"}}}, []string{"one"}, lostByAnother, Pass, ""},
		{"a cable lost more", nil, []string{"one"}, func(w *tracetest.Wire) {
			lostSYN(w)
			w.Learn(fault.Report{Dropped: 2})
		}, Inconclusive, "lost 2 frames"},
		{"more acts than were told", nil, []string{"one"}, func(w *tracetest.Wire) {
			lostSYN(w)
			w.Learn(fault.Report{Unsaid: 1})
		}, Inconclusive, "1 is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, "client1", "server")
			w.Statistics = &pcapfile.Statistics{}
			w.Barrier(trace.StartLabel)
			test.send(w)
			w.Barrier("one")
			w.Barrier("two")
			expected, err := ParseExpected(lostAndOpened)
			if err != nil {
				t.Fatal(err)
			}
			c := Claim{ID: "x.claim", Phases: test.phases, Projection: trace.Projection{Selectors: []trace.Selector{{Protocol: "tcp"}}}, Expected: expected}
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one", "two"}}, Stimulated: map[string]bool{"one": true, "two": true}, Impaired: test.rules}
			for _, anywhere := range []bool{false, true} {
				c.Anywhere = anywhere
				if anywhere && (test.phases != nil || test.status == Pass) {
					continue
				}
				v := Judge(w.Recording, plan, []Claim{c})[0]
				if v.Status != test.status || v.Reason != nil && !strings.Contains(v.Reason.String(), test.reason) {
					t.Errorf("anywhere %v: %s, %v; want %s, %q", anywhere, v.Status, v.Reason, test.status, test.reason)
				}
			}
		})
	}
}

func lostByAnother(w *tracetest.Wire) {
	w.TCP("client1", "server", syn, 100, 0, "")
	w.Impair("another client1 server drop")
	connect(w)
}

// What an impairment did in front of the sniffer is counted: a host has sent one frame more
// than were captured, and no other is missing.
func TestFaultsBeforeTheSnifferAreCounted(t *testing.T) {
	for _, test := range []struct {
		name   string
		told   bool
		status Status
	}{{"the lab tells", true, Pass}, {"nobody tells", false, Inconclusive}} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, "client1", "server")
			w.Statistics = &pcapfile.Statistics{}
			w.Count()
			w.Barrier(trace.StartLabel)
			w.Echo("client1", "server", echoRequest)
			if test.told {
				w.Impair("x client1 server drop before")
			}
			w.Echo("server", "client1", echoReply)
			w.Lose("client1", 1)
			w.Barrier("one")
			expected, err := ParseExpected(pingTrace)
			if err != nil {
				t.Fatal(err)
			}
			c := Claim{ID: "x.claim", Phases: []string{"one"}, Projection: trace.Projection{Selectors: []trace.Selector{{Protocol: "icmp"}}}, Expected: expected}
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}}, Stimulated: map[string]bool{"one": true}}
			if v := Judge(w.Recording, plan, []Claim{c})[0]; v.Status != test.status {
				t.Errorf("%s, %v; want %s", v.Status, v.Reason, test.status)
			}
		})
	}
}
