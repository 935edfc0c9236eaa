package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/chat/internal/deadpeer"
	"wirelab/chat/server"
	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/inline"
	"wirelab/internal/lang"
)

// options are the flags of serve.
type options struct {
	tcp, udp string
	name     string
	record   string
	limits   server.Limits
	web      webOptions
}

func serveCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:  "serve",
		Args: cmdline.Args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error { return serve(c, o) },
	}
	d := server.DefaultLimits
	c.Flags().StringVar(&o.tcp, "tcp", ":"+strconv.Itoa(tcpPort), "")
	c.Flags().StringVar(&o.udp, "udp", ":"+strconv.Itoa(udpPort), "")
	c.Flags().StringVar(&o.name, "name", chat.ServerName, "")
	c.Flags().StringVar(&o.record, "record", "", "")
	c.Flags().IntVar(&o.limits.Burst, "burst", d.Burst, "")
	c.Flags().Float64Var(&o.limits.Rate, "rate", d.Rate, "")
	c.Flags().IntVar(&o.limits.PerAddress, "per-address", d.PerAddress, "")
	o.web.add(c)
	return c
}

// check refuses options that make no sense, and cleans the name.
func (o *options) check() error {
	name, err := chat.CleanName(o.name)
	switch {
	case o.tcp == "" && o.udp == "":
		return exit.UsageMsg("chat.mistake.listen")
	case err != nil:
		return exit.UsageMsg("chat.mistake.console", "Name", o.name, "Cause", err)
	case o.limits.Burst < 0 || !(o.limits.Rate >= 0 && o.limits.Rate <= math.MaxFloat64) || o.limits.PerAddress < 0: // a rate of "nan" is no limit
		return exit.UsageMsg("chat.mistake.limits")
	}
	o.name = name
	return o.web.check(o.tcp)
}

func serve(c *cobra.Command, o options) error {
	if err := o.check(); err != nil {
		return err
	}
	l := cmdline.Lang(c)
	end := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		end = append(end, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(c.Context(), end...)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // the room outlives its screen
	ctx, quit := context.WithCancel(ctx)
	defer quit()

	s := openStreams(ctx, c, words{Lang: l}, "("+o.name+") ")
	defer s.Close()
	log := slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: s.level}))
	room := chat.NewRoom(log)
	room.Console = o.name
	srv := &server.Server{Room: room, Limits: o.limits}
	if srv.Limits.Total = maxConnections(); srv.Limits.Total > 0 && srv.Limits.Total < fewConnections {
		log.Warn("few file descriptors", "connections", srv.Limits.Total, "advice", "raise the limit: ulimit -n")
	}
	// The last lines are shown and recorded before the streams close.
	var readers sync.WaitGroup
	defer readers.Wait()
	defer room.Close()
	if o.record != "" {
		r, err := openTranscript(o.record, room, func(text string) { fmt.Fprintln(s.out, text) })
		if err != nil {
			return exit.UnableMsg("chat.mistake.record", "Cause", err)
		}
		go r.write()
		defer func() {
			room.Close()
			if err := r.Close(); err != nil {
				log.Error("record", "error", err)
			}
		}()
	}
	w := room.Watch()
	readers.Go(func() { show(s.out, w, l) })

	where, err := listen(ctx, srv, o.tcp, o.udp)
	if err != nil {
		return err
	}
	var page *page
	if o.web.on() || o.web.proxy != "" {
		if page, err = openPage(srv, o, log); err != nil {
			return err
		}
	}
	fmt.Fprintln(s.out, i18n.Text(l, "chat.listening", "Where", where)) // scripts of a lab await it, in English
	if page != nil {
		page.announce(s.out, l)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx) }()
	k := &console{room: room, out: s.out, lang: l, quit: quit}
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.lines = nil // the server runs without input, too
				continue
			}
			k.carryOut(line)
		case <-s.interrupt:
			s.interrupt = nil
			quit()
		case err := <-served:
			return exit.With(exit.Failed, err)
		}
	}
}

// show writes the room's lines to a screen that does not block.
func show(out io.Writer, w *chat.Watcher, language lang.Lang) {
	for {
		l, missed, err := w.Next()
		if err != nil {
			return
		}
		if missed > 0 {
			fmt.Fprintln(out, i18n.Text(language, "chat.console.missed", "Count", missed))
		}
		fmt.Fprintln(out, shown(l, language))
	}
}

// streams are the input and the outputs of the server's console.
type streams struct {
	lines     <-chan string
	interrupt <-chan struct{} // Ctrl-C typed at the console; nil: it is a signal
	out, logs io.Writer
	level     slog.Level // of logs
	closers   []io.Closer
}

// openStreams opens a console on the terminal, or plain streams where that is not
// possible.
func openStreams(ctx context.Context, c *cobra.Command, w words, prompt string) *streams {
	if terminal(c.InOrStdin()) && terminal(c.OutOrStdout()) && os.Getenv("TERM") != "dumb" {
		t, err := inline.OpenConsole(os.Stdin, os.Stdout, w.AskPaste, prompt, "/help /quit")
		if err == nil {
			s := &streams{lines: t.Lines(), interrupt: t.Interrupted(), out: t, logs: t, closers: []io.Closer{t}}
			s.level = slog.LevelWarn // who comes and goes, the room's own lines say
			if !terminal(c.ErrOrStderr()) {
				logs := newScreen(c.ErrOrStderr())
				s.logs, s.level, s.closers = logs, slog.LevelInfo, append(s.closers, logs)
			}
			return s
		}
		fmt.Fprintln(c.ErrOrStderr(), "wirelab:", i18n.Text(w.Lang, "chat.console.plain", "Cause", err))
	}
	out, logs := newScreen(c.OutOrStdout()), newScreen(c.ErrOrStderr())
	return &streams{
		lines:   typed(ctx, lineReader(c.InOrStdin()), func() { fmt.Fprintln(out, i18n.Text(w.Lang, "chat.console.toolong")) }),
		out:     out,
		logs:    logs,
		closers: []io.Closer{out, logs},
	}
}

// Close shows the lines that were written and restores the terminal.
func (s *streams) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// listen binds the server's sockets and returns their addresses as people write them.
func listen(ctx context.Context, s *server.Server, tcp, udp string) (where string, err error) {
	// Multipath TCP would answer a client that offers it with options that the lesson
	// does not show.
	config := net.ListenConfig{KeepAliveConfig: deadpeer.KeepAlive}
	config.SetMultipathTCP(false)
	var bound []string
	if tcp != "" {
		if s.TCP, err = config.Listen(ctx, "tcp", tcp); err != nil {
			return "", occupied(err, "--tcp")
		}
		bound = append(bound, "tcp "+short(s.TCP.Addr()))
	}
	if udp != "" {
		if s.UDP, err = config.ListenPacket(ctx, "udp", udp); err != nil {
			if s.TCP != nil {
				s.TCP.Close()
			}
			return "", occupied(err, "--udp")
		}
		bound = append(bound, "udp "+short(s.UDP.LocalAddr()))
	}
	return strings.Join(bound, ", "), nil
}

func occupied(err error, flag string) error {
	return exit.UnableMsg("chat.mistake.busy", "Cause", i18n.NetError(err), "Flag", flag)
}

// short returns an address; one of every interface as people type it, :7000.
func short(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return ":" + port
	}
	return a.String()
}
