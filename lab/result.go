package lab

import (
	"encoding/json"
	"io"
)

// ResultSchema names the form of a result document.
const ResultSchema = "wirelab/result/v1"

// Result is the document of a run, for machines.
type Result struct {
	Schema      string             `json:"schema"`
	Backend     string             `json:"backend"` // "file" for a capture made elsewhere
	Experiments []ExperimentResult `json:"experiments"`
}

// ExperimentResult is one experiment of a Result.
type ExperimentResult struct {
	Name     string    `json:"name"`
	Status   Status    `json:"status"`
	Reason   string    `json:"reason,omitempty"` // why the script ended early
	Capture  string    `json:"capture"`          // the file, beside the document
	Captured int       `json:"captured"`         // frames in the file
	Dropped  *uint64   `json:"dropped"`          // frames; null if not recorded
	Claims   []Verdict `json:"claims"`
}

// NewResult returns an empty document.
func NewResult(backend string) *Result {
	return &Result{Schema: ResultSchema, Backend: backend, Experiments: []ExperimentResult{}}
}

// Add adds an outcome, whose capture is in the file of that name.
func (r *Result) Add(o *Outcome, capture string) {
	e := ExperimentResult{
		Name:     o.Experiment.Name,
		Status:   o.Status(),
		Capture:  capture,
		Captured: len(o.Record.Packets),
		Dropped:  o.Record.Dropped(),
		Claims:   o.Verdicts,
	}
	if o.Err != nil {
		e.Reason = o.Err.Error()
	}
	r.Experiments = append(r.Experiments, e)
}

// Status is that of all experiments together.
func (r *Result) Status() Status {
	var all []Verdict
	for _, e := range r.Experiments {
		all = append(all, e.Claims...)
	}
	return Overall(all)
}

// Encode writes the document.
func (r *Result) Encode(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteFile writes the document; the file is whole or the one before.
func (r *Result) WriteFile(path string) error { return WriteWhole(path, r.Encode) }
