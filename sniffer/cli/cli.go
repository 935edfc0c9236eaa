// Package cli implements the command sniff.
package cli

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/sniffer/capture"
	"wirelab/sniffer/filter"
	"wirelab/sniffer/statistics"
)

// Commands returns the command sniff.
func Commands() []*cobra.Command { return []*cobra.Command{command(capture.Confine)} }

// command makes sniff. confine gives up the process's rights once the socket is
// open.
func command(confine func() error) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "sniff [FILTER…]",
		Short: "Show the frames on a network interface or in a capture file",
		Long: `Show the frames on a network interface, or in a capture file: number, time, and
the packet in the notation of wirelab's experiments. Behind it stands what the
packet carries: DNS, multicast DNS, DHCP, NTP, a TLS ClientHello with its server
name and the first line of HTTP/1 on their well-known ports; IGMP, STP, LLDP; and
what an ICMP error quotes.

Ctrl-C ends the capture and prints totals to standard error: how many frames were
captured and shown, how many the kernel dropped (-B enlarges its buffer), how
many wirelab itself dropped, and how many were malformed.

Outputs (-o):
` + outputHelp() + `
Files (-w, -r) are pcapng, or pcap where the name ends in .pcap, as Wireshark
reads and writes them; - is standard output or input. -r also reads what gzip,
zstd, xz or bzip2 compressed, and -w compresses where the name ends in .gz. With
--rotate-size or --rotate-time, -w lab.pcapng writes lab-00001.pcapng,
lab-00002.pcapng and so on, each a complete file; --files keeps the latest ones.

` + filter.Help + `

Permissions: opening a capture needs CAP_NET_RAW. Before wirelab reads the first
frame it drops every capability; under sudo it also becomes the calling user, who
then owns the files.`,
		Example: `  wirelab sniff                         the interface with the default route
  wirelab sniff --list                  which interfaces there are
  wirelab sniff -i eth0 -c 10 arp or icmp
  wirelab sniff -i any 'tcp port 80 and host 10.0.0.1'
  wirelab sniff -i eth0 -o note -c 1    one frame, field by field
  wirelab sniff -i eth0 -w lab.pcapng   lines, and a file for Wireshark
  wirelab sniff -i eth0 -w - | wireshark -k -i -
  wirelab sniff -i eth0 -o none -w lab.pcapng --rotate-size 10M --files 5
  wirelab sniff -r lab.pcapng --text host server and tcp   what it was told and says
  wirelab sniff -r lab.pcapng -o fields --frame 4          one frame, field by field
  wirelab sniff -r lab.pcapng --host server=10.77.0.10 -o ladder.svg
  wirelab sniff -r lab.pcapng -o none --stats
  wirelab sniff -r big.pcap.zst -w small.pcapng.gz -o none 'net 10.1'
  wirelab sniff -r client.pcap -r server.pcap   both, in the order of time`,
		RunE: func(c *cobra.Command, args []string) error {
			o.filter = strings.Join(args, " ")
			return o.sniff(c, confine)
		},
	}
	o.define(c.Flags())
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return otherFlag(err) })
	return c
}

func (o *options) sniff(c *cobra.Command, confine func() error) error {
	if err := o.check(c.Flags()); err != nil {
		return err
	}
	language, err := lang.Parse(o.lang)
	if err != nil {
		return exit.With(exit.Usage, err)
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
	ctx, cancel := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	// The second Ctrl-C ends the program at once.
	defer context.AfterFunc(ctx, cancel)()

	s := &session{
		options: o, names: known, words: words{language},
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
	if o.reads() {
		return s.file(ctx, c.InOrStdin())
	}
	return s.live(ctx, c.InOrStdin(), confine)
}
