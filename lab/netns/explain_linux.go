package netns

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// sudoAdvice is a line to paste that works where only root may make namespaces.
func sudoAdvice() i18n.Message {
	if path, kept := self.Path(); kept {
		return i18n.Verbatim("sudo " + path + " run")
	}
	return i18n.Verbatim("go build -o wirelab . && sudo ./wirelab run")
}

// explain says why no lab came up and what to do about it: first the line that
// works at once, then what changes the machine. A machine that was too slow is
// no machine that lacks something: its error is no *lab.Unavailable.
func explain(err error) error {
	if told, ok := errors.AsType[*i18n.Error](err); ok && strings.HasPrefix(told.Code, ipv6Code) {
		return unavailable(told.Message, i18n.Msg("netns.advice.ipv4"), i18n.Msg("netns.advice.outside"))
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ENOMEM):
		return i18n.Errmsg("netns.busy", "Cause", err)
	case outOfProcesses(err):
		return explainProcesses(err)
	case errors.Is(err, syscall.ENOSPC):
		return explainLimit(err)
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return explainRefusal(err)
	}
	return passing(unavailable(i18n.FromError(err), i18n.Verbatim(self.Command()+" run --backend docker")))
}

func unavailable(cause i18n.Message, advice ...i18n.Message) *lab.Unavailable {
	return &lab.Unavailable{What: i18n.Verbatim(Name), Cause: cause, Advice: advice}
}

// passing is what is missing now and need not be at the next try.
func passing(u *lab.Unavailable) *lab.Unavailable {
	u.Passing = true
	return u
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
		return passing(unavailable(i18n.Msg("netns.processes.user", "Most", limit.Cur, "Cause", i18n.Original(err)),
			i18n.Verbatim("ulimit -u $(ulimit -Hu)"), i18n.Msg("netns.advice.processes")))
	}
	return passing(unavailable(i18n.Msg("netns.processes.session", "Cause", i18n.Original(err)), i18n.Msg("netns.advice.limit")))
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
	if _, remote := errors.AsType[*wire.Refusal](err); !remote {
		flags := uintptr(0)
		for _, k := range kinds {
			if flags |= k.flag; errors.Is(probe(flags), syscall.ENOSPC) {
				reached = k
				break
			}
		}
	}
	limit := sysctl(reached.sysctl)
	setting := strings.ReplaceAll(reached.sysctl, "/", ".")
	cause := i18n.Msg("netns.namespaces.reached", "Kind", reached.name, "Setting", setting, "Most", limit, "Cause", i18n.Original(err))
	if limit == "0" {
		cause = i18n.Msg("netns.namespaces.off", "Kind", reached.name, "Setting", setting, "Cause", i18n.Original(err))
	}
	raise := i18n.Verbatim("sudo sysctl -w " + setting + "=10000")
	if reached.name == "user" && os.Geteuid() != 0 {
		return unavailable(cause, sudoAdvice(), raise)
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
	path, _ := self.Path()
	advice := sudoAdvice()
	if root {
		advice = i18n.Msg("netns.advice.user")
	}
	switch {
	case inPod():
		return explainPod(err)
	case sysctl("kernel/unprivileged_userns_clone") == "0" && !root:
		return unavailable(i18n.Msg("netns.onlyroot", "Cause", i18n.Original(err)),
			advice, i18n.Verbatim("sudo sysctl -w kernel.unprivileged_userns_clone=1"))
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && !root:
		return unavailable(i18n.Msg("netns.apparmor", "Cause", i18n.Original(err)), advice, i18n.Msg("netns.advice.apparmor"))
	case inContainer() && readStatus().filtered && errors.Is(err, syscall.EPERM):
		return unavailable(i18n.Msg("netns.seccomp", "Cause", i18n.Original(err)),
			i18n.Verbatim("docker run --security-opt seccomp=unconfined --user 1234:1234 --cap-drop ALL …"))
	case inContainer():
		return unavailable(i18n.Msg("netns.container", "Cause", i18n.Original(err)),
			i18n.Verbatim("docker run --security-opt seccomp=unconfined --user 1234:1234 --cap-drop ALL …"))
	case errors.Is(err, syscall.EACCES):
		return unavailable(i18n.Msg("netns.unreadable", "Cause", i18n.Original(err)), i18n.Verbatim("chmod a+rx "+path))
	}
	return unavailable(i18n.FromError(err), advice)
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
