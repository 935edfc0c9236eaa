package netns

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"wirelab/lab"
)

// sudoAdvice is a line to paste that works where only root may make namespaces.
const sudoAdvice = "go build -o wirelab . && sudo ./wirelab run"

// explain says why the system refused a lab, and what to do about it: first
// the line that works at once, then what mends the machine.
func explain(err error) error {
	root := os.Geteuid() == 0
	advice := []string{sudoAdvice}
	if root {
		advice = []string{"run it as an ordinary user"}
	}
	cause := err.Error()
	switch {
	case errors.Is(err, syscall.ENOSPC):
		cause = fmt.Sprintf("user namespaces are switched off: user.max_user_namespaces is %s (%v)", sysctl("user/max_user_namespaces"), err)
		advice = append(advice, "sudo sysctl -w user.max_user_namespaces=10000")
	case sysctl("kernel/unprivileged_userns_clone") == "0" && !root:
		cause = fmt.Sprintf("only root may make user namespaces: kernel.unprivileged_userns_clone is 0 (%v)", err)
		advice = append(advice, "sudo sysctl -w kernel.unprivileged_userns_clone=1")
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && !root:
		cause = fmt.Sprintf("AppArmor lets only root make user namespaces: kernel.apparmor_restrict_unprivileged_userns is 1 (%v)", err)
		advice = append(advice, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (go test needs this one)")
	case inContainer():
		cause = fmt.Sprintf("this container may not make namespaces (%v)", err)
		advice = []string{"docker run --security-opt seccomp=unconfined --user 1234:1234 --cap-drop ALL …"}
	case errors.Is(err, syscall.EACCES):
		cause = fmt.Sprintf("the program may not execute itself again: its file must be readable (%v)", err)
		advice = []string{"chmod a+rx wirelab"}
	}
	return &lab.Unavailable{What: Name, Cause: cause, Advice: strings.Join(advice, "\n")}
}

func sysctl(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func inContainer() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return os.Getenv("container") != ""
}
