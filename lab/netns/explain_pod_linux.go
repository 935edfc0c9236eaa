package netns

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
)

// inPod reports whether this process runs in a pod of Kubernetes: kubelet gives every
// container the variable, whatever its runtime is.
func inPod() bool { return os.Getenv("KUBERNETES_SERVICE_HOST") != "" }

// podAdvice are the lines of a pod with which a lab runs, which the Pod Security standard
// restricted admits: YAML to merge into the pod's.
const podAdvice = `spec:
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: Localhost, localhostProfile: profiles/wirelab.json}}
  containers: [{securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`

// explainPod says who refuses within a pod, and which lines of its YAML change that.
func explainPod(err error) error {
	cause := i18n.Original(err)
	status := readStatus()
	advice := []i18n.Message{i18n.Verbatim(podAdvice), i18n.Msg("netns.advice.profile")}
	switch {
	case status.filtered && errors.Is(err, syscall.EPERM):
		// A filter answers before the kernel looks at anything else.
		return unavailable(i18n.Msg("netns.pod.seccomp", "Cause", cause), advice...)
	case os.Geteuid() == 0 && !status.has(unix.CAP_SETFCAP):
		return unavailable(i18n.Msg("netns.pod.root", "Cause", cause), advice...)
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
		return unavailable(i18n.Msg("netns.pod.apparmor", "Cause", cause),
			i18n.Verbatim("spec:\n  securityContext: {appArmorProfile: {type: Unconfined}}"), i18n.Msg("netns.advice.apparmor"))
	}
	return unavailable(i18n.Msg("netns.pod.unknown", "Cause", cause), advice...)
}

// processStatus is what /proc/self/status says of rights: proc_pid_status(5).
type processStatus struct {
	filtered     bool   // a seccomp filter is in place
	capabilities uint64 // the effective set
}

func (s processStatus) has(capability int) bool { return s.capabilities&(1<<capability) != 0 }

func readStatus() (s processStatus) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return s
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch name {
		case "Seccomp":
			s.filtered = value == "2" // SECCOMP_MODE_FILTER
		case "CapEff":
			s.capabilities, _ = strconv.ParseUint(value, 16, 64)
		}
	}
	return s
}
