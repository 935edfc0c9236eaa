package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/internal/exit"
	"wirelab/internal/safetext"
)

func watchCommand() *cobra.Command {
	var k link
	var asJSON bool
	c := &cobra.Command{
		Use:   "watch [HOST[:PORT]]",
		Short: "Print what a room tells, for people and for programs",
		Long: `Joins the room at HOST (default server) over TCP and prints its lines: first the
last ones before it came, then all that follow. It says nothing.

With --json each line is an object, on a line of its own:

  {"seq":7,"time":"2026-11-22T20:11:03.250Z","kind":"say","name":"alice","text":"hi"}

  seq   number of the line in the room, from 1 on; a line for this client alone
        has that of the line before it
  time  by the server's clock, in UTC
  kind  say, me, join, leave, kick, nick, topic or notice; for this client
        alone msg, reply or error; gap where lines are missing: text is how many
  name  whom it is about; may be empty
  text  what was said, or what the kind has in its place: the transport of a
        join, the reason of a leave or kick, the new name of a nick

Programs are to pass over kinds and keys that they do not know.

A connection that is lost is made again, and what was missed is printed; that
is told on standard error. Ctrl-C and SIGTERM leave.

Exits with 0 when told to leave, with 1 if it is kicked or cannot write, and
with 3 if the server cannot be reached.`,
		Example: `  wirelab chat watch
  wirelab chat watch server:7000 --name logger
  wirelab chat watch --json | jq -r 'select(.kind == "say") | .text'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return watch(c, k, args, asJSON) },
	}
	c.Flags().StringVar(&k.name, "name", "watcher", "`name` in the room")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each line")
	k.waitFlag(c)
	return c
}

func watch(c *cobra.Command, k link, args []string, asJSON bool) error {
	texts, host, port, err := k.resolve(c, args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second Ctrl-C ends it even while nobody reads what it prints.
	defer context.AfterFunc(ctx, stop)()
	w := &watcher{connection: newConnection(k, host, port, texts), messages: c.ErrOrStderr()}
	w.print = func(line chat.Line) error { return printPlain(c.OutOrStdout(), w.words, line, w.client.Name()) }
	if asJSON {
		out := json.NewEncoder(c.OutOrStdout())
		out.SetEscapeHTML(false)
		w.print = func(line chat.Line) error { return out.Encode(objectOf(line)) }
	}
	return w.run(ctx)
}

// watcher prints what a room tells.
type watcher struct {
	connection
	print    func(chat.Line) error
	messages io.Writer
	waiting  bool // it was said that there is no connection
	kicked   bool
}

// run watches until it is told to leave, is kicked or there never was a server.
func (w *watcher) run(ctx context.Context) error {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	err := w.watch(ctx, own)
	cancel()
	if w.client != nil {
		w.client.Close()
	}
	w.others.Wait()
	return err
}

func (w *watcher) watch(ctx, own context.Context) error {
	w.others.Go(func() { w.connect(own) })
	for {
		select {
		case <-ctx.Done():
			return w.leave()
		case d := <-w.dialed:
			if d.err != nil {
				return d.err
			}
			w.connected(own, d)
		case r := <-w.received:
			if r.err == nil {
				if err := w.hear(r.line); err != nil {
					return err
				}
				continue
			}
			if w.kicked {
				return exit.Silent(exit.Failed)
			}
			w.notice("* " + w.words.Gone(target(w.host, w.port)))
			w.again(own)
		}
	}
}

func (w *watcher) connected(own context.Context, d dialed) {
	if d.waiting != nil {
		if !w.waiting {
			w.notice(w.words.Waiting(target(w.host, w.port), d.waiting))
		}
		w.waiting = true
		return
	}
	again := w.token != ""
	_, resumed := w.take(own, d.client)
	switch w.waiting = false; {
	case resumed:
		w.notice(w.words.Resumed())
	case again:
		w.notice(w.words.Another())
	}
}

func (w *watcher) hear(l chat.Line) error {
	w.kicked = w.kicked || l.Kind == chat.Kick && l.Name == w.client.Name()
	if err := w.print(l); err != nil {
		return exit.With(exit.Failed, fmt.Errorf("watch: %w", err))
	}
	return nil
}

// leave leaves politely and prints what comes until the server does so, too.
func (w *watcher) leave() error {
	if w.client == nil || w.client.Leave(farewell) != nil {
		return nil
	}
	for r := range w.received {
		if r.err != nil {
			return nil
		}
		if err := w.hear(r.line); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) notice(s string) { fmt.Fprintln(w.messages, s) }

func printPlain(out io.Writer, w words, l chat.Line, me string) error {
	text := w.Tell(l, me)
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

// object is a line as watch --json prints it.
type object struct {
	Seq  uint64    `json:"seq"`
	Time string    `json:"time"`
	Kind chat.Kind `json:"kind"`
	Name string    `json:"name"`
	Text string    `json:"text"`
}

func objectOf(l chat.Line) object {
	return object{l.Seq, l.Time.UTC().Format("2006-01-02T15:04:05.000Z"), chat.Kind(safetext.Strip(string(l.Kind))), safetext.Strip(l.Name), safetext.Strip(l.Text)}
}
