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

// explain says why the system refused a lab, and what to do about it.
func explain(err error) error {
	u := &lab.Unavailable{What: Name, Cause: err.Error(), Advice: sudoAdvice}
	root := os.Geteuid() == 0
	switch {
	case errors.Is(err, syscall.ENOSPC):
		u.Cause = fmt.Sprintf("user namespaces are switched off: user.max_user_namespaces is %s (%v)", sysctl("user/max_user_namespaces"), err)
		u.Advice = "sudo sysctl -w user.max_user_namespaces=10000"
	case sysctl("kernel/unprivileged_userns_clone") == "0" && !root:
		u.Cause = fmt.Sprintf("kernel.unprivileged_userns_clone is 0 (%v)", err)
		u.Advice = "sudo sysctl -w kernel.unprivileged_userns_clone=1"
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && !root:
		u.Cause = fmt.Sprintf("AppArmor does not let an ordinary user make user namespaces: kernel.apparmor_restrict_unprivileged_userns is 1 (%v)", err)
		u.Advice = sudoAdvice + "   (for go test: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0)"
	case inContainer():
		u.Cause = fmt.Sprintf("this container may not make namespaces (%v)", err)
		u.Advice = "docker run --security-opt seccomp=unconfined --user 1234:1234 --cap-drop ALL …"
	case errors.Is(err, syscall.EACCES):
		u.Cause = fmt.Sprintf("the program cannot execute itself again: its file must be readable (%v)", err)
		u.Advice = "chmod a+rx wirelab"
	case root:
		u.Advice = "run it as an ordinary user"
	}
	return u
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
