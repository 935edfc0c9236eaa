package class

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// ProgramMark stands in a teacher's script for the student's program: "start client1
// ${program} server 7000".
const ProgramMark = "${program}"

// ProgramCommand are the words of the command that runs a student's program caged
// (lab/class/cage); the path and the arguments follow.
const ProgramCommand = "class program"

// runProgram carries the experiment out with the student's program.
func (j Job) runProgram(ctx context.Context, backend lab.Backend) (Result, []File) {
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
	first := programLine(e)
	return j.run(ctx, backend, e, func(o *script.Outcome) { blame(o, first) })
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

// programLine is the line of the script that first runs the student's program, 0 for none.
func programLine(e *script.Experiment) int {
	for _, s := range e.Steps {
		if len(s.Args) > 1 && strings.Join(s.Args[:2], " ") == ProgramCommand {
			return s.Line
		}
	}
	return 0
}

// blame makes all claims fail where the script stopped at or after its line first, which
// starts the student's program: what the script awaits from then on, on whichever host,
// is the program's doing. What fails again in every try is not the machine's fault.
func blame(o *script.Outcome, first int) {
	step, ok := errors.AsType[*script.StepError](o.Err)
	if !ok || first == 0 || step.Step.Line < first {
		return
	}
	why := i18n.Msg("class.program.step", "Step", step.Step.String(), "Cause", step.Err)
	for i := range o.Verdicts {
		o.Verdicts[i].Status, o.Verdicts[i].Reason = claim.Fail, &why
	}
}
