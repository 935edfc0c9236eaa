package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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

// kernelThread is the flag of a thread of the kernel's (PF_KTHREAD), which has no
// environment.
const kernelThread = 0x200000

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
//
// A program may start another and end before it is looked at. The other's number is
// higher, and which number is the next is asked after the look at the one before: so it
// is found. Where the numbers begin anew, the second look finds it.
func started(match func(id string) bool) (found []int, refused error) {
	for range 2 {
		ended := false
		err := eachProcess(func(pid int) {
			environ, err := readEnvironment(pid)
			if os.IsPermission(err) && own(pid) {
				refused = err
			}
			p, err := readProcess(pid)
			ended = ended || err != nil || p.ends
			if err == nil && !p.ends && hasID(environ, match) {
				found = append(found, pid)
			}
		})
		if err != nil {
			return nil, err
		}
		if len(found) > 0 || !ended {
			break
		}
	}
	return found, refused
}

// hasID reports whether an environment has an id that matches.
func hasID(environ []byte, match func(id string) bool) bool {
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if id, ok := bytes.CutPrefix(entry, []byte(agent.Variable+"=")); ok && match(string(id)) {
			return true
		}
	}
	return false
}

// firstProcess is the place in the list of /proc of a process of number 0
// (TGID_OFFSET, fs/proc/base.c).
const firstProcess = 258

// eachProcess calls look for every process in /proc, in the order of their numbers. Which
// is the next, the kernel is asked after each call.
func eachProcess(look func(pid int)) error {
	dir, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /proc: %w", err)
	}
	defer unix.Close(dir)
	self, err := os.Readlink("/proc/self")
	if err != nil {
		return err
	}
	own, _ := strconv.Atoi(self)
	switch found, err := processFrom(dir, own); {
	case err != nil:
		return err
	case found != own:
		return fmt.Errorf("process %d is not where the list of /proc has it: there is %d", own, found)
	}
	for pid := 1; ; pid++ {
		if pid, err = processFrom(dir, pid); err != nil || pid == 0 {
			return err
		}
		look(pid)
	}
}

// processFrom returns the process of the lowest number from a number on, 0 for none. The
// kernel, left to itself, has looked for the next already when it tells one.
func processFrom(proc, number int) (pid int, err error) {
	if _, err := unix.Seek(proc, int64(firstProcess+number), io.SeekStart); err != nil {
		return 0, fmt.Errorf("read /proc: %w", err)
	}
	entries := make([]byte, 64)
	n, err := unix.Getdents(proc, entries)
	if err != nil {
		return 0, fmt.Errorf("read /proc: %w", err)
	}
	_, _, names := unix.ParseDirent(entries[:n], 1, nil)
	if len(names) == 0 {
		return 0, nil
	}
	return strconv.Atoi(names[0])
}

// execWithin bounds the wait for a process that becomes another program.
const execWithin = time.Second

// readEnvironment reads the environment of a process. While a process becomes
// another program (execve(2)) the kernel shows none, and where none is it does not
// say where it ends; nowhere else is that 0, and after it it is another place.
func readEnvironment(pid int) (environ []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), execWithin)
	defer cancel()
	_ = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		before, beforeErr := readProcess(pid)
		if environ, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || len(environ) > 0 {
			return true, nil
		}
		after, afterErr := readProcess(pid)
		if err = errors.Join(beforeErr, afterErr); err != nil {
			return true, nil
		}
		return after.ends || after.kernel || after.environ != 0 && after.environ == before.environ, nil
	})
	return environ, err
}

// own reports whether a process is this user's.
func own(pid int) bool {
	var s unix.Stat_t
	return unix.Stat(fmt.Sprintf("/proc/%d", pid), &s) == nil && int(s.Uid) == os.Geteuid()
}

// process is what the kernel says of a process.
type process struct {
	group   int    // the number of the process that leads its group
	ends    bool   // it has ended or is about to
	kernel  bool   // it is a thread of the kernel's
	environ uint64 // address of its environment's end; 0: there is none yet, or it is not told
}

// readProcess reads the state, group, flags and place of the environment of a
// process (proc_pid_stat(5)).
func readProcess(pid int) (process, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	stat, err := os.ReadFile(path)
	if err != nil {
		return process{}, err
	}
	// The name, in parentheses, may have any character.
	i := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[i+1:]))
	const state, group, flags, envEnd = 0, 2, 6, 48
	if i < 0 || len(fields) <= envEnd {
		return process{}, fmt.Errorf("%s has %d fields", path, len(fields))
	}
	var numbers [envEnd + 1]uint64
	for _, n := range []int{group, flags, envEnd} {
		if numbers[n], err = strconv.ParseUint(fields[n], 10, 64); err != nil {
			return process{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	return process{
		group:   int(numbers[group]),
		ends:    strings.Contains("ZXx", fields[state]) || numbers[flags]&exiting != 0,
		kernel:  numbers[flags]&kernelThread != 0,
		environ: numbers[envEnd],
	}, nil
}
