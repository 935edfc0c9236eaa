package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/exit"
	"wirelab/internal/safetext"
)

func sendCommand() *cobra.Command {
	var k link
	c := &cobra.Command{
		Use:   "send HOST[:PORT] TEXT...",
		Short: "Join a room, say each argument as a line, leave: for scripts",
		Long: `Joins the room at HOST, says each TEXT as a line of its own and leaves.

Over TCP it waits until the server has sent every line back, so that exit code 0
means that the room has heard it. Over UDP it sends one datagram for each TEXT,
closes the socket, and knows no more than that.

Exits with 1 if something was not said and with 3 if there is no connection.`,
		Example: `  wirelab chat send server "the build is green"
  wirelab chat send --name ci server:7000 one two
  wirelab chat send --udp server hello`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return send(c, k, args[:1], args[1:]) },
	}
	k.flags(c)
	return c
}

func send(c *cobra.Command, k link, server, texts []string) error {
	w, host, port, err := k.resolve(c, server)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if chat.CleanText(text) == "" {
			return exit.Usagef("text %q: nothing to say", text)
		}
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := k.dial(ctx, host, port, func(cause error) {
		fmt.Fprintln(c.ErrOrStderr(), w.Waiting(target(host, port), cause))
	})
	if err != nil {
		return err
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { client.Close() })()
	for _, text := range texts {
		if err := client.Say(text); err != nil {
			return exit.With(exit.Failed, fmt.Errorf("say %.40q: %w", text, err))
		}
		if !k.udp {
			if err := heard(client, k.wait); err != nil {
				return exit.With(exit.Failed, fmt.Errorf("say %.40q: %w", text, err))
			}
		}
	}
	return exit.With(exit.Failed, leave(client, k))
}

// heard waits until the server has sent back what the client said.
func heard(conn *client.Conn, limit time.Duration) error {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	for {
		l, err := conn.Receive()
		switch {
		case err != nil:
			return fmt.Errorf("await the server's echo: %w", err)
		case l.Kind == chat.Notice || l.Kind == chat.Error:
			return fmt.Errorf("the server says: %s", safetext.Strip(l.Text))
		case l.Name == conn.Name() && l.Kind == chat.Kick:
			return errKicked
		case l.Name == conn.Name() && l.Kind == chat.Say:
			return nil
		}
	}
}

// leave closes the client's end and, over TCP, awaits the server's.
func leave(conn *client.Conn, k link) error {
	if err := conn.Leave(farewell); err != nil || k.udp {
		return err
	}
	for {
		if _, err := conn.Receive(); errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("await the server's farewell: %w", err)
		} else if err != nil {
			return nil // its FIN, or less: everything was heard before
		}
	}
}
