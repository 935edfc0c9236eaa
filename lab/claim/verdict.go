package claim

import (
	"time"

	"wirelab/message"
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

// Verdict is the judgement of one claim. It can be written as JSON, read back
// and shown in either language.
type Verdict struct {
	ID       string            `json:"id"`
	Sentence message.Text      `json:"sentence"`
	Segment  string            `json:"segment,omitempty"` // that the claim is about, if it names one of several
	Status   Status            `json:"status"`
	Packets  []int             `json:"packets"`           // numbers of the packets that show it, ascending
	Expected []string          `json:"expected"`          // the trace; none: no packets; of a matcher its selections
	Observed []string          `json:"observed"`          // the trace; of a matcher the first packets or lines that it selects
	Matcher  string            `json:"matcher,omitempty"` // of a claim that has one, its text; Expected has what it selects
	Seconds  float64           `json:"seconds"`           // how long the judged phases lasted
	Dropped  *uint64           `json:"dropped"`           // frames; null if not recorded
	Reason   *message.Message  `json:"reason,omitempty"`  // why it failed or is inconclusive
	Notes    []message.Message `json:"notes,omitempty"`   // what a reader should know of how it was judged

	// Nearest has, of a matcher that does not find a line of a trace, the line that is
	// most like it, by the text of the selection.
	Nearest map[string]string `json:"nearest,omitempty"`
}

// Lasted is how long the judged phases lasted.
func (v Verdict) Lasted() time.Duration { return time.Duration(v.Seconds * float64(time.Second)) }

// Overall is the status of several verdicts together: fail if one failed, else
// inconclusive if one is, else pass. Of none nothing is known.
func Overall(verdicts []Verdict) Status {
	if len(verdicts) == 0 {
		return Inconclusive
	}
	status := Pass
	for _, v := range verdicts {
		switch v.Status {
		case Pass:
		case Fail:
			return Fail
		default:
			status = Inconclusive
		}
	}
	return status
}

// Unable are the verdicts of claims whose experiment could not be carried out.
func Unable(claims []Claim, reason message.Message) []Verdict {
	var verdicts []Verdict
	for _, c := range claims {
		verdicts = append(verdicts, undecided(c, reason))
	}
	return verdicts
}

func undecided(c Claim, reason message.Message) Verdict {
	expected, matcher := c.Expected, ""
	if c.Matcher != nil {
		expected, matcher = []string{}, c.Matcher.String()
		for _, what := range c.Matcher.What {
			expected = append(expected, what.String())
		}
	}
	return Verdict{ID: c.ID, Matcher: matcher, Sentence: c.Sentence, Segment: c.Projection.Segment, Status: Inconclusive, Packets: []int{}, Expected: expected, Observed: []string{}, Reason: &reason}
}
