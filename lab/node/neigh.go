package node

import (
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
)

func neighCommand() *cobra.Command {
	show := func(c *cobra.Command, _ []string) error {
		return showNeighbours(c.OutOrStdout(), device)
	}
	c := &cobra.Command{
		Use:   "neigh",
		Short: "Show, set or empty the neighbour (ARP) cache of " + device,
		Long: `Shows the neighbour cache of ` + device + `, which ARP fills: address, MAC and state of each
entry. add makes an entry that never ages, so that no ARP is sent for it; flush
removes all that were learnt. Both need CAP_NET_ADMIN.`,
		Example: `  wirelab neigh
  wirelab neigh add server 02:00:00:00:00:0b
  wirelab neigh flush`,
		Args: cobra.NoArgs,
		RunE: show,
	}
	c.AddCommand(&cobra.Command{
		Use: "show", Short: "Show the entries", Args: cobra.NoArgs, RunE: show,
		Example: `  wirelab neigh show`,
	}, &cobra.Command{
		Use: "add HOST MAC", Short: "Make a permanent entry", Args: cobra.ExactArgs(2),
		Example: `  wirelab neigh add server 02:00:00:00:00:0b`,
		RunE: func(c *cobra.Command, args []string) error {
			mac, err := net.ParseMAC(args[1])
			if err != nil {
				return exit.With(exit.Usage, err)
			}
			addr, err := hostnames.Lookup(c.Context(), args[0])
			if err != nil {
				return exit.With(exit.Failed, fmt.Errorf("neighbour %s: %w", args[0], err))
			}
			return addNeighbour(device, addr, mac)
		},
	}, &cobra.Command{
		Use: "flush", Short: "Remove every entry but permanent ones", Args: cobra.NoArgs,
		Example: `  wirelab neigh flush`,
		RunE:    func(*cobra.Command, []string) error { return flushNeighbours(device) },
	})
	return c
}
