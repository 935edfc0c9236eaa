package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/node"
	"wirelab/lab/trace"
)

// markCommand is mark of a host where it is typed on a host, or for an interface
// of this machine. Elsewhere it sets a barrier in an interactive lab: every host
// sends a marker.
func markCommand() *cobra.Command {
	cmd := node.MarkCommand()
	name := labFlag(cmd)
	onThisHost := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		here := os.Getenv(hostnames.OwnVariable) != "" && !cmd.Flags().Changed("lab")
		for _, flag := range []string{"interface", "host", "stdin"} {
			here = here || cmd.Flags().Changed(flag)
		}
		if here {
			return onThisHost(cmd, args)
		}
		if !trace.ValidLabel(args[0]) {
			return exit.UsageMsg("mark.label", "Label", args[0])
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		up, err := openLab(ctx, *name)
		if err != nil {
			return unableIn(ctx, i18n.Errmsg("mark.nolab", "Cause", err, "Label", args[0]))
		}
		if err := leave(lab.Mark(ctx, up.Network, up.Hosts, args[0]), up); err != nil {
			return unableIn(ctx, err)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), i18n.Text(cmdline.Lang(cmd), "mark.set", "Label", args[0], "Count", len(up.Hosts)))
		return exit.With(exit.Unable, err)
	}
	return cmd
}
