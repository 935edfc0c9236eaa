package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/lab"
	"wirelab/lab/netns"
)

// defaultLab is the name of the interactive lab where none is given.
const defaultLab = "default"

// labFlag adds --lab, the name of an interactive lab, to a command.
func labFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("lab", defaultLab, "")
}

func upCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "up",
		GroupID: cmdline.Lab,
		Args:    cmdline.Args(0, 0),
	}
	name := labFlag(cmd)
	noChat := cmd.Flags().Bool("no-chat", false, "")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := interruptible(cmd.Context())
		defer cancel()
		out := cmd.OutOrStdout()
		serve := func(ctx context.Context, n lab.Network) error {
			for _, host := range lab.DefaultTopology.Hosts {
				for _, port := range n.Host(host).Ports() {
					fmt.Fprintf(out, "%-8s %s  %s\n", host, port.Addrs[0].Addr(), port.MAC)
				}
			}
			fmt.Fprintf(out, "\nlab %q is up. In another terminal:\n", *name)
			flag := ""
			if *name != defaultLab {
				flag = " --lab " + *name
			}
			for _, line := range []string{"client1 -- chat join server", "client2 -- chat join --udp server", "sniffer -- sniff", "client1 -- ping server"} {
				fmt.Fprintf(out, "  wirelab exec%s %s\n", flag, line)
			}
			attach := ""
			if *name != defaultLab {
				attach = ":" + *name
			}
			fmt.Fprintf(out, "  wirelab run --attach lab%s ping\n", attach)
			fmt.Fprintf(out, "Ctrl-C here, or wirelab down%s, ends it.", flag)
			if *noChat {
				fmt.Fprintln(out)
				<-ctx.Done()
				return ctx.Err()
			}
			fmt.Fprint(out, " The chat server says:\n\n")
			server, err := n.Host("server").Start(ctx, lab.Cmd{Args: []string{"chat", "serve"}, Stdout: out, Stderr: cmd.ErrOrStderr()})
			if err != nil {
				return err
			}
			code, err := server.Wait(ctx)
			if err == nil && code != 0 {
				err = fmt.Errorf("the chat server ended with exit code %d", code)
			}
			return err
		}
		err := netns.Hold(ctx, *name, lab.DefaultTopology, serve)
		if ctx.Err() != nil {
			fmt.Fprintln(out)
			return nil // Ctrl-C is how one ends it
		}
		return unable(ctx, err)
	}
	return cmd
}

func execCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "exec HOST [--] COMMAND…",
		SuggestFor: []string{"ssh", "shell", "attach"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(2, -1),
	}
	cmd.Flags().SetInterspersed(false) // what follows the host is the command's
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		host, command := args[0], args[1:]
		if command[0] == "--" {
			command = command[1:]
		}
		if len(command) == 0 {
			return exit.Usagef("exec takes a command after the host")
		}
		code, err := netns.Exec(cmd.Context(), *name, host, nil, command...)
		if err != nil {
			return unable(cmd.Context(), err)
		}
		return exit.Silent(code)
	}
	return cmd
}

func downCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "down",
		SuggestFor: []string{"stop", "kill"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(0, 0),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := netns.Down(cmd.Context(), *name); err != nil {
			return unable(cmd.Context(), err)
		}
		return nil
	}
	return cmd
}
