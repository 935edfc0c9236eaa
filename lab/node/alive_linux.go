package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/internal/poll"
	"wirelab/lab/agent"
)

// exiting is the flag of a task that is about to end (PF_EXITING,
// include/linux/sched.h): its sockets may be closed already.
const exiting = 0x4

// alive looks for the program that was started with an id in its environment,
// and is not about to end. A number is the kernel's word, whatever the program
// has made of its environment. Without one it is the leader of a process group
// that has the id: so the backends start programs, and what a program starts
// stays in its group, unless it does as a shell with job control.
func alive(id string, pid int) (bool, error) {
	if pid != 0 {
		runs, err := aliveNumber(pid)
		// A kernel before 5.3, or a system call filter.
		if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
			return runs, err
		}
	}
	found, refused := started(func(its string) bool { return its == id })
	for _, pid := range found {
		if p, err := readProcess(pid); err == nil && p.group == pid && !p.ends {
			return true, nil
		}
	}
	return false, refused
}

// left reports whether anything that was started with an id is alive. A process
// at which this user may not look is none: what a program of this user starts is
// this user's.
func left(id string) (bool, error) {
	found, _ := started(func(its string) bool { return its == id })
	return len(found) > 0, nil
}

// aliveNumber reports whether the process with a number in this PID namespace
// runs and is not about to end. Its number in /proc, which may show another
// namespace, is told by a descriptor of it (proc_pid_fdinfo(5)).
func aliveNumber(pid int) (bool, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(fd)
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
	if err != nil {
		return false, err
	}
	_, rest, _ := strings.Cut(string(info), "\nPid:")
	number, _, _ := strings.Cut(rest, "\n")
	shown, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil {
		return false, fmt.Errorf("the number of process %d in /proc: %w", pid, err)
	}
	if shown < 0 { // it has ended and was waited for
		return false, nil
	}
	p, err := readProcess(shown)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	return err == nil && !p.ends, err
}

// endPrograms kills every process whose id in the environment begins with a
// prefix: also those that such a one has started. A program may start another
// meanwhile, so that it looks again until there is none, for a while.
func endPrograms(prefix string) {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	// Past the limit what is left ends with its host.
	_ = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		found, _ := started(func(its string) bool { return strings.HasPrefix(its, prefix) })
		for _, pid := range found {
			_ = unix.Kill(pid, unix.SIGKILL) // an error means that it has ended
		}
		return len(found) == 0, nil
	})
}

// endWithin bounds the wait for the end of programs that were killed.
const endWithin = 5 * time.Second

// started lists the processes that were started with an id that matches and are
// not about to end. The error is of a process that may be one.
func started(match func(id string) bool) (found []int, refused error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	for _, dir := range processes {
		// A process that has ended meanwhile, or is another user's, is not it.
		environ, err := os.ReadFile(dir + "/environ")
		if err != nil {
			if os.IsPermission(err) && own(dir) {
				refused = err
			}
			continue
		}
		for entry := range bytes.SplitSeq(environ, []byte{0}) {
			id, ok := bytes.CutPrefix(entry, []byte(agent.Variable+"="))
			if !ok || !match(string(id)) {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
				if p, err := readProcess(pid); err == nil && !p.ends {
					found = append(found, pid)
				}
			}
			break
		}
	}
	return found, refused
}

// own reports whether a process is this user's.
func own(dir string) bool {
	var s unix.Stat_t
	return unix.Stat(dir, &s) == nil && int(s.Uid) == os.Geteuid()
}

// process is what the kernel says of a process.
type process struct {
	group int  // the number of the process that leads its group
	ends  bool // it has ended or is about to
}

// readProcess reads the state, group and flags of a process (proc_pid_stat(5)).
func readProcess(pid int) (process, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	stat, err := os.ReadFile(path)
	if err != nil {
		return process{}, err
	}
	// The name, in parentheses, may have any character.
	i := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[i+1:]))
	const state, group, flags = 0, 2, 6
	if i < 0 || len(fields) <= flags {
		return process{}, fmt.Errorf("%s has %d fields", path, len(fields))
	}
	set, err := strconv.ParseUint(fields[flags], 10, 64)
	if err != nil {
		return process{}, fmt.Errorf("%s: %w", path, err)
	}
	leader, err := strconv.Atoi(fields[group])
	if err != nil {
		return process{}, fmt.Errorf("%s: %w", path, err)
	}
	return process{leader, strings.Contains("ZXx", fields[state]) || set&exiting != 0}, nil
}
