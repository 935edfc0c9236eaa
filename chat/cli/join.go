package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/chat/client"
	"wirelab/chat/tui"
	"wirelab/internal/exit"
	"wirelab/internal/inline"
)

func joinCommand() *cobra.Command {
	var k clientFlags
	var noBell bool
	c := &cobra.Command{
		Use:   "join [HOST[:PORT]]",
		Short: "Join a room: chat on a terminal, or in plain lines where there is none",
		Long: `Joins the room at HOST (default server).

On a terminal, the room's lines scroll past above a status line, which says who
is here, and a line to type in. A TCP connection that is lost is made again, and
the lines that were missed are shown. Lines that begin with / are commands: /help
lists them. The bell rings when you are named or sent a private message. exit,
/quit and Ctrl-D leave; Ctrl-C clears the line. NO_COLOR turns colours off;
TERM=dumb gives plain lines.

Without a terminal, lines from standard input are said, and what others say is
printed as "name: text". The end of the input, exit, /quit, Ctrl-C and SIGTERM
leave. Control characters in messages are removed.

Leaving over TCP waits until the room has heard what was said, as long as the
server's limit on lines makes that take. Ctrl-C then gives up and lists what was
not heard.

Over TCP, leaving is a FIN each way. Over UDP, leaving sends nothing; the words
exit and /quit are sent like a text.

Exits with 1 if the server closes first (without a terminal), you are kicked or
something was not heard, and with 3 if the server cannot be reached.`,
		Example: `  wirelab chat join
  wirelab chat join --name alice 192.0.2.7:7000
  wirelab chat join --udp server
  echo hello | wirelab chat join server`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return join(c, k, args, noBell) },
	}
	k.add(c)
	c.Flags().BoolVar(&noBell, "no-bell", false, "ring no bell when you are named or sent a private message")
	return c
}

func join(c *cobra.Command, k clientFlags, args []string, noBell bool) error {
	w, config, err := k.config(c, args)
	if err != nil {
		return err
	}
	if terminal(c.InOrStdin()) && terminal(c.OutOrStdout()) && os.Getenv("TERM") != "dumb" {
		t, size, err := inline.Open(os.Stdin, os.Stdout)
		if err == nil {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return sessionError(tui.Run(ctx, config, t, size, w, !noBell), "")
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
		return exit.With(exit.Unable, fmt.Errorf("%w (is `wirelab chat serve` running there?)", e))
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

// interrupted ends a session that was never connected.
func interrupted(s *client.Session) error {
	s.Close()
	return exit.Silent(exit.Interrupted)
}

// leavingWord reports whether a line is one that leaves the room.
func leavingWord(line string) bool { return line == "exit" || line == "/quit" }
