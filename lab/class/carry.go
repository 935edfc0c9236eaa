package class

import (
	"bytes"
	"context"
	"errors"
	"time"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/lab/script"
)

// inconclusiveTries is how often an experiment is carried out until it has a verdict.
const inconclusiveTries = 3

// filePlace is the place of what was judged and not carried out.
const filePlace = "file"

// Carry does one job on this machine and returns its result with what was captured. It
// fails never: what went wrong is in the result. An experiment whose verdict is
// inconclusive, as it is where the machine is too slow, is carried out again, three
// times at most. Carry may be called from several goroutines at once.
func Carry(ctx context.Context, backend lab.Backend, job Job) (Result, []File) {
	began := time.Now()
	r, files := carry(ctx, backend, job)
	r.Seconds = time.Since(began).Seconds()
	return r, files
}

func carry(ctx context.Context, backend lab.Backend, job Job) (Result, []File) {
	job, err := job.Whole()
	if err != nil {
		return job.Of(Done, err), nil
	}
	e, err := job.read()
	if err != nil {
		return job.Of(Done, err), nil
	}
	if job.Kind == Capture {
		return job.judge(e)
	}
	for try := 1; ; try++ {
		o, err := script.Run(ctx, backend, e, nil)
		if err != nil {
			r := job.Of(statusOf(ctx, err), err)
			r.Place = backend.Name()
			return r, nil
		}
		if o.Status() == claim.Inconclusive && try < inconclusiveTries {
			continue
		}
		r, files := job.result(o, backend.Name())
		r.Tries = try
		return r, files
	}
}

// read reads the job's experiment.
func (j Job) read() (*script.Experiment, error) {
	return script.Parse(j.Experiment+".txtar", []byte(j.Source))
}

// judge judges a capture.
func (j Job) judge(e *script.Experiment) (Result, []File) {
	recording := e.NewRecording(nil)
	if err := recording.Load(bytes.NewReader(j.Submission), nil); err != nil {
		return j.Of(Done, i18n.Errmsg("class.nocapture", "Cause", err)), nil
	}
	r, files := j.result(script.Check(e, recording), filePlace)
	return r, files
}

// result is what an outcome comes to.
func (j Job) result(o *script.Outcome, place string) (Result, []File) {
	r := j.Of(Done, nil)
	r.Place, r.Run = place, report.NewResult(place)
	r.Run.Add(o, j.CaptureName())
	if j.Kind == Capture {
		return r, []File{{j.CaptureName(), j.Submission}}
	}
	var b bytes.Buffer
	if err := o.Recording.Write(&b); err != nil || b.Len() > MaxCapture {
		m := i18n.Msg("class.nofile", "Most", MaxCapture)
		r.Note = &m
		return r, nil
	}
	return r, []File{{j.CaptureName(), b.Bytes()}}
}

// statusOf says whether another try may fare better than one that ended with an error:
// not where the machine lacks what a lab needs.
func statusOf(ctx context.Context, err error) Status {
	_, missing := errors.AsType[*lab.Unavailable](err)
	if missing && !lab.Busy(err) && ctx.Err() == nil {
		return Refused
	}
	return Temporary
}
