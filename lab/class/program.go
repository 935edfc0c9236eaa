package class

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/class/cage"
	"wirelab/lab/report"
	"wirelab/lab/script"
)

// ProgramMark stands in a teacher's script for the student's program: "start client1
// ${program} server 7000".
const ProgramMark = "${program}"

// ProgramCommand are the words of the command that runs a student's program caged
// (lab/class/cage); the path and the arguments follow.
const ProgramCommand = "class program"

// place is what a machine says of itself where a student's program is to run.
type place struct {
	cage  func(context.Context) error             // why no program can be locked in
	has   func(path string) bool                  // whether there is such a file
	count func() (runnable, cpus int, known bool) // programs that want a CPU
}

// here is this machine.
var here = place{cage.Check, isFile, runnable}

// runProgram carries the experiment out with the student's program. Where the machine is
// to blame the program has no grade: one that cannot lock it in, or lacks its
// interpreter, makes the verdict inconclusive, and one that is too crowded the result
// Temporary.
func (j Job) runProgram(ctx context.Context, backend lab.Backend, at place) (Result, []File) {
	path, remove, err := j.programFile()
	if err != nil {
		return j.Of(Temporary, err), nil
	}
	defer remove()
	e, err := j.parse([]byte(strings.ReplaceAll(j.Source, ProgramMark, ProgramCommand+" "+strconv.Quote(path))))
	if err != nil {
		return j.Of(Done, err), nil
	}
	if len(j.Submission) == 0 {
		return j.Of(Done, i18n.Errmsg("class.empty")), nil
	}
	if !executable(j.Submission) {
		return j.Of(Done, i18n.Errmsg("class.program.format")), nil
	}
	if err := at.cage(ctx); err != nil {
		if ctx.Err() != nil || lab.Busy(err) {
			return j.Of(Temporary, err), nil
		}
		return j.unable(e, backend.Name(), err), nil
	}
	if name := lacking(j.Submission, at.has); name != "" {
		return j.unable(e, backend.Name(), i18n.Errmsg("class.program.lacking", "Name", name)), nil
	}
	mean := watchCrowd(at.count)
	defer mean()
	first := programLine(e)
	r, files := j.run(ctx, backend, e, func(o *script.Outcome) error {
		if !stopped(o, first) || uncaged(o) {
			return nil
		}
		if crowd := mean(); crowd >= crowded {
			return i18n.Errmsg("class.program.crowded", "Number", int(crowd), "Cause", o.Err)
		}
		blame(o)
		return nil
	})
	for _, called := range []string{ProgramCommand + " " + path, path} {
		r = r.calling(called, ProgramMark)
	}
	return r, files
}

// calling is the result with another text in place of one of this machine's: a student is
// told of the program as the script names it, and not where it lay.
func (r Result) calling(old, with string) Result {
	if r.Reason != nil {
		r.Reason = new(r.Reason.Replace(old, with))
	}
	if r.Run == nil {
		return r
	}
	for i := range r.Run.Experiments {
		e := &r.Run.Experiments[i]
		e.Reason = strings.ReplaceAll(e.Reason, old, with)
		for k := range e.Claims {
			if why := e.Claims[k].Reason; why != nil {
				e.Claims[k].Reason = new(why.Replace(old, with))
			}
		}
	}
	return r
}

// unable is the result of an experiment that a place cannot carry out, for which nobody
// loses points: all claims are inconclusive.
func (j Job) unable(e *script.Experiment, place string, why error) Result {
	m := i18n.FromError(why)
	r := j.Of(Done, why)
	r.Place, r.Run = place, report.NewResult(place)
	r.Run.Add(&script.Outcome{Experiment: e, Recording: e.NewRecording(nil), Verdicts: claim.Unable(e.Claims, m), Err: why, Why: m}, "")
	return r
}

// programFile is the path of the submission, which a job from elsewhere has in no file.
func (j Job) programFile() (path string, remove func(), err error) {
	if j.path != "" {
		return j.path, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "wirelab-class-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	path = filepath.Join(dir, j.Experiment)
	if err := os.WriteFile(path, j.Submission, 0o600); err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}

// executable reports whether a submission begins as what a machine can run. Whether it is
// for this machine, running it shows.
func executable(submission []byte) bool {
	return bytes.HasPrefix(submission, []byte("#!")) || bytes.HasPrefix(submission, []byte("\x7fELF"))
}

// programLine is the line of the script that first runs the student's program, 0 for none.
func programLine(e *script.Experiment) int {
	for _, s := range e.Steps {
		if len(s.Args) > 1 && strings.Join(s.Args[:2], " ") == ProgramCommand {
			return s.Line
		}
	}
	return 0
}

// stopped reports whether the script stopped at or after its line first, which starts the
// student's program: what the script awaits from then on, on whichever host, is the
// program's doing.
func stopped(o *script.Outcome, first int) bool {
	step, ok := errors.AsType[*script.StepError](o.Err)
	return ok && first > 0 && step.Step.Line >= first
}

// uncaged reports whether the student's program was not run, as the host cannot lock it in.
func uncaged(o *script.Outcome) bool {
	ended, ok := errors.AsType[*lab.ExitError](o.Err)
	return ok && ended.Code == cage.Uncaged
}

// blame makes all claims fail, with the step that the program did not do. What fails again
// in every try is not the machine's fault.
func blame(o *script.Outcome) {
	step, _ := errors.AsType[*script.StepError](o.Err)
	why := i18n.Msg("class.program.step", "Step", step.Step.String(), "Cause", step.Err)
	for i := range o.Verdicts {
		o.Verdicts[i].Status, o.Verdicts[i].Reason = claim.Fail, &why
	}
}
