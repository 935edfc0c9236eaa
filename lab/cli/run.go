package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/progress"
	"wirelab/internal/self"
	"wirelab/internal/wholefile"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/experiments"
	"wirelab/lab/report"
	"wirelab/lab/script"
	"wirelab/sniffer/pcapfile"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "run [EXPERIMENT…]",
		SuggestFor: []string{"start", "test", "experiment"},
		GroupID:    cmdline.Learn,
		Args:       cobra.ArbitraryArgs,
	}
	backend := cmd.Flags().String("backend", autoBackend, "")
	cmdline.Complete(cmd, "backend", backendNames)
	completeExperiments(cmd)
	attach := cmd.Flags().String("attach", "", "")
	cmdline.Complete(cmd, "attach", attachable)
	cmd.MarkFlagsMutuallyExclusive("attach", "backend")
	dir := cmd.Flags().StringP("output", "o", "", "")
	asJSON := cmd.Flags().Bool("json", false, "")
	stream := cmd.Flags().Bool("json-stream", false, "")
	update := cmd.Flags().Bool("update", false, "")
	seed := cmd.Flags().String("seed", "", "")
	step := cmd.Flags().Bool("step", false, "")
	ask := cmd.Flags().Bool("quiz", false, "")
	for _, exclusive := range [][]string{{"json", "json-stream"}, {"step", "json"}, {"step", "json-stream"}, {"quiz", "json"}, {"quiz", "json-stream"}, {"quiz", "update"}, {"seed", "attach"}, {"seed", "update"}} {
		cmd.MarkFlagsMutuallyExclusive(exclusive...)
	}
	ascii := asciiFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l := cmdline.Lang(cmd)
		r := &runner{lang: l, backend: *backend, attach: *attach, dir: *dir, json: *asJSON, out: cmd.OutOrStdout(), ascii: *ascii, progress: progress.New(os.Stderr, *ascii)}
		chosen, err := r.choose(args, *seed, *update)
		if err != nil {
			return err
		}
		r.named = args
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		if *stream {
			r.stream = json.NewEncoder(r.out)
			r.stream.SetEscapeHTML(false)
		}
		if *step || *ask {
			in := newTyped(cmd.InOrStdin(), r.out)
			if *ask {
				r.quiz = &quiz{l, in, r.out, r.terminal()}
			}
			if *step {
				r.stepper = newStepper(ctx, l, in, r.out, r.terminal())
			}
		}
		return r.run(ctx, chosen)
	}
	return cmd
}

