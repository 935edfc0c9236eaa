package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
)

// heardWithin is how long the room may take to hear a text: longer than the server's
// limit on lines makes it wait.
const heardWithin = time.Minute

func sendCommand() *cobra.Command {
	var k clientFlags
	c := &cobra.Command{
		Use:  "send HOST[:PORT] TEXT...",
		Args: cmdline.Args(2, -1),
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
			return exit.UsageMsg("chat.mistake.text", "Text", text)
		}
	}
	ctx, stop := cmdline.Interruptible(c.Context())
	defer stop()
	if config.UDP {
		return sent(client.SendUDP(ctx, config, texts))
	}
	s := client.Start(context.WithoutCancel(ctx), config)
	defer s.Close()
	if err := awaitConnected(ctx, s, func(cause error) {
		fmt.Fprintln(c.ErrOrStderr(), w.Waiting(config.Server(), cause))
	}); err != nil {
		return err
	}
	answers := io.Discard
	if slices.ContainsFunc(texts, chat.IsCommand) {
		answers = c.OutOrStdout()
	}
	refused := make(chan error, 1)
	go func() { refused <- printAnswers(answers, w, s) }()
	for _, text := range texts {
		if err := sayAndHear(ctx, s, text); err != nil {
			s.Close()
			if errors.Is(err, client.ErrOffline) {
				err = cmp.Or(s.Err(), err)
			}
			return exit.With(exit.Failed, client.Unsaid(text, err))
		}
	}
	s.Leave("")
	if err := <-refused; err != nil {
		return exit.With(exit.Failed, err)
	}
	if errors.Is(s.Err(), os.ErrDeadlineExceeded) {
		return exit.FailedMsg("chat.mistake.farewell", "Cause", i18n.NetError(s.Err()))
	}
	return nil // everything was heard, however the connection ended
}

// sent returns the error of a command that has sent texts over UDP.
func sent(err error) error {
	if e, ok := errors.AsType[*client.DialError](err); ok {
		return unreachable(e)
	}
	return exit.With(exit.Failed, err)
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

// sayAndHear says a text and waits until the room has heard it, or a command was
// answered.
func sayAndHear(ctx context.Context, s *client.Session, text string) error {
	limited, cancel := context.WithTimeout(ctx, heardWithin)
	defer cancel()
	err := s.SayAndHear(limited, text)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return i18n.Errmsg("chat.mistake.unheard", "Time", heardWithin)
	}
	return err
}

// printAnswers prints what the server answers to commands, until the session ends. The
// error is that of a command which the server has refused.
func printAnswers(out io.Writer, w words, s *client.Session) (refused error) {
	for e := range s.Events() {
		r, ok := e.(client.Received)
		switch {
		case !ok || !r.Line.Private():
		case r.Line.Kind == chat.Error:
			refused = cmp.Or(refused, error(&client.RefusedError{Line: r.Line}))
		default:
			_ = printPlain(out, w, r.Line, r.Me) // what was said was said
		}
	}
	return refused
}
