package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/inline"
)

// farewell is how long the server may take to answer our FIN with its own.
const farewell = 5 * time.Second

func joinCommand() *cobra.Command {
	var k link
	c := &cobra.Command{
		Use:   "join [HOST[:PORT]]",
		Short: "Join a room: chat on a terminal, or in plain lines where there is none",
		Long: `Joins the room at HOST (default server).

On a terminal there is a line to type in and a status line that says who is
here; what happens in the room scrolls by above them. A connection that is lost
over TCP is made again, and what was missed is shown. Lines that begin with /
are commands: /help lists them. exit, /quit and Ctrl-D leave; Ctrl-C clears the
line. NO_COLOR is honoured, and TERM=dumb gets plain lines.

Without a terminal what is read from standard input is said, and what others
say is printed as "name: text". The end of the input, exit, /quit, Ctrl-C and
SIGTERM leave.

Over TCP leaving is a FIN each way. Over UDP nothing at all is sent, but for
the word exit or /quit itself where it is said.

Exits with 1 if the server goes first (without a terminal) or one is kicked,
and with 3 if it cannot be reached.`,
		Example: `  wirelab chat join
  wirelab chat join --name alice 192.0.2.7:7000
  wirelab chat join --udp server
  echo hello | wirelab chat join server`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return join(c, k, args) },
	}
	k.flags(c)
	return c
}

func join(c *cobra.Command, k link, args []string) error {
	w, host, port, err := k.resolve(c, args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if terminal(c.InOrStdin()) && terminal(c.OutOrStdout()) && os.Getenv("TERM") != "dumb" {
		t, size, err := inline.Open(os.Stdin, os.Stdout)
		if err == nil {
			return newConversation(k, host, port, w, t, size).run(ctx)
		}
		// Plain lines do without.
	}

	out, messages := newScreen(c.OutOrStdout()), newScreen(c.ErrOrStderr())
	defer messages.Close()
	defer out.Close()
	r := &room{words: w, where: target(host, port), udp: k.udp, out: out}
	r.client, err = k.dial(ctx, host, port, func(cause error) {
		fmt.Fprintln(messages, r.Waiting(r.where, cause))
	})
	if err != nil {
		return err
	}
	defer r.client.Close()
	return r.chat(ctx, lineReader(c.InOrStdin()))
}

// errKicked ends receiving when the user was told so by a line of the room.
var errKicked = errors.New("kicked")

// endOf is the error of a chat that the user did not end.
func endOf(err error, gone string) error {
	switch {
	case errors.Is(err, errKicked):
		return exit.Silent(exit.Failed)
	case errors.Is(err, io.EOF):
		return exit.With(exit.Failed, errors.New(gone))
	}
	return exit.With(exit.Failed, fmt.Errorf("%s: %w", gone, err))
}

// leavingWord reports whether a line is one that leaves the room.
func leavingWord(line string) bool { return line == "exit" || line == "/quit" }
