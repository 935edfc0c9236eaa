package claim

import (
	"time"

	"wirelab/message"
)

// Status is the outcome of judging a claim.
type Status string

// The outcomes. A claim is inconclusive if the capture may lack packets that decide it,
// or if nothing was done that could have shown it to be wrong.
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
	Segment  string            `json:"segment,omitempty"` // the only segment that the claim is about, if it names one
	Status   Status            `json:"status"`
	Packets  []int             `json:"packets"`           // numbers of the packets that decide it, ascending, from 1
	Expected []string          `json:"expected"`          // the expected lines, none for no packets; of a matcher, its selections
	Observed []string          `json:"observed"`          // the lines that were seen; of a matcher, the first packets or lines that it selects
	Matcher  string            `json:"matcher,omitempty"` // the text of the claim's matcher, if it has one
	Seconds  float64           `json:"seconds"`           // how long the judged phases lasted
	Dropped  *uint64           `json:"dropped"`           // frames that the kernel dropped in the whole capture; null if not recorded
	Reason   *message.Message  `json:"reason,omitempty"`  // why it failed or is inconclusive
	Notes    []message.Message `json:"notes,omitempty"`   // what a reader should know about how it was judged

	// Nearest maps each selection of a matcher that has a line and found none, in its
	// text form, to the most similar line that was seen.
	Nearest map[string]string `json:"nearest,omitempty"`
}

// Lasted returns Seconds as a time.Duration.
func (v Verdict) Lasted() time.Duration { return time.Duration(v.Seconds * float64(time.Second)) }

// Overall returns the status of several verdicts together: fail if one failed, otherwise
// inconclusive if one is, otherwise pass. Without verdicts it is inconclusive.
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

// Unable returns an inconclusive verdict, with a reason, for each claim of an experiment
// that could not be carried out.
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
