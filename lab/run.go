package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// StepError says in which line of an experiment something went wrong.
type StepError struct {
	Experiment string
	Step       Step
	Err        error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s.txtar:%d: %s: %v", e.Experiment, e.Step.Line, e.Step, e.Err)
}

// Unwrap returns what went wrong.
func (e *StepError) Unwrap() error { return e.Err }

func (s Step) String() string {
	words := append([]string{s.Verb}, s.Args...)
	if s.Host != "" {
		words = slices.Insert(words, 1, s.Host)
	}
	return strings.Join(words, " ")
}

// Outcome is an experiment that was carried out, or judged on a file.
type Outcome struct {
	Experiment *Experiment
	Record     *Record // nil if the experiment could not be carried out
	Verdicts   []Verdict
	Err        error // why a script ended early; then every claim is inconclusive
}

// Status is that of all claims together.
func (o *Outcome) Status() Status { return Overall(o.Verdicts) }

// Run carries an experiment out in a lab of its own and judges what was
// captured. progress, if not nil, is told each step before it is taken.
//
// The error is for a lab that could not be brought up, or that could not be
// removed, or a ctx that ended. A script that could not be carried out to its
// end, or whose barrier was not reached, is an Outcome whose claims are all
// inconclusive, with what the sniffer had seen by then.
func Run(ctx context.Context, backend Backend, e *Experiment, progress func(Step)) (outcome *Outcome, err error) {
	l, err := Open(ctx, backend, e.Topology)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	stepErr := l.carryOut(ctx, e, progress)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	record, finishErr := l.Finish(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	outcome = &Outcome{Experiment: e, Record: record}
	if err := errors.Join(stepErr, finishErr); err != nil {
		outcome.Err, outcome.Verdicts = err, allInconclusive(e, err.Error())
	} else {
		outcome.Verdicts = record.Judge(e)
	}
	return outcome, nil
}

// Check judges a capture made elsewhere by an experiment, executing nothing.
func Check(e *Experiment, record *Record) *Outcome {
	return &Outcome{Experiment: e, Record: record, Verdicts: record.Judge(e)}
}

func (l *Lab) carryOut(ctx context.Context, e *Experiment, progress func(Step)) error {
	for _, s := range e.Steps {
		if progress != nil {
			progress(s)
		}
		if err := l.step(ctx, s); err != nil {
			return &StepError{e.Name, s, err}
		}
	}
	return nil
}

func (l *Lab) step(ctx context.Context, s Step) error {
	switch s.Verb {
	case "start":
		return l.Start(s.Host, s.Args...)
	case "run":
		_, err := l.Run(ctx, s.Host, s.Args...)
		return err
	case "say":
		return l.Say(ctx, s.Host, s.Args[0])
	case "await":
		return l.Await(ctx, s.Host, s.Args[0])
	case "close":
		return l.CloseProgram(ctx, s.Host)
	case "fresh":
		return l.FreshARP(ctx, s.Host)
	case "settle":
		return l.Settle(ctx, s.Args[0])
	case "mode":
		mode, err := ParseMode(s.Args[0])
		if err != nil {
			return err
		}
		return l.SetMode(ctx, mode)
	}
	return fmt.Errorf("verb %q is not known", s.Verb)
}
