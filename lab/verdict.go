package lab

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"wirelab/sniffer"
)

// Status is what is known of a claim.
type Status string

// The three values. A capture that may lack something proves nothing, neither
// for nor against.
const (
	Pass         Status = "pass"
	Fail         Status = "fail"
	Inconclusive Status = "inconclusive"
)

// Verdict is the judgement of one claim.
type Verdict struct {
	ID       string `json:"id"`
	Status   Status `json:"status"`
	Packets  []int  `json:"packets"`          // numbers of the packets that show it, ascending
	Expected string `json:"expected"`         // the trace, a line each
	Observed string `json:"observed"`         // the trace, or how long nothing was seen
	Reason   string `json:"reason,omitempty"` // why it failed or is inconclusive
	Note     string `json:"note,omitempty"`   // what a reader should know of how it was judged
	sentence Text
}

// Sentence says the claim for people.
func (v Verdict) Sentence() Text { return v.sentence }

// Judge compares the trace of every claim of an experiment with what it
// expects. It executes nothing, and asks of the record only what a file made
// elsewhere can have.
func (r *Record) Judge(e *Experiment) []Verdict {
	verdicts := make([]Verdict, 0, len(e.Claims))
	judged := r.JudgedPackets()
	for _, c := range e.Claims {
		verdicts = append(verdicts, r.judge(e, c, judged))
	}
	return verdicts
}

func (r *Record) judge(e *Experiment, c Claim, judged []sniffer.Packet) Verdict {
	v := Verdict{ID: c.ID, Packets: []int{}, Expected: expectedText(c.Expected), sentence: c.Sentence}
	inconclusive := func(format string, args ...any) Verdict {
		v.Status, v.Reason = Inconclusive, fmt.Sprintf(format, args...)
		return v
	}
	if missing := r.hostsMissing(e.Topology); len(missing) > 0 {
		return inconclusive("the capture does not say which address is %s: give it with --host NAME=IP", strings.Join(missing, ", "))
	}
	phase, err := r.phase(c.Phases, e.Barriers(), e.Topology.Judged())
	if err != nil {
		return inconclusive("%v: this claim is about the phase %s", err, strings.Join(c.Phases, ", "))
	}
	lines := c.Projection.Trace(judged, phase.After, phase.Until, r.Hosts, e.Texts())
	v.Observed = observedText(lines, phase, r)
	if why := r.incomplete(c.Projection, judged); why != "" {
		return inconclusive("%s", why)
	}
	v.Note = r.note(c, phase)
	cited, differ := compare(c.Expected, lines)
	if len(c.Expected) == 0 && len(lines) == 0 {
		v.Status = Pass
		return v
	}
	v.Packets = cited
	if differ != "" {
		v.Status, v.Reason = Fail, differ
		return v
	}
	v.Status = Pass
	return v
}

// incomplete says why the capture may lack something that the claim is about.
func (r *Record) incomplete(pr sniffer.Projection, judged []sniffer.Packet) string {
	if r.Damage != nil {
		return "the capture is damaged: " + r.Damage.Error()
	}
	if r.Statistics != nil && r.Statistics.Dropped > 0 {
		return fmt.Sprintf("%d frames were dropped while capturing", r.Statistics.Dropped)
	}
	for i := range judged {
		switch p := &judged[i]; {
		case p.Truncated():
			return fmt.Sprintf("packet %d is cut: %d of its %d bytes were captured", p.Number, len(p.Data), p.Length)
		case p.Err != nil:
			return fmt.Sprintf("packet %d is malformed: %v", p.Number, p.Err)
		}
	}
	for _, c := range sniffer.Conversations(judged) {
		first := c.Packets[0]
		if c.Protocol == sniffer.TCP && !c.Opened && pr.Selects(first) {
			return fmt.Sprintf("the capture begins within a connection (packet %d): its start is missing", first.Number)
		}
	}
	return ""
}

func (r *Record) note(c Claim, phase Phase) string {
	var notes []string
	if r.Statistics == nil {
		notes = append(notes, "the capture does not record drops")
	}
	if phase.OpenEnd && len(c.Phases) == 0 {
		notes = append(notes, "no barrier ends the capture: judged to its end")
	}
	return strings.Join(notes, "; ")
}

// compare returns the packets that decide, and in words how the trace differs
// from what was expected ("" if it does not).
func compare(expected []string, lines []sniffer.Line) (cited []int, differ string) {
	for i, l := range lines {
		switch {
		case i >= len(expected):
			return l.Packets, fmt.Sprintf("a line too many: %s", l)
		case foldSpace(l.String()) != expected[i]:
			return l.Packets, fmt.Sprintf("line %d: expected %s; observed %s", i+1, expected[i], l)
		}
		cited = append(cited, l.Packets...)
	}
	sort.Ints(cited)
	cited = slices.Compact(cited)
	if cited == nil {
		cited = []int{}
	}
	if len(lines) < len(expected) {
		return cited, fmt.Sprintf("missing: %s", expected[len(lines)])
	}
	return cited, ""
}

func expectedText(lines []string) string {
	if len(lines) == 0 {
		return "nothing"
	}
	return strings.Join(lines, "\n")
}

func observedText(lines []sniffer.Line, phase Phase, r *Record) string {
	if len(lines) > 0 {
		return strings.TrimRight(sniffer.FormatTrace(lines), "\n")
	}
	dropped := "drops not recorded"
	if d := r.Dropped(); d != nil {
		dropped = fmt.Sprintf("%d dropped", *d)
	}
	return fmt.Sprintf("nothing in %v; %s", phase.Duration.Round(time.Microsecond), dropped)
}

// Overall is the status of several verdicts together: fail if one failed,
// else inconclusive if one is, else pass.
func Overall(verdicts []Verdict) Status {
	status := Pass
	for _, v := range verdicts {
		switch v.Status {
		case Fail:
			return Fail
		case Inconclusive:
			status = Inconclusive
		}
	}
	return status
}

// allInconclusive is the judgement when an experiment could not be carried out.
func allInconclusive(e *Experiment, reason string) []Verdict {
	var verdicts []Verdict
	for _, c := range e.Claims {
		verdicts = append(verdicts, Verdict{ID: c.ID, Status: Inconclusive, Packets: []int{}, Expected: expectedText(c.Expected), Reason: reason, sentence: c.Sentence})
	}
	return verdicts
}
