package netns

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab"
)

// In a pod the advice is a pod's: lines of its YAML, and no sudo.
func TestExplainPod(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	u, ok := errors.AsType[*lab.Unavailable](explain(&os.PathError{Op: "fork/exec", Path: "/proc/self/exe", Err: syscall.EPERM}))
	if !ok {
		t.Fatal("no *lab.Unavailable")
	}
	advice := i18n.Lines(lang.English, u.Advice)
	if strings.Contains(advice, "sudo") && !strings.Contains(u.Cause.String(), "AppArmor") {
		t.Errorf("the advice is %q", advice)
	}
	if status := readStatus(); status.filtered && !strings.Contains(u.Cause.String(), "seccomp") {
		t.Errorf("the cause is %q, and a filter is in place", u.Cause)
	}
}
