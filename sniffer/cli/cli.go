// Package cli has the command of the sniffer: sniff.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/sniffer/capture"
	"wirelab/sniffer/pcapfile"
)

// options are the flags of sniff.
type options struct {
	iface     string
	read      string
	write     string
	count     uint64
	duration  time.Duration
	untilEOF  bool
	noPromisc bool
	direction string
	hosts     []string
	lookup    []string
	lang      string
}

// Commands returns the command sniff.
func Commands() []*cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "sniff",
		Short: "Show what crosses a network interface, one line a frame",
		Long: `Show each frame that crosses a network interface, or that a pcap or pcapng file
holds, as one line: its number, its time, and what it says in the notation of
wirelab's experiments. Ctrl-C ends it; the totals are then printed on standard
error, with how many frames the kernel had to drop.`,
		Example: `  wirelab sniff                         the interface with the default route
  wirelab sniff -i eth0 -c 10           ten frames of eth0
  wirelab sniff -i eth0 -w lab.pcapng   lines, and a file for Wireshark
  wirelab sniff -i eth0 -w - | tshark -r -
  wirelab sniff -r lab.pcapng --host server=10.77.0.10`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringVarP(&o.iface, "interface", "i", "", "capture on this `interface` (default: the one with the default route)")
	f.StringVarP(&o.read, "read", "r", "", "read a pcap or pcapng `file`, - for standard input")
	f.StringVarP(&o.write, "write", "w", "", "write the frames to a pcapng `file`, - for standard output in place of the lines")
	f.Uint64VarP(&o.count, "count", "c", 0, "end after this many frames (0: no limit)")
	f.DurationVar(&o.duration, "for", 0, "end the capture after this time, such as 10s (0: no limit)")
	f.BoolVar(&o.untilEOF, "until-eof", false, "end the capture when standard input ends")
	f.BoolVar(&o.noPromisc, "no-promisc", false, "capture only frames that are for this machine")
	f.StringVar(&o.direction, "direction", "inout", "in: only what comes in; inout: also what this machine sends")
	f.StringArrayVar(&o.hosts, "host", nil, "call an address by a `NAME=ADDRESS` (may be repeated)")
	f.StringSliceVar(&o.lookup, "lookup", nil, "`names` whose addresses the system's resolver is asked for when an address without a name is seen")
	f.StringVar(&o.lang, "lang", "", "language of the totals: en or zh-TW (default: the locale's)")
	return []*cobra.Command{c}
}

// check finds what is wrong with the flags alone.
func (o *options) check() error {
	switch {
	case o.read != "" && (o.iface != "" || o.duration != 0 || o.untilEOF || o.noPromisc):
		return exit.Usagef("-r reads a file: -i, --for, --until-eof and --no-promisc are for a live capture")
	case o.duration < 0:
		return exit.Usagef("--for %v: a time cannot be negative", o.duration)
	case o.direction != "in" && o.direction != "inout":
		return exit.Usagef("--direction %q: want in or inout", o.direction)
	}
	return nil
}

func (o *options) run(c *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	language, err := lang.Parse(o.lang)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	known, err := newNames(o.hosts, o.lookup)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	// A reader of ours that goes away is an error of Write, not our death:
	// what is written elsewhere still has to be completed.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)
	ctx, cancel := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	// The second Ctrl-C ends the program at once.
	defer context.AfterFunc(ctx, cancel)()

	s := &session{
		options: o, names: known, words: words{language},
		stdout: c.OutOrStdout(), stderr: c.ErrOrStderr(),
	}
	if o.read != "" {
		return s.file(ctx, c.InOrStdin())
	}
	return s.live(ctx, c.InOrStdin())
}

