package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	var k clientFlags
	c := &cobra.Command{
		Use:   "send HOST[:PORT] TEXT...",
		Short: "Join a room, say each argument as a line, leave: for scripts",
		Long: `Joins the room at HOST, says each TEXT as a line of its own and leaves.

Over TCP it waits until the server has sent every line back: exit code 0 means
that the room has heard it. Over UDP it sends one datagram for each TEXT, closes
the socket and waits for nothing.

Exits with 1 if a text was not said and with 3 if there is no connection.`,
		Example: `  wirelab chat send server "the build is green"
  wirelab chat send --name ci server:7000 one two
  wirelab chat send --udp server hello`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return send(c, k, args[:1], args[1:]) },
	}
	k.add(c)
	return c
}

func send(c *cobra.Command, k clientFlags, server, texts []string) error {
	w, config, err := k.config(c, server)
	if err == nil {
		err = checkNamed(config)
	}
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
	config.SendOnly = true
	s := client.Start(context.WithoutCancel(ctx), config)
	defer s.Close()
	if err := awaitConnected(ctx, s, func(cause error) {
		fmt.Fprintln(c.ErrOrStderr(), w.Waiting(config.Server(), cause))
	}); err != nil {
		return err
	}
	for _, text := range texts {
		err := s.SayAndWait(ctx, text)
		if err == nil && !config.UDP {
			err = awaitEcho(ctx, s, config.Wait)
		}
		if err != nil {
			return exit.With(exit.Failed, fmt.Errorf("say %.40q: %w", text, err))
		}
	}
	s.Leave("")
	for range s.Events() {
	}
	if errors.Is(s.Err(), os.ErrDeadlineExceeded) {
		return exit.With(exit.Failed, fmt.Errorf("await the server's farewell: %w", s.Err()))
	}
	return nil // everything was heard, however the connection ended
}

// awaitConnected waits for the first connection.
func awaitConnected(ctx context.Context, s *client.Session, waiting func(cause error)) error {
	for {
		select {
		case e, ok := <-s.Events():
			switch e := e.(type) {
			case client.Waiting:
				waiting(e.Cause)
			case client.Connected:
				return nil
			}
			if !ok {
				return sessionError(s.Err(), "")
			}
		case <-ctx.Done():
			return interrupted(s)
		}
	}
}

// awaitEcho waits until the server has sent back what the session said.
func awaitEcho(ctx context.Context, s *client.Session, limit time.Duration) error {
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		select {
		case e, ok := <-s.Events():
			if !ok {
				return fmt.Errorf("await the server's echo: %w", cmp.Or(s.Err(), io.EOF))
			}
			received, _ := e.(client.Received)
			switch l := received.Line; {
			case l.Kind == chat.Notice || l.Kind == chat.Error:
				return fmt.Errorf("the server says: %s", safetext.Strip(l.Text))
			case l.Kind == chat.Kick && l.Name == received.Me:
				return client.ErrKicked
			case l.Kind == chat.Say && l.Name == received.Me:
				return nil
			}
		case <-late.C:
			return fmt.Errorf("await the server's echo: %w", os.ErrDeadlineExceeded)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
