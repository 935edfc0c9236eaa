package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/lab/report"
)

func showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "show EXPERIMENT…",
		SuggestFor: []string{"describe", "explain", "info", "cat"},
		GroupID:    cmdline.Learn,
		Args:       cmdline.Args(1, -1),
	}
	completeExperiments(cmd)
	seed := cmd.Flags().String("seed", "", "")
	ascii := asciiFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l := cmdline.Lang(cmd)
		chosen, err := findExperiments(args, *seed)
		if err != nil {
			return err
		}
		t := report.NewTerminal(cmd.OutOrStdout(), l, shown(cmd.OutOrStdout(), *ascii))
		for i, e := range chosen {
			if i > 0 {
				fmt.Fprintln(cmd.OutOrStdout())
			}
			t.Experiment(e)
		}
		return exit.With(exit.Unable, t.Err())
	}
	return cmd
}
