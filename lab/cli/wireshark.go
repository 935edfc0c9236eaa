package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/lab"
)

// wiresharkVariable names another Wireshark than that of PATH.
const wiresharkVariable = "WIRESHARK"

func wiresharkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "wireshark [HOST] [-- OPTION…]",
		SuggestFor: []string{"tshark", "capture"},
		GroupID:    cmdline.Lab,
		Args: func(cmd *cobra.Command, args []string) error {
			host, _ := beforeDash(cmd, args)
			return cmdline.Args(0, 1)(cmd, host)
		},
	}
	name := labFlag(cmd)
	program := cmd.Flags().String("program", "", "")
	cmdline.CompleteArgs(cmd, func(args []string, _ string) []string {
		if len(args) > 0 {
			return nil
		}
		return hostsOf(cmd.Context(), *name)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		host := lab.SnifferHost
		named, options := beforeDash(cmd, args)
		if len(named) > 0 {
			host = named[0]
		}
		path, err := findWireshark(cmp.Or(*program, os.Getenv(wiresharkVariable), "wireshark"))
		if err != nil {
			return err
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		up, err := openLab(ctx, *name)
		if err != nil {
			return unableIn(ctx, err)
		}
		switch {
		case !slices.Contains(up.Hosts, host):
			err = noHost(host, up.Hosts)
		case up.kind == composeLab && host != lab.SnifferHost:
			err = exit.UnableMsg("wireshark.sniffer", "Host", host, "Sniffer", lab.SnifferHost)
		default:
			err = watch(ctx, up.Network.Host(host), path, options)
		}
		return unableIn(ctx, leave(err, up))
	}
	return cmd
}

// beforeDash returns the arguments before -- and those behind it.
func beforeDash(cmd *cobra.Command, args []string) (before, behind []string) {
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		return args[:dash], args[dash:]
	}
	return args, nil
}

func findWireshark(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", exit.UnableMsg("wireshark.missing", "Wanted", program)
	}
	return path, nil
}

// watch feeds a Wireshark with what a host captures, until it is closed.
func watch(ctx context.Context, host lab.Host, program string, options []string) error {
	frames, written, err := os.Pipe()
	if err != nil {
		return err
	}
	defer frames.Close()
	device := "any"
	if ports := host.Ports(); len(ports) == 1 {
		device = ports[0].Device
	}
	sniff, err := host.Start(ctx, lab.Cmd{Args: []string{"sniff", "-i", device, "-w", "-"}, Stdout: written})
	if err != nil {
		written.Close()
		return err
	}
	go func() { // Wireshark sees the end of the lab as the end of the capture
		_, _ = sniff.Wait(context.Background())
		written.Close()
	}()
	defer sniff.Kill()
	// -N mn: MAC and IP addresses get the names that the file has, and no name
	// server is asked.
	args := []string{"-N", "mn", "-i", "-"}
	if filepath.Base(program) != "tshark" {
		args = append(args, "-k")
	}
	shark := exec.CommandContext(ctx, program, append(args, options...)...)
	shark.Cancel = func() error { return shark.Process.Signal(os.Interrupt) } // it removes its temporary file
	shark.Stdin, shark.Stdout, shark.Stderr = frames, os.Stdout, os.Stderr
	err = shark.Start()
	frames.Close() // the sniffer learns that Wireshark has ended
	if err != nil {
		return err
	}
	err = shark.Wait()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.Exited() {
		return exit.Silent(failed.ExitCode())
	}
	return err
}
