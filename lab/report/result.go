package report

import (
	"encoding/json"
	"io"
	"strings"

	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// Schema names the form of a result document.
const Schema = "wirelab/result/v2"

// Result is the document of a run, for machines.
type Result struct {
	Schema      string       `json:"schema"`
	Backend     string       `json:"backend"` // "file" for a capture made elsewhere
	Experiments []Experiment `json:"experiments"`
}

// Experiment is one experiment of a Result.
type Experiment struct {
	Name     string          `json:"name"`
	Status   claim.Status    `json:"status"`
	Reason   string          `json:"reason,omitempty"` // why the script ended early
	Capture  string          `json:"capture"`          // the file, beside the document
	Captured int             `json:"captured"`         // frames in the file
	Dropped  *uint64         `json:"dropped"`          // frames; null if not recorded
	Claims   []claim.Verdict `json:"claims"`

	Impairments []Impairment `json:"impairments,omitempty"` // in the order in which they were made
}

// Impairment is what an impairment of the script was, and what it has done.
type Impairment struct {
	Name       string `json:"name"`
	Rule       string `json:"rule"`       // as the script has it, without the name
	Matched    uint64 `json:"matched"`    // frames between its hosts that its filter took
	Acted      uint64 `json:"acted"`      // of these, those that it acted on
	Packets    []int  `json:"packets"`    // their numbers in the capture, ascending
	Uncaptured uint64 `json:"uncaptured"` // those that the capture does not have
}

// NewResult returns an empty document.
func NewResult(backend string) *Result {
	return &Result{Schema: Schema, Backend: backend, Experiments: []Experiment{}}
}

// Add adds an outcome, whose capture is in the file of that name.
func (r *Result) Add(o *script.Outcome, capture string) {
	e := Experiment{
		Name:     o.Experiment.Name,
		Status:   o.Status(),
		Capture:  capture,
		Captured: o.Recording.Len(),
		Dropped:  o.Recording.Dropped(),
		Claims:   o.Verdicts,
	}
	for _, i := range o.Recording.Impairments() {
		e.Impairments = append(e.Impairments, Impairment{i.Rule.Name, strings.TrimPrefix(i.Rule.String(), i.Rule.Name+" "), i.Matched, i.Acted, append([]int{}, i.Packets...), i.Uncaptured})
	}
	if o.Err != nil {
		e.Reason = o.Why.String()
	}
	r.Experiments = append(r.Experiments, e)
}

// Status is that of all experiments together. Of none nothing is known.
func (r *Result) Status() claim.Status {
	var all []claim.Verdict
	for _, e := range r.Experiments {
		if len(e.Claims) == 0 {
			all = append(all, claim.Verdict{Status: claim.Inconclusive})
		}
		all = append(all, e.Claims...)
	}
	return claim.Overall(all)
}

// Encode writes the document.
func (r *Result) Encode(w io.Writer) error { return EncodeJSON(w, r) }

// EncodeJSON writes a document for machines.
func EncodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
