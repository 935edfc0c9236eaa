package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/safetext"
)

func watchCommand() *cobra.Command {
	var k clientFlags
	var asJSON bool
	c := &cobra.Command{
		Use:  "watch [HOST[:PORT]]",
		Args: cmdline.Args(0, 1),
		RunE: func(c *cobra.Command, args []string) error { return watch(c, k, args, asJSON) },
	}
	c.Flags().StringVar(&k.name, "name", "watcher", "")
	c.Flags().BoolVar(&asJSON, "json", false, "")
	k.addWait(c)
	return c
}

func watch(c *cobra.Command, k clientFlags, args []string, asJSON bool) error {
	w, config, err := k.config(c, args)
	if err == nil {
		err = checkNamed(config)
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second Ctrl-C ends it even while nobody reads what it prints.
	defer context.AfterFunc(ctx, stop)()
	p := &watchPrinter{words: w, server: config.Server(), errs: c.ErrOrStderr()}
	p.print = func(r client.Received) error { return printPlain(c.OutOrStdout(), w, r.Line, r.Me) }
	p.changed = func(string) error { return nil }
	if asJSON {
		out := json.NewEncoder(c.OutOrStdout())
		out.SetEscapeHTML(false)
		p.print = func(r client.Received) error { return out.Encode(objectOf(r.Line)) }
		p.changed = func(how string) error {
			return out.Encode(objectOf(chat.Line{Seq: p.last, Time: time.Now(), Kind: "connection", Text: how}))
		}
	}
	config.Reconnect = true
	s := client.Start(context.WithoutCancel(ctx), config)
	defer s.Close()
	leave := ctx.Done()
	for {
		select {
		case <-leave:
			leave = nil
			s.Leave("")
		case e, ok := <-s.Events():
			if !ok && leave == nil {
				return nil
			}
			if !ok {
				return sessionError(s.Err(), "")
			}
			if err := p.handle(e); err != nil {
				return exit.FailedMsg("chat.mistake.write", "Cause", err)
			}
		}
	}
}

// watchPrinter prints a session's events.
type watchPrinter struct {
	words
	server  string
	print   func(client.Received) error
	changed func(how string) error // the connection
	errs    io.Writer
	last    uint64 // number of a line
	waiting bool   // the user was told that there is no connection
}

func (p *watchPrinter) handle(e client.Event) error {
	switch e := e.(type) {
	case client.Received:
		p.last = e.Line.Seq
		return p.print(e)
	case client.Waiting:
		if !p.waiting {
			p.notice(p.Waiting(p.server, e.Cause))
		}
		p.waiting = true
	case client.Lost:
		p.notice("* " + p.Gone(p.server))
		return p.changed("lost")
	case client.Connected:
		p.waiting = false
		switch {
		case e.Resumed:
			p.notice(p.Resumed())
			return p.changed("resumed")
		case e.Again:
			p.notice(p.NotResumed())
			return p.changed("new")
		}
	}
	return nil
}

func (p *watchPrinter) notice(s string) { fmt.Fprintln(p.errs, s) }

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
	Code string    `json:"code,omitempty"`
	Name string    `json:"name"`
	Text string    `json:"text"`
}

func objectOf(l chat.Line) object {
	o := object{l.Seq, l.Time.UTC().Format("2006-01-02T15:04:05.000Z"), chat.Kind(safetext.Strip(string(l.Kind))), safetext.Strip(l.Code()), safetext.Strip(l.Name), safetext.Strip(l.Text)}
	if o.Code != "" {
		o.Name = ""
	}
	return o
}
