package node

import (
	"fmt"

	"github.com/spf13/cobra"
)

func holdCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "hold",
		Short: "Do nothing until SIGTERM or Ctrl-C: a container's first process",
		Long: `Prints ready and waits for SIGTERM or Ctrl-C. It keeps a host up on which other
commands are executed, and ends at once when it is told to.`,
		Example: `  wirelab hold`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(c)
			defer stop()
			fmt.Fprintln(c.OutOrStdout(), "ready")
			<-ctx.Done()
			return nil
		},
	}
}
