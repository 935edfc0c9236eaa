package script

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"wirelab/internal/i18n"
	"wirelab/lab/claim"
)

// Complete returns an experiment file that has a section for every claim: an empty
// one for each that had none. The error is that of Parse.
func Complete(file string, data []byte) ([]byte, error) {
	for {
		_, err := Parse(file, data)
		missing, ok := errors.AsType[*MissingSection](err)
		if !ok {
			return data, err
		}
		if n := len(data); n > 0 && data[n-1] != '\n' {
			data = append(slices.Clip(data), '\n')
		}
		data = append(slices.Clip(data), "-- "+missing.ID+" --\n"...)
	}
}

// Updated is an experiment file whose expectations were filled in.
type Updated struct {
	Text    []byte
	Filled  []claim.Verdict // that failed, and of which what was seen is expected now
	Outcome *Outcome        // judged by the new file
}

// Update fills in an experiment file: the expectation of every claim that failed is
// what was seen. Comments stay at their lines. What was seen is not what is right: that
// its author decides.
//
// The error says why nothing can be filled in: a verdict is inconclusive, or a claim
// would not hold even then.
func (o *Outcome) Update(data []byte) (*Updated, error) {
	for _, v := range o.Verdicts {
		if v.Status == claim.Inconclusive || v.Status == claim.Fail && v.Matcher != "" {
			return nil, notUpdated(v) // what is matched nobody saw: its author says it
		}
	}
	u := &Updated{Text: data, Outcome: o}
	archive := txtar.Parse(data)
	for i, f := range archive.Files {
		at := slices.IndexFunc(o.Verdicts, func(v claim.Verdict) bool { return v.ID == f.Name })
		if at >= 0 && o.Verdicts[at].Status == claim.Fail {
			archive.Files[i].Data = fill(f.Data, o.Verdicts[at].Observed)
			u.Filled = append(u.Filled, o.Verdicts[at])
		}
	}
	if u.Filled == nil {
		return u, nil
	}
	u.Text = txtar.Format(archive)
	again, err := Parse(o.Experiment.Name+".txtar", u.Text)
	if err != nil {
		return nil, err
	}
	u.Outcome = Check(again, o.Recording)
	for _, v := range u.Outcome.Verdicts {
		if v.Status != claim.Pass {
			return nil, notUpdated(v)
		}
	}
	return u, nil
}

// notUpdated says by which claim nothing was filled in.
func notUpdated(v claim.Verdict) error {
	return i18n.Errmsg("update.refused", "Claim", v.ID, "Reason", *v.Reason)
}

// fill returns a section's text with other lines of a trace. Its comments and empty
// lines stay ahead of the line that they stood ahead of, or where that was.
func fill(section []byte, lines []string) []byte {
	var old, ahead []string // lines of the trace, and what stands ahead of each
	text := ""
	for line := range strings.Lines(string(section)) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			text += line
			continue
		}
		old, ahead, text = append(old, trimmed), append(ahead, text), ""
	}
	var out bytes.Buffer
	i := 0
	for _, pair := range claim.Align(old, lines) {
		if pair.Expected != "" {
			out.WriteString(ahead[i])
			i++
		}
		if pair.Observed != "" {
			out.WriteString(pair.Observed + "\n")
		}
	}
	out.WriteString(text)
	return out.Bytes()
}
