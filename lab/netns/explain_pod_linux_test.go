package netns

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sigs.k8s.io/yaml"

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
	if strings.Contains(u.Cause.String(), "AppArmor") {
		return
	}
	lines := strings.Split(advice, "\n")
	if len(lines) < 3 {
		t.Fatalf("the advice is %q, want three lines of YAML first", advice)
	}
	var pod struct {
		Spec struct {
			SecurityContext struct {
				RunAsNonRoot   bool
				RunAsUser      int
				SeccompProfile struct{ Type, LocalhostProfile string }
			}
			Containers []struct {
				SecurityContext struct {
					AllowPrivilegeEscalation *bool
					Capabilities             struct{ Drop []string }
				}
			}
		}
	}
	if err := yaml.UnmarshalStrict([]byte(strings.Join(lines[:3], "\n")), &pod); err != nil {
		t.Fatalf("the three lines are no YAML: %v\n%s", err, advice)
	}
	own, containers := pod.Spec.SecurityContext, pod.Spec.Containers
	if !own.RunAsNonRoot || own.RunAsUser == 0 || own.SeccompProfile.Type != "Localhost" || own.SeccompProfile.LocalhostProfile == "" {
		t.Errorf("the pod that is advised: %+v", own)
	}
	if len(containers) != 1 || containers[0].SecurityContext.AllowPrivilegeEscalation == nil || *containers[0].SecurityContext.AllowPrivilegeEscalation ||
		!slices.Equal(containers[0].SecurityContext.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("its containers: %+v", containers)
	}
	if status := readStatus(); status.filtered && !strings.Contains(u.Cause.String(), "seccomp") {
		t.Errorf("the cause is %q, and a filter is in place", u.Cause)
	}
}
