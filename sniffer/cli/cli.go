// Package cli implements the command sniff.
package cli

import (
	"context"
	"embed"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/self"
	"wirelab/sniffer/capture"
	"wirelab/sniffer/pcapfile"
	"wirelab/sniffer/statistics"
	"wirelab/sniffer/stream"
)

//go:embed help/*.txt
var help embed.FS

// Part returns the command sniff and its help.
func Part() cmdline.Part { return part(capture.Confine) }

// part is Part, where confine gives up the process's rights once the socket is
// open.
func part(confine func() error) cmdline.Part {
	return cmdline.Part{
		Commands: []*cobra.Command{sniffCommand(confine)},
		Help: cmdline.Help{
			Files:  cmdline.Folder(help),
			Tables: map[string]func(lang.Lang) string{"outputs": outputHelp},
		},
	}
}

func sniffCommand(confine func() error) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:        "sniff [FILTER…]",
		SuggestFor: []string{"tcpdump", "tshark", "dumpcap", "capture", "dump", "wireshark"},
		GroupID:    cmdline.Tools,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && !o.reads() && pcapfile.IsCapture(args[0]) {
				return isFile(args[0], strings.Join(args[1:], " "))
			}
			o.filter = strings.Join(args, " ")
			return o.sniff(c, confine)
		},
	}
	o.define(c.Flags())
	completeFlags(c)
	c.SetFlagErrorFunc(otherFlag)
	return c
}

// isFile tells how a capture file is read, which stands in another place; a filter
// may stand behind it.
func isFile(file, expression string) error {
	words := []string{self.Quote(file)}
	if expression != "" {
		words = append(words, self.Quote(expression))
	}
	return exit.UsageMsg("sniff.isfile", "File", file, "Words", strings.Join(words, " "))
}

func (o *options) sniff(c *cobra.Command, confine func() error) error {
	if err := o.check(c.Flags()); err != nil {
		return err
	}
	if o.list {
		return list(c.OutOrStdout())
	}
	if err := o.readFilter(); err != nil {
		return err
	}
	known, err := newNames(o.hosts, o.lookup)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if o.names {
		known.learn(systemHosts())
	}
	// A reader of ours that goes away is an error of Write, not our death:
	// what is written elsewhere still has to be completed.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)
	end := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		end = append(end, syscall.SIGHUP) // a closed terminal leaves a complete file, too
	}
	ctx, cancel := signal.NotifyContext(c.Context(), end...)
	defer cancel()
	// The second Ctrl-C ends the program at once.
	defer context.AfterFunc(ctx, cancel)()

	s := &session{
		options: o, names: known, words: words{cmdline.Lang(c)},
		stdout: c.OutOrStdout(), out: &sink{to: c.OutOrStdout()}, stderr: c.ErrOrStderr(),
		filters: newFilters(o.filter),
	}
	if err := s.readyFilter(ctx); err != nil {
		return foreign(o.filter, err)
	}
	s.choosePrinter()
	if o.stats != "" {
		s.statistics = &statistics.Statistics{}
	}
	if o.output == "stream" {
		s.streams = &stream.Conversations{}
	}
	if o.reads() {
		return s.file(ctx, c.InOrStdin())
	}
	return s.live(ctx, c.InOrStdin(), confine)
}
