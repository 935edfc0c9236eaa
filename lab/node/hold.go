package node

import (
	"fmt"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
)

func holdCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "hold",
		Hidden: true,
		Args:   cmdline.Args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(c)
			defer stop()
			fmt.Fprintln(c.OutOrStdout(), "ready")
			<-ctx.Done()
			return nil
		},
	}
}
