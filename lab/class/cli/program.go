package cli

import (
	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/lab/class/cage"
)

// programCommand runs a student's program on a host of a lab. A teacher's script names
// it ${program}.
func programCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:    "program FILE [ARGUMENT…]",
		Args:   cmdline.Args(1, -1),
		Hidden: true,
	}
	cmd.Flags().SetInterspersed(false) // what stands behind FILE is the program's
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		code, err := cage.Run(ctx, args[0], args[1:])
		if err != nil {
			return exit.With(code, err)
		}
		return exit.Silent(code)
	}
	return cmd
}