// live shows what crosses an interface until ctx or what the options name ends.
func (s *session) live(ctx context.Context, stdin io.Reader) error {
	ifi, err := s.chooseInterface()
	if err != nil {
		return err
	}
	h, err := capture.Open(ifi, capture.Config{Promiscuous: !s.options.noPromisc, IgnoreOutgoing: s.options.direction == "in"})
	if err != nil {
		return s.words.cannotCapture(err)
	}
	defer h.Close()
	start := time.Now()
	if err := s.create(pcapfile.Interface{Name: ifi.Name, SnapLen: pcapfile.MaxPacket}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.options.duration > 0 {
		ctx, cancel = context.WithTimeout(ctx, s.options.duration)
		defer cancel()
	}
	defer context.AfterFunc(ctx, func() {
		if h.Stop() != nil {
			h.Close() // which ends Next, too, but loses frames
		}
	})()
	if s.options.untilEOF {
		// A read of standard input cannot be called off: where something else
		// ends the capture, this goroutine ends with the process.
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	fmt.Fprintf(s.stderr, "wirelab: capturing on %s\n", safetext.Escape(ifi.Name))

	failed := s.show(context.Background(), h) // Stop ends it, and nothing else
	counted, err := h.Statistics()
	if err != nil {
		return errors.Join(failed, err)
	}
	// After -c, what still waits in the ring is not of this capture.
	stats := &pcapfile.Statistics{
		Received: counted.Delivered + counted.Dropped, Dropped: counted.Dropped,
		Start: start, End: time.Now(),
	}
	return s.finish(failed, stats)
}

// file shows the frames of a file.
func (s *session) file(ctx context.Context, stdin io.Reader) error {
	var src io.Reader
	if s.options.read == "-" {
		// A read of standard input cannot be called off: the end of ctx ends the
		// pipe behind it, and the goroutine ends with the process.
		r, w := io.Pipe()
		defer r.Close()
		defer context.AfterFunc(ctx, func() { w.Close() })()
		go func() {
			_, err := io.Copy(w, stdin)
			w.CloseWithError(err)
		}()
		src = r
	} else {
		f, err := os.Open(s.options.read)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		defer f.Close()
		src = f
	}
	r, err := pcapfile.NewReader(src)
	if err != nil {
		return s.unreadable(err)
	}
	s.names.file = r
	if err := s.create(pcapfile.Interface{}); err != nil {
		return err
	}
	failed := s.show(ctx, r)
	if ctx.Err() != nil {
		failed = nil // the frame that was cut was cut by us
	}
	var stats *pcapfile.Statistics
	if counted, ok := r.Statistics(); ok {
		stats = &counted
	}
	s.names.learn(r.Names())
	if failed != nil {
		failed = s.unreadable(failed)
	}
	return s.finish(failed, stats)
}

// unreadable says which file is wrong. A file that is no capture at all is the
// command line's fault.
func (s *session) unreadable(err error) error {
	name := s.options.read
	if name == "-" {
		name = "standard input"
	}
	err = fmt.Errorf("%s: %w", safetext.Escape(name), err)
	if _, wrong := errors.AsType[*pcapfile.FormatError](err); wrong && s.shown == 0 {
		return exit.With(exit.Usage, err)
	}
	return exit.With(exit.Failed, err)
}

// chooseInterface returns the interface that the options name, else the one
// that packets to the world leave by, else the only one there is.
func (s *session) chooseInterface() (*net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, exit.With(exit.Unable, fmt.Errorf("network interfaces: %w", err))
	}
	if s.options.iface != "" {
		for i := range all {
			if all[i].Name == s.options.iface {
				return &all[i], nil
			}
		}
		return nil, exit.Usagef("no interface %q; there are %s", s.options.iface, nameAll(all))
	}
	if ifi := defaultRoute(all); ifi != nil {
		s.say(s.words.chosen(ifi.Name, true))
		return ifi, nil
	}
	var only *net.Interface
	for i := range all {
		if all[i].Flags&net.FlagLoopback != 0 || all[i].Flags&net.FlagUp == 0 {
			continue
		}
		if only != nil {
			return nil, exit.Usagef("no default route tells which interface is meant: -i one of %s", nameAll(all))
		}
		only = &all[i]
	}
	if only == nil {
		return nil, exit.Usagef("no interface is up but the loopback: -i one of %s", nameAll(all))
	}
	s.say(s.words.chosen(only.Name, false))
	return only, nil
}