// choose returns the experiments to run, and opens the file that is to be filled in.
func (r *runner) choose(names []string, seed string, update bool) ([]*script.Experiment, error) {
	if update {
		if len(names) != 1 {
			return nil, exit.UsageMsg("update.single")
		}
		var e *script.Experiment
		var err error
		if r.update, e, err = openSource(names[0]); err != nil {
			return nil, err
		}
		return []*script.Experiment{e}, checkProgram(e, names[0])
	}
	chosen, err := findExperiments(names, seed)
	if err != nil {
		return nil, err
	}
	for i, e := range chosen {
		if !e.Runs() {
			return nil, exit.UsageMsg("run.noscript", "Experiment", e.Name, "Argument", names[i])
		}
		if len(names) == 0 {
			continue // the lessons
		}
		if err := checkProgram(e, names[i]); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// checkProgram refuses a script that only a class run can carry out, and says how to try it.
func checkProgram(e *script.Experiment, path string) error {
	for _, s := range e.Steps {
		if slices.Contains(s.Args, class.ProgramMark) {
			return exit.UsageMsg("run.program", "File", path, "Line", s.Line, "Mark", class.ProgramMark)
		}
	}
	return nil
}

// findExperiment returns the experiment of a name or path. A capture in its place
// is told where it belongs.
func findExperiment(name, seed string) (*script.Experiment, error) {
	if pcapfile.IsCapture(name) {
		return nil, exit.UsageMsg("run.capture", "File", name, "Word", self.Quote(name), "Experiment", ofCapture(name))
	}
	e, err := experiments.FindSeeded(name, seed)
	return e, exit.With(exit.Usage, err)
}

// ofCapture guesses by which experiment a capture may be judged.
func ofCapture(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	if !slices.Contains(experiments.Names(), name) {
		return "tcp-once"
	}
	return name
}

// findExperiments returns the named experiments, or the lessons. Two of one
// name would write over each other's captures.
func findExperiments(names []string, seed string) ([]*script.Experiment, error) {
	if len(names) == 0 {
		names = experiments.CourseNames()
	}
	var found []*script.Experiment
	seen := map[string]bool{}
	for _, name := range names {
		e, err := findExperiment(name, seed)
		if err != nil {
			return nil, err
		}
		if seen[e.Name] {
			return nil, exit.UsageMsg("run.twice", "Name", e.Name)
		}
		seen[e.Name] = true
		found = append(found, e)
	}
	return found, nil
}

// runner runs experiments one after the other.
type runner struct {
	lang     lang.Lang
	backend  string
	named    []string // the experiments, as they were named
	attach   string   // a lab that is up; empty: one of its own for each experiment
	dir      string
	json     bool
	ascii    bool
	stream   *json.Encoder // of events; nil: none
	out      io.Writer
	progress *progress.Line
	failures []error  // to write what was reached
	update   *source  // the file that is filled in; nil: none
	stepper  *stepper // nil: the script runs by itself
	quiz     *quiz    // nil: nobody guesses
}

func (r *runner) run(ctx context.Context, chosen []*script.Experiment) (err error) {
	began := time.Now()
	defer r.progress.Clear()
	opening := i18n.Text(r.lang, "run.opening")
	if r.attach == "" {
		r.progress.Show(i18n.Text(r.lang, "run.backend"))
	} else {
		opening = i18n.Text(r.lang, "run.attaching")
		r.progress.Show(opening)
	}
	v, err := r.open(ctx)
	if err != nil {
		return r.unable(ctx, err)
	}
	defer v.leave(&err)
	_, absent := os.Lstat(r.dir)
	dir, err := makeFolder(r.dir)
	if err != nil {
		return err
	}
	if absent != nil { // it is not the person's own, nor a link to that
		defer os.Remove(dir) // which it does while nothing is in it
	}
	result := report.NewResult(v.backend)
	var refused error // why nothing was filled in
	for i, e := range chosen {
		if r.stepper != nil {
			r.stepper.begin(e)
		}
		var guesses []guess
		if r.quiz != nil {
			r.progress.Clear()
			if guesses, err = r.quiz.ask(ctx, e); err != nil {
				return r.unable(ctx, err)
			}
		}
		r.progress.Show(e.Name + ": " + opening)
		var next *script.Experiment
		if i+1 < len(chosen) {
			next = chosen[i+1]
		}
		observe, stop := r.observe, func() {}
		if r.stream != nil {
			observe, stop = script.WithPackets(e, r.observe)
		}
		outcome, err := v.run(ctx, e, next, observe)
		stop()
		r.progress.Clear()
		if err != nil {
			return r.unable(ctx, err)
		}
		var filled *script.Updated
		if r.update != nil {
			if filled, err = r.update.fillIn(outcome); err != nil {
				refused = err
			} else {
				outcome = filled.Outcome
			}
		}
		result.Add(outcome, e.Name+".pcapng")
		r.keep(dir, outcome, result)
		if !r.json && r.stream == nil {
			t := r.terminal()
			t.Outcome(outcome)
			for _, g := range guesses {
				t.Guess(g.claim, g.lines, outcome)
			}
			if filled != nil {
				t.Filled(r.update.path, filled)
			}
			r.note(t.Err())
		}
	}
	switch {
	case r.json:
		r.note(result.Encode(r.out))
	case r.stream == nil:
		t := r.terminal()
		t.Summary(result, time.Since(began))
		up := ""
		if r.attach == "" {
			up = self.Command() + " up" + r.networkOf(chosen)
		}
		t.Next(result, dir, up)
		r.note(t.Err())
	}
	if err := errors.Join(r.failures...); err != nil {
		return exit.With(exit.Unable, err)
	}
	if refused != nil {
		return refused
	}
	return statusError(result.Status())
}

// networkOf is what stands behind "up" for the network of the one experiment that was
// named, where that has segments of its own.
func (r *runner) networkOf(chosen []*script.Experiment) string {
	if len(r.named) != 1 || len(chosen[0].Topology.Segments) == 0 {
		return ""
	}
	return " " + self.Quote(r.named[0])
}

// terminal prints what people read.
func (r *runner) terminal() *report.Terminal {
	return report.NewTerminal(r.out, r.lang, shown(r.out, r.ascii))
}

// note keeps the error of a write, once: a verdict that was reached is shown all the
// same.
func (r *runner) note(err error) {
	if err != nil && !slices.ContainsFunc(r.failures, func(e error) bool { return e.Error() == err.Error() }) {
		r.failures = append(r.failures, err)
	}
}

// keep writes an experiment's files.
func (r *runner) keep(dir string, o *script.Outcome, result *report.Result) {
	write := func(name string, content func(io.Writer) error) {
		r.note(wholefile.Write(filepath.Join(dir, name), content))
	}
	write(o.Experiment.Name+".pcapng", o.Recording.Write)
	write(o.Experiment.Name+".svg", func(w io.Writer) error { return report.Picture(w, o, r.lang) })
	write("result.json", result.Encode)
	if r.dir == "" {
		r.note(pointLatest(dir)) // ahead of what is printed, whose reader may go away
	}
}

// observe shows what happens.
func (r *runner) observe(e script.Event) {
	if r.stream != nil {
		r.note(r.stream.Encode(e))
	}
	if r.stepper != nil {
		r.progress.Clear()
		r.stepper.observe(e)
		return
	}
	if e.Kind == script.Begun {
		r.progress.Show(e.Experiment + ": " + e.Step)
	}
}

// statusError is the exit code of a status; the report has said the rest.
func statusError(s claim.Status) error {
	switch s {
	case claim.Pass:
		return nil
	case claim.Fail:
		return exit.Silent(exit.Failed)
	}
	return exit.Silent(exit.Inconclusive)
}
