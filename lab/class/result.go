package class

import (
	"io"

	"wirelab/internal/i18n"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/message"
)

// ResultSchema names the form of a result document.
const ResultSchema = "wirelab/class-result/v1"

// Status says whether a job is done.
type Status string

// The statuses. What a submission is worth is no status: a wrong one is done, too.
const (
	Done      Status = "done"
	Temporary Status = "temporary" // the machine was too busy, or the job was interrupted: try again
	Refused   Status = "refused"   // the machine may not make namespaces: no other job will fare better there
)

// Result is what has come of a job.
type Result struct {
	Schema     string           `json:"schema"`
	Student    string           `json:"student"`
	Experiment string           `json:"experiment"`
	Digest     string           `json:"digest"` // of the job
	Seed       string           `json:"seed,omitempty"`
	Kind       Kind             `json:"kind"`
	Status     Status           `json:"status"`
	Reason     *message.Message `json:"reason,omitempty"` // why there is no verdict: what is wrong with the submission, or with the machine
	Tries      int              `json:"tries"`            // how often it was carried out
	Busy       int              `json:"busy,omitempty"`   // of the tries, those that brought no verdict: the machine was too busy, or a pod was lost
	Seconds    float64          `json:"seconds"`          // that the last try took
	Place      string           `json:"place"`            // where: netns, or what an engine calls its place
	Run        *report.Result   `json:"run,omitempty"`    // the verdicts of the one experiment
	Note       *message.Message `json:"note,omitempty"`   // what was lost besides the verdict, as a capture that is too large
}

// Of returns the empty result of a job.
func (j Job) Of(status Status, reason error) Result {
	r := Result{Schema: ResultSchema, Student: j.Student, Experiment: j.Experiment, Digest: j.Digest, Seed: j.Seed, Kind: j.Kind, Status: status, Tries: 1}
	if reason != nil {
		m := i18n.FromError(reason)
		r.Reason = &m
	}
	return r
}

// Key is that of the job.
func (r Result) Key() string {
	return Job{Student: r.Student, Experiment: r.Experiment, Digest: r.Digest}.Key()
}

// Verdict is what a result says of the submission: of what is done and was not judged,
// as a file that is no experiment, that it failed. Of what is not done nothing is known.
func (r Result) Verdict() claim.Status {
	switch {
	case r.Status != Done:
		return claim.Inconclusive
	case r.Run == nil:
		return claim.Fail
	}
	return r.Run.Status()
}

// Claims are the verdicts of the run, none where there was none.
func (r Result) Claims() []claim.Verdict {
	if r.Run == nil || len(r.Run.Experiments) == 0 {
		return nil
	}
	return r.Run.Experiments[0].Claims
}

// MaxResult bounds a result document, in bytes.
const MaxResult = 4 << 20

// ReadResult reads a result document of at most MaxResult bytes. Whose it is the caller
// decides: what an engine brings back is hostile (Bind).
func ReadResult(in io.Reader) (Result, error) {
	var r Result
	if err := decodeBounded(in, MaxResult, &r); err != nil {
		return r, i18n.Errmsg("class.result.read", "Cause", err)
	}
	if r.Schema != ResultSchema {
		return r, i18n.Errmsg("class.job.schema", "Schema", r.Schema, "Wanted", ResultSchema)
	}
	return r, nil
}

// Bind makes a result the job's, whatever it says of itself.
func (r Result) Bind(j Job) Result {
	r.Schema, r.Student, r.Experiment, r.Digest, r.Seed, r.Kind = ResultSchema, j.Student, j.Experiment, j.Digest, j.Seed, j.Kind
	return r
}

// File is a file that a job brings back beside its result, as its capture.
type File struct {
	Name string `json:"name"` // a base name; CaptureName for the capture
	Data []byte `json:"data"`
}

// CaptureName is the file name of a job's capture.
func (j Job) CaptureName() string { return j.Experiment + ".pcapng" }
