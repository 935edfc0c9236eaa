package netns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"wirelab/lab"
)

// sudoAdvice is a line to paste that works where only root may make namespaces.
const sudoAdvice = "go build -o wirelab . && sudo ./wirelab run"

// explain says why no lab came up and what to do about it: first the line that
// works at once, then what changes the machine. A machine that was too slow is
// no machine that lacks something: its error is no *lab.Unavailable.
func explain(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the lab did not come up in time, this machine is too busy: %w", err)
	case outOfProcesses(err):
		return explainProcesses(err)
	case errors.Is(err, syscall.ENOSPC):
		return explainLimit(err)
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return explainRefusal(err)
	}
	return unavailable(err.Error(), "wirelab run --backend docker")
}

func unavailable(cause string, advice ...string) error {
	return &lab.Unavailable{What: Name, Cause: cause, Advice: strings.Join(advice, "\n")}
}

// outOfProcesses reports whether no process or thread could be started. A Go
// program that can have no thread dies, and says so.
func outOfProcesses(err error) bool {
	died, ok := errors.AsType[*diedError](err)
	return errors.Is(err, syscall.EAGAIN) || ok &&
		(strings.Contains(died.words, "failed to create new OS thread") || strings.Contains(died.words, "pthread_create failed"))
}

func explainProcesses(err error) error {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &limit) == nil && limit.Cur != unix.RLIM_INFINITY {
		return unavailable(fmt.Sprintf("no more processes can be started: this user may have %d (%v)", limit.Cur, err),
			"ulimit -u $(ulimit -Hu)", "end some of this user's processes")
	}
	return unavailable(fmt.Sprintf("no more processes can be started: a limit of this container or session is reached (%v)", err),
		"raise the limit: docker run --pids-limit, systemd's TasksMax")
}

// A kind is one kind of namespace that a lab needs.
type kind struct {
	name   string
	sysctl string
	flag   uintptr
}

// kinds are in the order in which the kernel makes them.
var kinds = []kind{
	{"user", "user/max_user_namespaces", unix.CLONE_NEWUSER},
	{"mount", "user/max_mnt_namespaces", unix.CLONE_NEWNS},
	{"PID", "user/max_pid_namespaces", unix.CLONE_NEWPID},
	{"network", "user/max_net_namespaces", unix.CLONE_NEWNET},
}

// explainLimit finds out which limit is reached: the error of the kernel is the
// same for all.
func explainLimit(err error) error {
	reached := kinds[len(kinds)-1] // the lab process makes one for each host
	if _, remote := errors.AsType[*remoteError](err); !remote {
		flags := uintptr(0)
		for _, k := range kinds {
			if flags |= k.flag; errors.Is(probe(flags), syscall.ENOSPC) {
				reached = k
				break
			}
		}
	}
	limit := sysctl(reached.sysctl)
	cause := fmt.Sprintf("no more %s namespaces can be made: %s is %s (%v)", reached.name, strings.ReplaceAll(reached.sysctl, "/", "."), limit, err)
	if limit == "0" {
		cause = fmt.Sprintf("%s namespaces are switched off: %s is 0 (%v)", reached.name, strings.ReplaceAll(reached.sysctl, "/", "."), err)
	}
	raise := "sudo sysctl -w " + strings.ReplaceAll(reached.sysctl, "/", ".") + "=10000"
	if reached.name == "user" && os.Geteuid() != 0 {
		return unavailable(cause, sudoAdvice, raise)
	}
	return unavailable(cause, raise)
}

// probeVariable marks the environment of a process that ends at once.
const probeVariable = "WIRELAB_NETNS_PROBE"

func init() {
	if os.Getenv(probeVariable) != "" {
		os.Exit(0)
	}
}

// probe tries whether a process can be started in new namespaces.
func probe(flags uintptr) error {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), probeVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	return cmd.Run()
}

// explainRefusal says who refuses.
func explainRefusal(err error) error {
	root := os.Geteuid() == 0
	advice := sudoAdvice
	if root {
		advice = "run it as an ordinary user"
	}
	switch {
	case sysctl("kernel/unprivileged_userns_clone") == "0" && !root:
		return unavailable(fmt.Sprintf("only root may make user namespaces: kernel.unprivileged_userns_clone is 0 (%v)", err),
			advice, "sudo sysctl -w kernel.unprivileged_userns_clone=1")
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && !root:
		return unavailable(fmt.Sprintf("AppArmor lets only root make user namespaces: kernel.apparmor_restrict_unprivileged_userns is 1 (%v)", err),
			advice, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (go test needs this one)")
	case inContainer():
		return unavailable(fmt.Sprintf("this container may not make namespaces (%v)", err),
			"docker run --security-opt seccomp=unconfined --user 1234:1234 --cap-drop ALL …")
	case errors.Is(err, syscall.EACCES):
		return unavailable(fmt.Sprintf("the program may not execute itself again: its file must be readable (%v)", err),
			"chmod a+rx wirelab")
	}
	return unavailable(err.Error(), advice)
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
