package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"wirelab/internal/require"
	"wirelab/lab/class/seccomp"
)

// podRuns makes a pod, and returns what it has printed and whether it succeeded.
func (r *real) podRuns(t *testing.T, name string, spec core.PodSpec) (said string, succeeded bool) {
	t.Helper()
	pods := r.api.CoreV1().Pods(r.namespace)
	if _, err := pods.Create(t.Context(), &core.Pod{ObjectMeta: meta.ObjectMeta{Name: name}, Spec: spec}, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var pod *core.Pod
	require.Eventually(t, 2*time.Minute, func() bool {
		p, err := pods.Get(t.Context(), name, meta.GetOptions{})
		if err == nil {
			pod = p
		}
		return err == nil && (p.Status.Phase == core.PodSucceeded || p.Status.Phase == core.PodFailed)
	}, func() string { return "pod " + name + " to end" })
	log, err := pods.GetLogs(name, &core.PodLogOptions{}).Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	text, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), pod.Status.Phase == core.PodSucceeded
}

// In a pod as most are, root with the runtime's profile, wirelab's doctor advises three lines
// of YAML. With these the same pod is admitted by the standard restricted, and runs a lab.
func TestAdviceInPodOnRealCluster(t *testing.T) {
	r := realCluster(t)
	setEnforced(t, r, "privileged")
	spec := core.PodSpec{
		RestartPolicy:   core.RestartPolicyNever,
		SecurityContext: &core.PodSecurityContext{SeccompProfile: &core.SeccompProfile{Type: core.SeccompProfileTypeRuntimeDefault}},
		Volumes:         []core.Volume{{Name: "tmp", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}}},
		Containers: []core.Container{{
			Name: "mine", Image: testImage, ImagePullPolicy: core.PullIfNotPresent, Args: []string{"doctor"},
			VolumeMounts: []core.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
		}},
	}
	said, able := r.podRuns(t, "doctor", spec)
	t.Logf("\n%s", said)
	if able {
		t.Fatal("a lab runs in a pod with the runtime's profile: the test is of one in which none does")
	}
	var lines []string
	for line := range strings.SplitSeq(said, "\n") {
		if len(lines) > 0 && len(lines) < 3 || strings.TrimSpace(line) == "spec:" {
			lines = append(lines, line)
		}
	}
	if strings.Contains(said, "sudo") || len(lines) != 3 {
		t.Fatalf("the advice is not three lines of YAML without sudo: %q", lines)
	}
	var advised core.Pod
	if err := yaml.UnmarshalStrict([]byte(strings.Join(lines, "\n")), &advised); err != nil {
		t.Fatal(err)
	}
	spec.SecurityContext = advised.Spec.SecurityContext
	spec.Containers[0].SecurityContext = advised.Spec.Containers[0].SecurityContext
	spec.Containers[0].Args = []string{"run", "ping", "-o", "/tmp/run"}
	setEnforced(t, r, "restricted")
	if said, able := r.podRuns(t, "lab", spec); !able {
		t.Errorf("with the lines that are advised no lab runs:\n%s", said)
	}
}

// What the doctor of a cluster advises whose nodes lack the seccomp profile helps as it
// stands: it is what a shell is given here.
func TestProfileAdviceOnRealCluster(t *testing.T) {
	r := realCluster(t)
	kubelet := filepath.Join(filepath.Dir(filepath.Dir(os.Getenv("KUBECONFIG"))), "kubelet")
	profile := filepath.Join(kubelet, "seccomp", filepath.FromSlash(seccomp.Name))
	if err := os.Remove(profile); err != nil {
		t.Fatal(err)
	}
	daemons := r.api.AppsV1().DaemonSets("kube-system")
	t.Cleanup(func() {
		if err := daemons.Delete(context.Background(), "wirelab-seccomp", meta.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
		if _, err := seccomp.Install(filepath.Join(kubelet, "seccomp")); err != nil {
			t.Error(err)
		}
	})
	said, err := r.shell(t, "wirelab doctor --on kubernetes --image "+testImage+" --namespace "+r.namespace)
	if err == nil {
		t.Fatalf("the doctor finds nothing missing:\n%s", said)
	}
	var advice string
	for line := range strings.SplitSeq(said, "\n") {
		if strings.Contains(line, "setup --nodes") {
			advice = strings.TrimSpace(line)
		}
	}
	t.Logf("advice: %s", advice)
	if out, err := r.shell(t, advice); advice == "" || err != nil {
		t.Fatalf("%q: %v\n%s\nthe doctor said:\n%s", advice, err, out, said)
	}
	require.Eventually(t, time.Minute, func() bool { _, err := os.Stat(profile); return err == nil }, func() string { return "the profile on the node" })
	if said, err := r.shell(t, "wirelab doctor --on kubernetes --image "+testImage+" --namespace "+r.namespace); err != nil {
		t.Errorf("the advice was followed, and the doctor is not content: %v\n%s", err, said)
	}
}

// shell carries a line out in which wirelab and kubectl are programs.
func (r *real) shell(t *testing.T, line string) (out string, err error) {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kube := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(os.Getenv("KUBECONFIG")))), "bin", "kube")
	for name, text := range map[string]string{
		"wirelab": fmt.Sprintf("export %s=1\nexec %s \"$@\"\n", programVariable, self),
		"kubectl": fmt.Sprintf("exec %s kubectl \"$@\"\n", kube),
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", line)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	b, err := cmd.CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return string(b), err
}
