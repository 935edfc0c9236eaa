//go:build unix

package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// echo prints its arguments: a program for go run -exec.
const echo = "echo"

// guardVariable in the environment makes this program the guard of a go
// command, its arguments. Killed, the go command leaves its work folder, and
// its compilers go on for as long as they need; its guard, which sees by the
// end of a pipe that its caller is gone, however it went, ends and removes both.
const guardVariable = "WIRELAB_GO_GUARD"

func init() {
	if os.Getenv(guardVariable) == "" {
		return
	}
	os.Unsetenv(guardVariable)
	code, err := guard(os.NewFile(3, "caller"), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func guard(caller io.Reader, args []string) (code int, err error) {
	work, err := os.MkdirTemp("", "wirelab-go-")
	if err != nil {
		return 1, err
	}
	defer func() {
		if removeErr := os.RemoveAll(work); removeErr != nil && err == nil {
			code, err = 1, removeErr
		}
	}()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOTMPDIR="+work)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		_, _ = io.Copy(io.Discard, caller)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}()
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return 1, err
	}
	if code = cmd.ProcessState.ExitCode(); code < 0 {
		code = 1 // by a signal
	}
	return code, nil
}

// runGo runs a go command and waits for it. Where ctx, or this process, ends
// before it does, nothing of it is left a moment later.
func runGo(ctx context.Context, env []string, stdout, stderr io.Writer, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	pipe, caller, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(append(os.Environ(), env...), guardVariable+"=1")
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.ExtraFiles = []*os.File{pipe}                    // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C is its caller's
	err = cmd.Start()
	pipe.Close()
	if err != nil {
		caller.Close()
		return err
	}
	stop := context.AfterFunc(ctx, func() { caller.Close() })
	err = cmd.Wait()
	if stop() {
		caller.Close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
