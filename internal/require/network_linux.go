package require

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inNetwork is set in the process that runs one test in namespaces of its own.
const inNetwork = "WIRELAB_TEST_IN_NAMESPACE"

// OwnNetwork makes the rest of the test run in a user and network namespace of
// its own, in a process of its own, beside other tests; it returns true in there. In
// the caller it reports what happened there and returns false.
func OwnNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNetwork) == t.Name() {
		return true
	}
	t.Parallel()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), inNetwork+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		Missing(t, "netns", fmt.Sprintf("a user and network namespace is refused: %v", err))
	}
	err := cmd.Wait()
	switch {
	case err != nil:
		t.Errorf("in its own network: %v\n%s", err, out.String())
	case !strings.Contains(out.String(), "--- PASS: "+t.Name()):
		t.Errorf("in its own network the test did not run:\n%s", out.String())
	default:
		t.Log(out.String())
	}
	return false
}
