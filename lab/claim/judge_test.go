package claim

import (
	"encoding/json"
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

// judgement is one claim over a recording that begins with the barrier "start",
// unless late, and has what build adds. The plan has the barriers one and two;
// something is stimulated in both unless idle.
type judgement struct {
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
}

// one ends what is sent with the barrier one.
func one(send func(*tracetest.Wire)) func(*tracetest.Wire) {
	return func(w *tracetest.Wire) { send(w); w.Barrier("one") }
}

func TestJudge(t *testing.T) {
	for _, test := range slices.Concat(captures, absences, senders, protocols, versions, columns) {
		t.Run(test.name, test.check)
	}
}

// check judges the claim and compares the verdict.
func (test judgement) check(t *testing.T) {
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
