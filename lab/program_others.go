//go:build !unix

package lab

import (
	"context"
	"io"
	"os"
	"os/exec"
)

// echo prints its arguments: a program for go run -exec. It is a word of the
// command interpreter, not a program.
const echo = "cmd /c echo"

// runGo runs a go command and waits for it. It is killed when ctx ends.
func runGo(ctx context.Context, env []string, stdout, stderr io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd.Run()
}
