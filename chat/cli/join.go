package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/internal/exit"
)

// farewell is how long the server may take to answer our FIN with its own.
const farewell = 5 * time.Second

func joinCommand() *cobra.Command {
	var k link
	c := &cobra.Command{
		Use:   "join [HOST[:PORT]]",
		Short: "Join a room: lines from standard input are said, the room's lines shown",
		Long: `Joins the room at HOST (default server) and chats in plain lines: what is read
from standard input is said, what others say is printed as "name: text".

The end of the input, exit, /quit, Ctrl-C and SIGTERM leave the room. Over TCP
leaving is a FIN each way. Over UDP nothing at all is sent when one leaves.

Exits with 1 if the server goes first and with 3 if it cannot be reached.`,
		Example: `  wirelab chat join
  wirelab chat join --name alice 192.0.2.7:7000
  wirelab chat join --udp server
  echo hello | wirelab chat join server`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			host := defaultHost
			if len(args) == 1 {
				host = args[0]
			}
			return join(c, k, host)
		},
	}
	k.flags(c)
	return c
}

func join(c *cobra.Command, k link, where string) error {
	l, err := language(c)
	if err != nil {
		return err
	}
	host, port, err := k.address(where)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	r := &room{words: words{l}, where: target(host, port), udp: k.udp}
	r.person = terminal(c.InOrStdin()) && terminal(c.OutOrStdout())
	out, messages := newScreen(c.OutOrStdout()), newScreen(c.ErrOrStderr())
	defer messages.Close()
	defer out.Close()
	r.out, r.messages = out, messages

	in := lineReader(c.InOrStdin())
	if k.name == "" && !c.Flags().Changed("name") {
		k.name = myName()
	}
	if k.name == "" && r.person {
		fmt.Fprint(out, r.askName())
		if k.name, err = in.ReadLine(); err != nil {
			return exit.With(exit.Failed, fmt.Errorf("read a name: %w", err))
		}
	}
	r.client, err = k.dial(ctx, host, port, func(cause error) {
		fmt.Fprintln(messages, r.waiting(r.where, cause))
	})
	if err != nil {
		return err
	}
	defer r.client.Close()
	return r.chat(ctx, in)
}

// room is a room as its client shows it.
type room struct {
	words
	client        *chat.Client
	where         string
	udp           bool
	person        bool // someone types at a terminal: a prompt is shown
	out, messages io.Writer
}

// chat goes on until either side leaves.
func (r *room) chat(ctx context.Context, in *chat.LineReader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	transport := "tcp"
	if r.udp {
		transport = "udp"
	}
	r.show(r.joined(r.where, r.client.Name(), transport))

	received := make(chan error, 1)
	go func() { received <- r.receive() }()
	lines := typed(ctx, in, func() { r.show(r.tooLong(chat.MaxLine)) })
	for {
		select {
		case line, ok := <-lines:
			if !ok || line == "exit" || line == "/quit" {
				return r.leave(received)
			}
			r.say(line)
		case <-ctx.Done():
			return r.leave(received)
		case err := <-received:
			return r.lost(err)
		}
	}
}

// receive shows the room's lines until there are no more.
func (r *room) receive() error {
	kicked := false
	for {
		l, err := r.client.Receive()
		switch {
		case r.udp && errors.Is(err, syscall.ECONNREFUSED):
			r.show(r.nobodyListens(r.where)) // the next datagram may find it
			continue
		case err != nil && kicked:
			return errKicked
		case err != nil:
			return err
		}
		kicked = kicked || l.Kind == chat.Kick && l.Name == r.client.Name()
		if text := r.line(l, r.client.Name()); text != "" {
			r.show(text)
		}
	}
}

// errKicked ends receive when the user was told so by a line of the room.
var errKicked = errors.New("kicked")

func (r *room) say(line string) {
	if strings.TrimSpace(line) != "" {
		switch err := r.client.Say(line); {
		case r.udp && errors.Is(err, syscall.ECONNREFUSED):
			// The answer to the datagram before; the socket took it for this one.
			if err = r.client.Say(line); err != nil {
				r.show(r.notSaid(err))
			}
		case err != nil:
			r.show(r.notSaid(err))
		}
	}
	r.prompt()
}

// leave leaves politely and waits for the server to do so, too.
func (r *room) leave(received <-chan error) error {
	if err := r.client.Leave(farewell); err != nil {
		return r.lost(err)
	}
	err := <-received
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		return r.lost(err)
	}
	if r.person {
		fmt.Fprintln(r.out, r.left())
	}
	return nil
}

// lost is the error of a chat that the user did not end.
func (r *room) lost(err error) error {
	switch {
	case errors.Is(err, errKicked):
		return exit.Silent(exit.Failed)
	case errors.Is(err, io.EOF):
		return exit.With(exit.Failed, errors.New(r.gone(r.where)))
	}
	return exit.With(exit.Failed, fmt.Errorf("%s: %w", r.gone(r.where), err))
}

// show prints a line. On a terminal the prompt stands in its way: it is
// overwritten and printed again below.
func (r *room) show(text string) {
	if r.person {
		fmt.Fprintf(r.out, "\r\x1b[K%s\n(%s) ", text, r.client.Name())
		return
	}
	fmt.Fprintln(r.out, text)
}

func (r *room) prompt() {
	if r.person {
		fmt.Fprintf(r.out, "(%s) ", r.client.Name())
	}
}
