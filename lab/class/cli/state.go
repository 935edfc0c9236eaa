package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/poll"
	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
	"wirelab/lab/report"
)

// state is what a course's folder says.
type state struct {
	Schema       string `json:"schema"`
	Course       string `json:"course"`
	Running      bool   `json:"running"`
	PID          int    `json:"pid,omitempty"` // of the process that carries jobs out
	Students     int    `json:"students"`
	Jobs         int    `json:"jobs"` // what was handed in
	Missing      int    `json:"missing"`
	Done         int    `json:"done"`
	Left         int    `json:"left"`
	Passed       int    `json:"pass"`
	Failed       int    `json:"fail"`
	Inconclusive int    `json:"inconclusive"`
}

// look reads the state of a course.
func look(c *class.Course) (state, error) {
	jobs, missing := c.Jobs()
	var t tally
	for _, j := range jobs {
		if r, ok := c.Result(j); ok {
			t.add(r)
		}
	}
	s := state{
		Schema: "wirelab/class-status/v1", Course: c.Name, Students: len(c.Students), Jobs: len(jobs), Missing: len(missing),
		Done: t.done, Left: len(jobs) - t.done, Passed: t.passed, Failed: t.failed, Inconclusive: t.inconclusive,
	}
	holder, err := c.Holder()
	if holder != nil {
		s.Running, s.PID = true, holder.PID
	}
	return s, exit.With(exit.Unable, err)
}

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "status COURSE", SuggestFor: []string{"show", "ls"}, Args: cmdline.Args(1, 1)}
	completeCourse(cmd)
	asJSON := cmd.Flags().Bool("json", false, "")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := openCourse(args[0])
		if err != nil {
			return err
		}
		s, err := look(c)
		if err != nil {
			return err
		}
		if *asJSON {
			return exit.With(exit.Unable, report.EncodeJSON(cmd.OutOrStdout(), s))
		}
		l := cmdline.Lang(cmd)
		at := i18n.Msg("class.status.idle")
		if s.Running {
			at = i18n.Msg("class.status.running", "PID", s.PID)
		}
		lines := append([]string{
			i18n.Text(l, "class.status.folder", "Students", s.Students, "Jobs", s.Jobs, "Missing", s.Missing),
			i18n.Text(l, "class.status.done", "Done", s.Done, "Pass", s.Passed, "Fail", s.Failed, "Inconclusive", s.Inconclusive, "Left", s.Left),
			at.In(l),
		}, unusedLines(c, l)...)
		var text strings.Builder
		width := display.Of(cmd.OutOrStdout()).Width
		for _, line := range lines {
			text.WriteString(strings.Join(columns.Wrap(line, width, width), "\n") + "\n")
		}
		_, err = io.WriteString(cmd.OutOrStdout(), text.String())
		return exit.With(exit.Unable, err)
	}
	return cmd
}

// mostUnused bounds how many files that nobody is graded by are named.
const mostUnused = 10

// unusedLines say which files nobody is graded by, as of a misspelt name.
func unusedLines(c *class.Course, l lang.Lang) (lines []string) {
	all := c.Unused()
	for _, m := range all[:min(len(all), mostUnused)] {
		lines = append(lines, m.In(l))
	}
	if more := len(all) - mostUnused; more > 0 {
		lines = append(lines, i18n.Text(l, "class.unused.more", "Count", more))
	}
	return lines
}

// cancelTimeout bounds the wait for a run that was asked to end.
const cancelTimeout = time.Minute

func cancelCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "cancel COURSE", SuggestFor: []string{"stop", "kill"}, Args: cmdline.Args(1, 1)}
	completeCourse(cmd)
	on := cluster.On(cmd)
	var where cluster.Options
	where.Where(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		remote, err := on()
		if err != nil {
			return err
		}
		c, err := openCourse(args[0])
		if err != nil {
			return err
		}
		ctx, stop := cmdline.Interruptible(cmd.Context())
		defer stop()
		said, err := cancel(ctx, c)
		if err == nil && remote {
			said, err = cancelOnCluster(ctx, c, where)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), said.In(cmdline.Lang(cmd)))
		return exit.With(exit.Unable, err)
	}
	return cmd
}

// cancel has the process that works on a course end, and waits until it has. It returns
// what to say.
func cancel(ctx context.Context, c *class.Course) (said i18n.Message, err error) {
	busy, err := c.Holder()
	if err != nil {
		return said, exit.With(exit.Unable, err)
	}
	if busy == nil {
		return i18n.Msg("class.cancel.none"), nil
	}
	p, err := os.FindProcess(busy.PID)
	if err == nil && busy.PID > 0 {
		err = p.Signal(os.Interrupt)
	}
	if err != nil || busy.PID == 0 {
		return said, exit.With(exit.Unable, i18n.Errmsg("class.cancel.unable", "PID", busy.PID, "Cause", i18n.Original(errors.Join(err, busy))))
	}
	ctx, end := context.WithTimeout(ctx, cancelTimeout)
	defer end()
	err = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		still, err := c.Holder()
		return still == nil, err
	})
	if err != nil {
		return said, exit.With(exit.Unable, i18n.Errmsg("class.cancel.unable", "PID", busy.PID, "Cause", i18n.Original(err)))
	}
	return i18n.Msg("class.cancel.done"), nil
}

func cleanCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "clean COURSE", SuggestFor: []string{"reset", "rm"}, Args: cmdline.Args(1, 1)}
	completeCourse(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := openCourse(args[0])
		if err != nil {
			return err
		}
		unlock, err := c.Lock()
		if err != nil {
			return exit.With(exit.Unable, err)
		}
		defer unlock()
		if err := c.Clean(); err != nil {
			return exit.With(exit.Unable, err)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), i18n.Text(cmdline.Lang(cmd), "class.cleaned"))
		return exit.With(exit.Unable, err)
	}
	return cmd
}
