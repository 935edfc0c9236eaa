package node

import (
	"fmt"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
)

func holdCommand() *cobra.Command {
	var host, socket string
	c := &cobra.Command{
		Use:    "hold",
		Hidden: true,
		Args:   cmdline.Args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := cmdline.Interruptible(c.Context())
			defer stop()
			if socket != "" {
				if err := join(ctx, socket, host); err != nil {
					return err
				}
			}
			fmt.Fprintln(c.OutOrStdout(), "ready")
			<-ctx.Done()
			return nil
		},
	}
	c.Flags().StringVar(&host, "host", "", "")
	c.Flags().StringVar(&socket, "join", "", "")
	return c
}

// wireCommand makes the wire of a lab, and holds it until its input ends.
func wireCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "wire SOCKET",
		Hidden: true,
		Args:   cmdline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return serveWire(c.InOrStdin(), c.OutOrStdout(), args[0])
		},
	}
}
