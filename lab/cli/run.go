package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab"
	"wirelab/lab/experiments"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [EXPERIMENT…]",
		Short: "Run experiments and judge what crossed the wire",
		Long: `Run brings a lab up for each experiment, carries it out, captures every frame
and judges the experiment's claims by what was captured. Without a name it
runs all that come with wirelab; a path runs an experiment of your own.

The captures, ladder diagrams as SVG and the result document are kept in a
folder.

Exit: 0 all claims pass, 1 a claim failed, 2 usage, 3 no lab can run here,
4 a claim is inconclusive, 130 interrupted.`,
		Example: `  wirelab run
  wirelab run ping tcp-chat
  wirelab run ./mine.txtar -o mine
  wirelab run --backend docker
  wirelab run --json | jq -r '.experiments[].claims[] | .id + " " + .status'`,
		Args: cobra.ArbitraryArgs,
	}
	backend := cmd.Flags().String("backend", "auto", "where the lab runs: auto, netns (namespaces) or docker")
	dir := cmd.Flags().StringP("output", "o", "", "folder for the captures and result.json (default: runs/ and a number)")
	asJSON := cmd.Flags().Bool("json", false, "print only the result document on standard output")
	language := langFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := language()
		if err != nil {
			return err
		}
		chosen, err := findExperiments(args)
		if err != nil {
			return err
		}
		ctx, cancel := interruptible(cmd.Context())
		defer cancel()
		r := &runner{lang: l, dir: *dir, json: *asJSON, out: cmd.OutOrStdout(), progress: newProgress(os.Stderr)}
		return r.run(ctx, *backend, chosen)
	}
	return cmd
}

// findExperiments returns the named experiments, or all of them. Two of one
// name would write over each other's captures.
func findExperiments(names []string) ([]*lab.Experiment, error) {
	if len(names) == 0 {
		return experiments.All()
	}
	var found []*lab.Experiment
	seen := map[string]bool{}
	for _, name := range names {
		e, err := experiments.Find(name)
		if err != nil {
			return nil, exit.With(exit.Usage, err)
		}
		if seen[e.Name] {
			return nil, exit.Usagef("experiment %q is named twice", e.Name)
		}
		seen[e.Name] = true
		found = append(found, e)
	}
	return found, nil
}

type runner struct {
	lang     lang.Lang
	dir      string
	json     bool
	out      io.Writer
	progress *progress
}

func (r *runner) run(ctx context.Context, backendName string, chosen []*lab.Experiment) error {
	began := time.Now()
	defer r.progress.clear()
	r.progress.show(r.lang.Pick("looking for a backend", "正在尋找可用的後端"))
	backend, err := chooseBackend(ctx, backendName)
	if err != nil {
		return unable(ctx, err)
	}
	dir, err := makeRunDir(r.dir)
	if err != nil {
		return exit.With(exit.Unable, fmt.Errorf("no folder for the captures: %w\ngive one with -o DIR", err))
	}
	result := lab.NewResult(backend.Name())
	for _, e := range chosen {
		outcome, err := r.one(ctx, backend, e)
		if err != nil {
			r.progress.clear()
			return unable(ctx, err)
		}
		capture := e.Name + ".pcapng"
		if err := outcome.Record.WriteFile(filepath.Join(dir, capture)); err != nil {
			return exit.With(exit.Unable, err)
		}
		drawing := filepath.Join(dir, e.Name+".svg")
		if err := lab.WriteWhole(drawing, func(w io.Writer) error { return ladderOf(outcome, r.lang).SVG(w, outcome.Record.Packets) }); err != nil {
			return exit.With(exit.Unable, err)
		}
		result.Add(outcome, capture)
		if err := result.WriteFile(filepath.Join(dir, "result.json")); err != nil {
			return exit.With(exit.Unable, err)
		}
		r.progress.clear()
		if !r.json {
			if err := printOutcome(r.out, outcome, r.lang); err != nil {
				return err
			}
		}
	}
	if r.json {
		if err := result.Encode(r.out); err != nil {
			return err
		}
	} else {
		printSummary(r.out, result, time.Since(began), dir, r.lang)
	}
	return statusError(result.Status())
}

func (r *runner) one(ctx context.Context, backend lab.Backend, e *lab.Experiment) (*lab.Outcome, error) {
	r.progress.show(e.Name + ": " + r.lang.Pick("bringing the lab up", "正在建立實驗環境"))
	return lab.Run(ctx, backend, e, func(s lab.Step) { r.progress.show(e.Name + ": " + s.String()) })
}

// statusError is the exit code of a status; the report has said the rest.
func statusError(s lab.Status) error {
	switch s {
	case lab.Fail:
		return exit.Silent(exit.Failed)
	case lab.Inconclusive:
		return exit.Silent(exit.Inconclusive)
	}
	return nil
}

// makeRunDir makes the folder that was asked for, or the next number in runs/.
func makeRunDir(dir string) (string, error) {
	if dir != "" {
		return dir, os.MkdirAll(dir, 0o755)
	}
	if err := os.MkdirAll("runs", 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir("runs")
	if err != nil {
		return "", err
	}
	last := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			last = max(last, n)
		}
	}
	for {
		last++
		dir := filepath.Join("runs", strconv.Itoa(last))
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, os.ErrExist) { // another run may have taken the number
			return dir, err
		}
	}
}

// progress is one line on a terminal that says what is being done; on anything
// else it is silent.
type progress struct {
	w     *os.File
	on    bool
	shown bool
}

func newProgress(w *os.File) *progress {
	return &progress{w: w, on: term.IsTerminal(int(w.Fd()))}
}

func (p *progress) show(text string) {
	if !p.on {
		return
	}
	width, _, err := term.GetSize(int(p.w.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", shorten(safetext.Escape(text), width-1))
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
