// Package ownnet gives tests a network of their own: a user and a network
// namespace in which they may make interfaces and captures and disturb nobody.
package ownnet

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"wirelab/internal/require"
)

// inNamespace marks the test binary that runs in its own network namespace.
const inNamespace = "WIRELAB_OWN_NETWORK"

// refused is why there is no namespace, empty in one.
var refused string

// Main is for TestMain. It runs the test binary again in namespaces of its own
// and ends with its exit code, and there fails tests that leave goroutines.
func Main(m *testing.M) {
	if os.Getenv(inNamespace) == "" {
		code, err := again()
		if err == nil {
			os.Exit(code)
		}
		refused = err.Error()
	}
	goleak.VerifyTestMain(m)
}

// again returns the exit code of the tests in the namespaces, or why there
// are none.
func again() (int, error) {
	var refusals []error
	for _, flags := range []uintptr{syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET, syscall.CLONE_NEWNET} {
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Args[0] = os.Args[0]
		cmd.Env = append(os.Environ(), inNamespace+"=1")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}
		if flags&syscall.CLONE_NEWUSER != 0 {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		}
		err := cmd.Start()
		if err != nil {
			refusals = append(refusals, fmt.Errorf("namespaces %#x: %w", flags, err))
			continue
		}
		if err := cmd.Wait(); err != nil {
			if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
				return exit.ExitCode(), nil
			}
			fmt.Fprintln(os.Stderr, "tests in a namespace:", err)
			return 1, nil
		}
		return 0, nil
	}
	return 0, errors.Join(refusals...)
}

// need skips a test that has no namespace. Where one is required
// (WIRELAB_REQUIRE=netns), its lack is a failure.
func need(t *testing.T) {
	t.Helper()
	if refused == "" {
		return
	}
	require.Missing(t, "netns", "no network namespace: "+refused)
}
