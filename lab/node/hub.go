package node

import (
	"net"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/lab"
)

// hubOptions are the options of hub.
type hubOptions struct {
	bridge string
	mode   lab.Mode // empty: leave it as it is
	watch  bool
	learnt []net.HardwareAddr // to be awaited
	show   bool               // print the addresses of the bridge and its ports
	tell   bool               // print the mode that the bridge has
}

func hubCommand() *cobra.Command {
	var mode string
	var learnt []string
	var o hubOptions
	c := &cobra.Command{
		Use:    "hub BRIDGE",
		Hidden: true,
		Args:   cmdline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			o.bridge = args[0]
			for _, s := range learnt {
				mac, err := net.ParseMAC(strings.TrimSpace(s))
				if err != nil {
					return exit.UsageMsg("hub.mac", "Cause", i18n.Original(err))
				}
				o.learnt = append(o.learnt, mac)
			}
			if len(o.learnt) == 0 && !o.tell || c.Flags().Changed("mode") {
				m, err := lab.ParseMode(mode)
				if err != nil {
					return exit.With(exit.Usage, err)
				}
				o.mode = m
			}
			if o.watch && (len(o.learnt) > 0 || o.show || o.tell) {
				return exit.UsageMsg("hub.watch")
			}
			ctx, stop := cmdline.Interruptible(c.Context())
			defer stop()
			return hub(ctx, o, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&mode, "mode", string(lab.Hub), "")
	c.Flags().BoolVar(&o.watch, "watch", false, "")
	c.Flags().BoolVar(&o.show, "show-ports", false, "")
	c.Flags().BoolVar(&o.tell, "show-mode", false, "")
	c.Flags().StringSliceVar(&learnt, "await-learnt", nil, "")
	return c
}
