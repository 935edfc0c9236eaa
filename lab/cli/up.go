package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/lab"
	"wirelab/lab/netns"
)

// defaultLab is the name of the interactive lab where none is given.
const defaultLab = "default"

// labFlag adds --lab, the name of an interactive lab, to a command.
func labFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("lab", defaultLab, "name of the lab, to tell several apart")
}

func upCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start an interactive lab and keep it running in this terminal",
		Long: `Up starts a lab in namespaces (no root, no Docker) with the chat server on the
host "server", and keeps it running until Ctrl-C or "wirelab down". In other
terminals "wirelab exec HOST -- COMMAND" runs commands on its hosts.`,
		Example: `  wirelab up
  wirelab exec client1 -- chat join server
  wirelab exec sniffer -- sniff
  wirelab exec client1 -- ping server
  wirelab exec client2 -- /bin/sh
  wirelab run --attach lab ping
  wirelab up --no-chat                       # for experiments with a chat server
  wirelab down`,
		Args: cobra.NoArgs,
	}
	name := labFlag(cmd)
	noChat := cmd.Flags().Bool("no-chat", false, "start no chat server: its ports are free for experiments (wirelab run --attach)")
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
		Use:   "exec HOST [--] COMMAND…",
		Short: "Run a command on a host of the interactive lab",
		Long: `Exec runs a command on a host of the lab that "wirelab up" holds, with this
terminal and this exit code. COMMAND is a wirelab command (chat, sniff, ping …)
or the path of a program of this machine. It gets the lab's environment, and of
yours what the terminal and your language need: TERM, LANG, TZ, EDITOR and such.`,
		Example: `  wirelab exec client1 -- chat join server
  wirelab exec sniffer -- sniff
  wirelab exec client1 -- ping -c 3 server
  wirelab exec --lab two client2 -- /bin/sh`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return exit.Usagef("exec takes a host and a command: wirelab exec client1 -- ping server")
			}
			return nil
		},
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
		code, err := netns.Exec(cmd.Context(), *name, host, command...)
		if err != nil {
			return unable(cmd.Context(), err)
		}
		return exit.Silent(code)
	}
	return cmd
}

func downCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "down",
		Short:   "End the interactive lab that wirelab up holds",
		Example: "  wirelab down\n  wirelab down --lab two",
		Args:    cobra.NoArgs,
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
