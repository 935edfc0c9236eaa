package script

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
	"wirelab/message"
)

// StepError says in which line of an experiment something went wrong.
type StepError struct {
	Experiment string
	Step       Step
	Err        error
}

func (e *StepError) Error() string { return fmt.Sprintf("%s: %v", e.place(), e.Err) }

func (e *StepError) place() string {
	return fmt.Sprintf("%s.txtar:%d: %s", e.Experiment, e.Step.Line, e.Step)
}

// Unwrap returns what went wrong.
func (e *StepError) Unwrap() error { return e.Err }

// Outcome is an experiment that was carried out, or judged on a file.
type Outcome struct {
	Experiment *Experiment
	Recording  *trace.Recording
	Verdicts   []claim.Verdict
	Err        error           // why a script ended early; then every claim is inconclusive
	Why        message.Message // the same for people
}

// Status is that of all claims together.
func (o *Outcome) Status() claim.Status { return claim.Overall(o.Verdicts) }

// Run carries an experiment out in a lab of its own and judges what was
// captured. Observe, if not nil, is told what happens while it does; the script waits
// until it returns.
//
// The error is for a lab that could not be brought up, or that could not be
// removed, or a ctx that ended. A script that could not be carried out to its
// end, or whose barrier was not reached, is an Outcome whose claims are all
// inconclusive, with what the sniffer had seen by then.
func Run(ctx context.Context, backend lab.Backend, e *Experiment, observe func(Event)) (*Outcome, error) {
	return RunIn(ctx, func() (*lab.Lab, error) { return lab.Open(ctx, backend, e.Topology) }, e, observe)
}

// RunIn is Run in the lab that open returns, one that nothing was done in yet. It
// closes the lab.
func RunIn(ctx context.Context, open func() (*lab.Lab, error), e *Experiment, observe func(Event)) (*Outcome, error) {
	return run(ctx, e, observe, failed, open)
}

// RunAttached is Run on a network that is up already and stays up. Its own
// programs keep running: an experiment that needs one of their ports is
// inconclusive, and the verdict's reason says what to do.
func RunAttached(ctx context.Context, network lab.Network, e *Experiment, observe func(Event)) (*Outcome, error) {
	return run(ctx, e, observe, failedAttached, func() (*lab.Lab, error) { return lab.Attach(ctx, network, e.Topology) })
}

// run carries an experiment out in the lab that open opens. Why says of a script
// that ended early what the verdicts' reason is.
func run(ctx context.Context, e *Experiment, observe func(Event), why func(error) i18n.Message, open func() (*lab.Lab, error)) (outcome *Outcome, err error) {
	r := &execution{experiment: e, plan: e.Plan(), observe: observe}
	r.tell(Event{Kind: Opening})
	l, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r.lab = l
	r.tell(Event{Kind: Up})
	stepErr := r.steps(ctx, l)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r.lab = nil
	recording, finishErr := l.Finish(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	outcome = &Outcome{Experiment: e, Recording: recording}
	if err := errors.Join(stepErr, finishErr); err != nil {
		outcome.Err, outcome.Why = err, why(err)
		outcome.Verdicts = claim.Unable(e.Claims, outcome.Why)
	} else {
		outcome.Verdicts = claim.Judge(recording, r.plan, e.Claims)
	}
	r.tell(Event{Kind: Done, Captured: recording.Len(), Dropped: recording.Dropped(), Verdicts: outcome.Verdicts, Outcome: outcome})
	return outcome, nil
}

// addressInUse is what a program of a host prints where a port is taken: the
// system's text, which Go does not translate (EADDRINUSE).
const addressInUse = "address already in use"

// failed says how a command may be allowed to fail, where one did that must not.
func failed(err error) i18n.Message {
	step, ok := errors.AsType[*StepError](err)
	if !ok {
		return i18n.Msg("script.failed", "Error", err)
	}
	said := i18n.Msg("script.step", "Place", step.place(), "Error", step.Err)
	if _, exited := errors.AsType[*lab.ExitError](step.Err); exited && (step.Step.Verb == "run" || step.Step.Verb == "close") {
		return i18n.Msg("script.exited", "Error", said, "Step", step.Step.String())
	}
	return said
}

// failedAttached knows one more cause: the lab's own programs.
func failedAttached(err error) i18n.Message {
	if strings.Contains(err.Error(), addressInUse) {
		return i18n.Msg("script.taken", "Error", err)
	}
	return failed(err)
}

// Check judges a capture made elsewhere by an experiment, executing nothing. A capture of
// another seed than the experiment's proves nothing: every claim is inconclusive.
func Check(e *Experiment, recording *trace.Recording) *Outcome {
	if e.Seed != "" {
		if number, source := e.foreign(recording); number > 0 {
			return &Outcome{Experiment: e, Recording: recording, Verdicts: e.anotherSeed(number, source)}
		}
	}
	return &Outcome{Experiment: e, Recording: recording, Verdicts: claim.Judge(recording, e.Plan(), e.Claims)}
}

// execution is an experiment while it is carried out.
type execution struct {
	experiment *Experiment
	plan       claim.Plan
	observe    func(Event)
	lab        *lab.Lab // while it is carried out
}

func (r *execution) tell(e Event) {
	if r.observe != nil {
		e.Experiment, e.Lab = r.experiment.Name, r.lab
		r.observe(e)
	}
}

func (r *execution) steps(ctx context.Context, l *lab.Lab) error {
	for _, s := range r.experiment.Steps {
		r.tell(Event{Kind: Begun, Step: s.String(), Line: s.Line})
		if err := findVerb(s.Verb).do(ctx, l, s); err != nil {
			r.tell(Event{Kind: Ended, Step: s.String(), Line: s.Line, Error: err.Error()})
			return &StepError{r.experiment.Name, s, err}
		}
		r.tell(Event{Kind: Ended, Step: s.String(), Line: s.Line})
		if s.Verb == "settle" {
			r.barrier(l, s.Args[0])
		}
	}
	return nil
}

// barrier tells of a barrier and of what can be said at it of the claims whose
// last phase it ends. How many frames were dropped is known at the end.
func (r *execution) barrier(l *lab.Lab, label string) {
	if r.observe == nil {
		return
	}
	var settled []claim.Claim
	for _, c := range r.experiment.Claims {
		if n := len(c.Phases); n > 0 && c.Phases[n-1] == label {
			settled = append(settled, c)
		}
	}
	event := Event{Kind: Barrier, Label: label}
	l.View(func(recording *trace.Recording) {
		event.Captured = recording.Len()
		event.Verdicts = claim.Judge(recording, r.plan, settled)
	})
	r.tell(event)
}
