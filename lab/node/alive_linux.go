package node

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/lab/agent"
)

// exiting is the flag of a task that is about to end (PF_EXITING,
// include/linux/sched.h): its sockets may be closed already.
const exiting = 0x4

// alive looks for a process that was started with an id in its environment and
// is not about to end.
func alive(id string) (bool, error) {
	found, refused := started(func(its string) bool { return its == id })
	if len(found) > 0 {
		return true, nil
	}
	return false, refused
}

// endPrograms kills every process whose id in the environment begins with a
// prefix: also those that such a one has started. A program may start another
// meanwhile, so that it looks again until there is none, for a while.
func endPrograms(prefix string) {
	for range 100 {
		found, _ := started(func(its string) bool { return strings.HasPrefix(its, prefix) })
		if len(found) == 0 {
			return
		}
		for _, pid := range found {
			_ = unix.Kill(pid, unix.SIGKILL) // an error means that it has ended
		}
		time.Sleep(5 * time.Millisecond) // for the kernel to end them
	}
}

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
				if ends, err := ending(dir); err == nil && !ends {
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

// ending reads the state and flags of a process (proc_pid_stat(5)).
func ending(dir string) (bool, error) {
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return false, err
	}
	// The name, in parentheses, may have any character.
	i := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[i+1:]))
	const state, flags = 0, 6
	if i < 0 || len(fields) <= flags {
		return false, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	set, err := strconv.ParseUint(fields[flags], 10, 64)
	if err != nil {
		return false, fmt.Errorf("%s/stat: %w", dir, err)
	}
	return strings.Contains("ZXx", fields[state]) || set&exiting != 0, nil
}
