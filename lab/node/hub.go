package node

import (
	"net"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/lab"
)

// hubOptions are the options of hub.
type hubOptions struct {
	bridge string
	mode   lab.Mode // empty: leave it as it is
	watch  bool
	learnt []net.HardwareAddr // to be awaited
	show   bool               // print the addresses of the bridge and its ports
}

func hubCommand() *cobra.Command {
	var mode string
	var learnt []string
	var o hubOptions
	c := &cobra.Command{
		Use:   "hub BRIDGE",
		Short: "Make a bridge flood like a hub, or learn like a switch",
		Long: `Sets how a Linux bridge forwards. As a hub (ageing time 0) it sends every frame
to every port, so that a sniffer sees what others say; as a switch (300 s) it
sends a unicast frame to the port that it has learnt. Multicast snooping is
switched off, and so are the offloads of every port, so that a sniffer sees
frames as a wire carries them: whole, of MTU size, with right checksums.

With --watch it does the same for ports that come later, until SIGTERM or
Ctrl-C, and then restores what it found. It needs CAP_NET_ADMIN in the bridge's
network namespace.

With --show-ports it prints the hardware addresses of the bridge and its ports,
one a line.

With --await-learnt it waits until the bridge has learnt each address, and sets
nothing unless --mode is given, too.`,
		Example: `  wirelab hub br0
  wirelab hub br0 --mode switch
  wirelab hub br0 --watch
  wirelab hub br0 --await-learnt 02:00:00:00:00:0a,02:00:00:00:00:0b`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.bridge = args[0]
			for _, s := range learnt {
				mac, err := net.ParseMAC(strings.TrimSpace(s))
				if err != nil {
					return exit.Usagef("--await-learnt: %w", err)
				}
				o.learnt = append(o.learnt, mac)
			}
			if len(o.learnt) == 0 || c.Flags().Changed("mode") {
				m, err := lab.ParseMode(mode)
				if err != nil {
					return exit.With(exit.Usage, err)
				}
				o.mode = m
			}
			if o.watch && (len(o.learnt) > 0 || o.show) {
				return exit.Usagef("--watch excludes --await-learnt and --show-ports")
			}
			ctx, stop := untilSignal(c)
			defer stop()
			return hub(ctx, o, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&mode, "mode", string(lab.Hub), "`hub or switch`")
	c.Flags().BoolVar(&o.watch, "watch", false, "go on with ports that come later, print ready, restore at the end")
	c.Flags().BoolVar(&o.show, "show-ports", false, "print the hardware addresses of the bridge and its ports")
	c.Flags().StringSliceVar(&learnt, "await-learnt", nil, "wait until the bridge has learnt these `MACs`")
	return c
}
