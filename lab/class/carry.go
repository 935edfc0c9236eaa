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
// never fails: what went wrong is in the result. An experiment whose verdict is
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
	switch job.Kind {
	case Capture:
		return job.judge()
	case Expectation:
		p, err := job.predict()
		if err != nil {
			return job.Of(Done, err), nil
		}
		return job.run(ctx, backend, p.experiment, func(o *script.Outcome) error { p.judge(o.Verdicts); return nil })
	case Program:
		return job.runProgram(ctx, backend, here)
	}
	e, err := job.parse([]byte(job.Source))
	if err != nil {
		return job.Of(Done, err), nil
	}
	return job.run(ctx, backend, e, nil)
}

// run carries an experiment out until it has a verdict, or was tried often enough. Judge,
// if not nil, has the last word on an outcome; its error says that the machine is to blame,
// and another try may fare better.
func (j Job) run(ctx context.Context, backend lab.Backend, e *script.Experiment, judge func(*script.Outcome) error) (Result, []File) {
	for try := 1; ; try++ {
		o, err := script.Run(ctx, backend, e, nil)
		if err != nil {
			r := j.Of(statusOf(ctx, err), err)
			r.Tries, r.Place = try, backend.Name()
			return r, nil
		}
		last := try == inconclusiveTries
		if o.Status() == claim.Inconclusive && !last {
			continue
		}
		if judge != nil {
			if err := judge(o); err != nil {
				r := j.Of(Temporary, err)
				r.Tries, r.Place = try, backend.Name()
				return r, nil
			}
		}
		r, files := j.result(o, backend.Name())
		r.Tries = try
		return r, files
	}
}

// parse reads the text of the job's experiment, as the job's seed has it.
func (j Job) parse(text []byte) (*script.Experiment, error) {
	return script.ParseSeeded(j.Experiment+".txtar", text, j.Seed)
}

// judge judges a capture.
func (j Job) judge() (Result, []File) {
	p, err := j.expected()
	if err != nil {
		return j.Of(Done, err), nil
	}
	e := p.experiment
	if len(j.Submission) == 0 {
		return j.Of(Done, i18n.Errmsg("class.empty")), nil
	}
	recording := e.NewRecording(nil)
	if err := recording.Load(bytes.NewReader(j.Submission), nil); err != nil {
		return j.Of(Done, i18n.Errmsg("class.nocapture", "Cause", err)), nil
	}
	o := script.Check(e, recording)
	p.judge(o.Verdicts)
	return j.result(o, filePlace)
}

// expected is what a capture is judged by: the teacher's experiment, or what the student
// has predicted of its lab.
func (j Job) expected() (prediction, error) {
	if j.predicted != nil {
		j.Submission = j.predicted
		return j.predict()
	}
	e, err := j.parse([]byte(j.Source))
	return prediction{experiment: e}, err
}

// result is what an outcome comes to.
func (j Job) result(o *script.Outcome, place string) (Result, []File) {
	r := j.Of(Done, nil)
	r.Place, r.Run = place, report.NewResult(place)
	r.Run.Add(o, j.CaptureName())
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
