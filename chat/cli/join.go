package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/chat/client"
	"wirelab/chat/tui"
	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/inline"
)

func joinCommand() *cobra.Command {
	var k clientFlags
	var o tui.Options
	c := &cobra.Command{
		Use:  "join [HOST[:PORT]]",
		Args: cmdline.Args(0, 1),
		RunE: func(c *cobra.Command, args []string) error { return join(c, k, args, o) },
	}
	k.add(c)
	c.Flags().BoolVar(&o.NoBell, "no-bell", false, "")
	c.Flags().BoolVar(&o.Stay, "stay", false, "")
	return c
}

func join(c *cobra.Command, k clientFlags, args []string, o tui.Options) error {
	w, config, err := k.config(c, args)
	if err != nil {
		return err
	}
	if terminal(c.InOrStdin()) && terminal(c.OutOrStdout()) && os.Getenv("TERM") != "dumb" {
		t, size, err := inline.Open(os.Stdin, os.Stdout)
		if err == nil {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return sessionError(tui.Run(ctx, config, t, size, w, o), "")
		}
		// Plain lines need no terminal's modes.
	}
	if err := checkNamed(config); err != nil {
		return err
	}
	out, errs := newScreen(c.OutOrStdout()), newScreen(c.ErrOrStderr())
	defer errs.Close()
	defer out.Close()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	p := &plainClient{words: w, config: config, out: out, errs: errs}
	return p.chat(c.Context(), lineReader(c.InOrStdin()), signals)
}

// sessionError returns the error of a command whose session has ended; nil if the
// user has left. gone, if there is one, says that the connection is lost.
func sessionError(err error, gone string) error {
	if e, ok := errors.AsType[*client.DialError](err); ok {
		return unreachable(e)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, client.ErrKicked):
		return exit.Silent(exit.Failed)
	case gone == "":
		return exit.With(exit.Failed, err)
	case errors.Is(err, io.EOF):
		return exit.With(exit.Failed, errors.New(gone))
	}
	return exit.With(exit.Failed, fmt.Errorf("%s: %w", gone, err))
}

// unreachable says what to do about a server that was never reached.
func unreachable(err *client.DialError) error {
	if _, refused := errors.AsType[*client.RefusedError](err); refused {
		return exit.With(exit.Unable, err)
	}
	if _, name := errors.AsType[*net.DNSError](err); name {
		return exit.UnableMsg("chat.mistake.nohost", "Cause", err)
	}
	return exit.UnableMsg("chat.mistake.unreachable", "Cause", err)
}

// interrupted ends a session that was never connected.
func interrupted(s *client.Session) error {
	s.Close()
	return exit.Silent(exit.Interrupted)
}

// leavingWord reports whether a line is one that leaves the room.
func leavingWord(line string) bool { return line == "exit" || line == "/quit" }
