package node

import (
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
)

// The limits of ping's options.
const (
	maxPingData   = 65507 // what is left of an IPv4 datagram: 65535 - 20 - 8
	minPingPeriod = 2 * time.Millisecond
	icmpHeader    = 8
	ipHeader      = 20
	ip6Header     = 40
)

// pingOptions are the options of ping(8) of the same letters.
type pingOptions struct {
	count    int     // -c, 0: until interrupted
	interval float64 // -i, seconds
	size     int     // -s, bytes of data
	wait     float64 // -W, seconds
	ttl      int     // -t, hops
	quiet    bool    // -q
}

func pingCommand() *cobra.Command {
	var o pingOptions
	c := &cobra.Command{
		Use:     "ping HOST",
		GroupID: cmdline.Tools,
		Args:    cmdline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			ctx, stop := cmdline.Interruptible(c.Context())
			defer stop()
			return ping(ctx, c.OutOrStdout(), args[0], o)
		},
	}
	f := c.Flags()
	f.IntVarP(&o.count, "count", "c", 0, "")
	f.Float64VarP(&o.interval, "interval", "i", 1, "")
	f.IntVarP(&o.size, "size", "s", 56, "")
	f.Float64VarP(&o.wait, "timeout", "W", 10, "")
	f.IntVarP(&o.ttl, "ttl", "t", 64, "")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "")
	return c
}

func (o pingOptions) check() error {
	switch {
	case o.count < 0:
		return exit.UsageMsg("ping.option.count", "Value", o.count)
	case !(o.interval >= minPingPeriod.Seconds() && o.interval <= 86400):
		return exit.UsageMsg("ping.option.interval", "Value", o.interval, "Least", minPingPeriod.Seconds())
	case o.size < 0 || o.size > maxPingData:
		return exit.UsageMsg("ping.option.size", "Value", o.size, "Most", maxPingData)
	case !(o.wait > 0 && o.wait <= 86400):
		return exit.UsageMsg("ping.option.wait", "Value", o.wait)
	case o.ttl < 1 || o.ttl > 255:
		return exit.UsageMsg("ping.option.ttl", "Value", o.ttl)
	}
	return nil
}
