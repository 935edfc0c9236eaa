package docker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"

	"golang.org/x/term"

	"wirelab/lab"
)

// Exec runs a command in the container of a host, with this process's standard streams,
// and returns its exit code. env, NAME=VALUE, is added to the lab's environment. On a
// terminal that is the work of Docker's own client, which knows terminals, where it is
// installed. A command that is not on a terminal lives on, with its input at its end,
// when ctx ends: Docker ends it with its container. The host is one of c's.
func (c *Composed) Exec(ctx context.Context, host string, env []string, args ...string) (int, error) {
	h := c.Network.(*network).hosts[host]
	if cli, err := exec.LookPath("docker"); err == nil && term.IsTerminal(0) && term.IsTerminal(1) {
		return h.execTerminal(cli, env, args)
	}
	return h.execute(ctx, lab.Cmd{Args: args, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}

// execTerminal has Docker's client run a command on a terminal.
func (h *host) execTerminal(cli string, env, args []string) (int, error) {
	line := []string{"exec", "--interactive", "--tty"}
	for _, v := range slices.Concat(h.env, env) {
		line = append(line, "--env", v)
	}
	cmd := exec.Command(cli, slices.Concat(line, []string{h.id}, commandLine(args))...)
	cmd.Env = append(os.Environ(), h.run.cli.at.environment()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return ended.ExitCode(), nil
	}
	return 0, err
}
