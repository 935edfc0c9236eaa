// Wirelab is a network lab whose experiments prove their lesson on the wire.
// This file only wires the commands of its parts together.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	chat "wirelab/chat/cli"
	"wirelab/internal/exit"
	"wirelab/internal/safetext"
	lab "wirelab/lab/cli"
	"wirelab/lab/node"
	sniffer "wirelab/sniffer/cli"
)

func main() { os.Exit(run(os.Args[1:])) }

// run executes one command line and returns its exit code.
func run(args []string) int {
	root := &cobra.Command{
		Use:   "wirelab",
		Short: "A network lab whose experiments prove their lesson on the wire",
		Long: `Wirelab brings up a server, two clients and a sniffer on one network segment,
runs experiments on them and proves what they claim by the packets that crossed
the wire. It needs no root and no Docker.`,
		Example: `  wirelab run                 run every experiment and judge it
  wirelab list                what they claim
  wirelab up                  an interactive lab
  wirelab doctor              what this machine can run`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exit.Usagef("command %q is not known; wirelab --help lists them", args[0])
			}
			return cmd.Help()
		},
	}
	started := false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.ValidateFlagGroups(); err != nil { // cobra looks at them only after this
			return err
		}
		started = true
		return nil
	}
	for _, part := range [][]*cobra.Command{lab.Commands(), sniffer.Commands(), chat.Commands(), node.Commands()} {
		root.AddCommand(part...)
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(context.Background())
	if err == nil {
		return exit.OK
	}
	if !started { // cobra refused the flags or arguments
		err = exit.Usagef("%w\nsee %s --help", err, cmd.CommandPath())
	}
	if coded, ok := err.(*exit.Error); !ok || coded.Err != nil {
		// Names of files and hosts are in it as they were typed.
		fmt.Fprintln(os.Stderr, "wirelab:", safetext.EscapeLines(err.Error()))
	}
	return exit.Code(err)
}
