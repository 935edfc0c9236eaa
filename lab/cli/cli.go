// Package cli has the commands that bring labs up, run experiments and judge
// captures. It is the one place, besides the experiments' test, that knows
// both backends.
package cli

import (
	"context"
	"embed"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/docker"
	"wirelab/lab/netns"
	"wirelab/lab/script"
)

//go:embed help/*.txt
var help embed.FS

// Part returns the commands of the lab and their help.
func Part() cmdline.Part {
	return cmdline.Part{
		Commands: []*cobra.Command{
			runCommand(), webCommand(), listCommand(), showCommand(), newCommand(), checkCommand(), doctorCommand(),
			upCommand(), lsCommand(), execCommand(), modeCommand(), markCommand(), wiresharkCommand(), downCommand(),
		},
		Help: cmdline.Help{
			Files:  cmdline.Folder(help),
			Tables: map[string]func(lang.Lang) string{"verbs": script.Help},
		},
	}
}

// backends are all there are, in the order in which "auto" tries them.
func backends() []lab.Backend {
	return []lab.Backend{netns.Backend{}, &docker.Backend{}}
}

// autoBackend is the backend that chooses itself.
const autoBackend = "auto"

// backendNames are the values of --backend.
func backendNames() []string {
	names := []string{autoBackend}
	for _, b := range backends() {
		names = append(names, b.Name())
	}
	return names
}

// chooseBackend returns the backend of that name, or for "auto" the first that
// this machine can run.
func chooseBackend(ctx context.Context, name string) (lab.Backend, error) {
	var missing []*lab.Unavailable
	for _, b := range backends() {
		if name != b.Name() && name != autoBackend {
			continue
		}
		err := b.Check(ctx)
		if err == nil {
			return b, nil
		}
		u, ok := errors.AsType[*lab.Unavailable](err)
		if !ok {
			return nil, err
		}
		missing = append(missing, u)
	}
	if missing == nil {
		return nil, cmdline.OneOf("--backend", name, backendNames()...)
	}
	return nil, exit.With(exit.Unable, noBackend(missing))
}

// noBackend says why each backend is missing and what to do, a line each.
func noBackend(missing []*lab.Unavailable) error {
	var causes, advice []error
	for _, u := range missing {
		causes = append(causes, i18n.Errmsg("lab.missing", "What", u.What, "Cause", u.Cause))
		advice = append(advice, adviceOf(u))
	}
	return i18n.Errmsg("lab.none", "Causes", errors.Join(causes...), "Advice", errors.Join(advice...))
}

// adviceOf is what to do about a thing that is missing, a line each.
func adviceOf(u *lab.Unavailable) error {
	var lines []error
	for _, m := range u.Advice {
		lines = append(lines, i18n.Errmsg("lab.advice.line", "Text", m))
	}
	return errors.Join(lines...)
}

// unable gives an error its exit code: 3 for what cannot run here, 75 for a machine that
// is too busy, 130 for an interrupt.
func unable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return exit.With(exit.Interrupted, i18n.Errmsg("run.interrupted.own"))
	}
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		return exit.UnableMsg("lab.advised", "Cause", err, "Advice", adviceOf(u))
	}
	if _, ok := errors.AsType[*exit.Error](err); ok {
		return err
	}
	if lab.Busy(err) {
		return exit.With(exit.TryAgain, err)
	}
	return exit.With(exit.Unable, err)
}

// unableIn is unable for what is done in a lab that stays up.
func unableIn(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return exit.Silent(exit.Interrupted)
	}
	return unable(ctx, err)
}

// noHost is the error of a host that a lab does not have.
func noHost(host string, hosts []string) error {
	return exit.UsageMsg("lab.nohost", "Host", host, "Hint", suggest.Hint(host, hosts), "Known", hosts)
}

// asciiFlag adds --ascii to a command.
func asciiFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("ascii", !lang.UTF8(), "")
}

// shown is what the place behind w shows.
func shown(w io.Writer, ascii bool) display.Display {
	d := display.Of(w)
	d.ASCII = ascii
	return d
}
