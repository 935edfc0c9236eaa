//go:build !unix

package cluster

import (
	"errors"
	"os/exec"

	"wirelab/internal/exit"
)

// replace runs the other program to its end.
func replace(cmd *exec.Cmd) error {
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Silent(ended.ExitCode())
	}
	return exit.With(exit.Unable, err)
}
