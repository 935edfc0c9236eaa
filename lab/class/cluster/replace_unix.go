//go:build unix

package cluster

import (
	"os"
	"os/exec"
	"syscall"

	"wirelab/internal/exit"
)

// replace makes this process the other program, which then has its signals, its terminal
// and its exit code. It returns only where that fails.
func replace(cmd *exec.Cmd) error {
	return exit.With(exit.Unable, &os.PathError{Op: "exec", Path: cmd.Path, Err: syscall.Exec(cmd.Path, cmd.Args, os.Environ())})
}
