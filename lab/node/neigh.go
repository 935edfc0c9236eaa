package node

import (
	"net"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

func neighCommand() *cobra.Command {
	show := func(c *cobra.Command, _ []string) error {
		return showNeighbours(c.OutOrStdout(), device)
	}
	c := &cobra.Command{
		Use:        "neigh",
		SuggestFor: []string{"arp"},
		GroupID:    cmdline.Tools,
	}
	cmdline.Group(c, show)
	c.AddCommand(&cobra.Command{
		Use: "show", Args: cmdline.Args(0, 0), RunE: show,
	}, &cobra.Command{
		Use: "add HOST MAC", Args: cmdline.Args(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			mac, err := net.ParseMAC(args[1])
			if err != nil || len(mac) != len(sniffer.MAC{}) { // net takes longer ones, too
				return exit.UsageMsg("neigh.mac", "Word", args[1])
			}
			addr, err := hostnames.Lookup(c.Context(), args[0])
			if err != nil {
				return exit.With(exit.Failed, i18n.NetError(err))
			}
			return addNeighbour(device, addr, mac)
		},
	}, &cobra.Command{
		Use: "flush", Args: cmdline.Args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			for _, name := range labDevices() {
				if err := FlushNeighbours(name); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return c
}
