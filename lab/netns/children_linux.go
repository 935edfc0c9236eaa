package netns

import (
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// children are the commands that the lab process has started. It is PID 1 of
// its namespace, and so the parent of every process whose own has ended: these
// orphans it must wait for, or they stay as zombies, and for its own commands
// it must not, since exec.Cmd does.
type children struct {
	mu  sync.Mutex
	own map[int]syscall.Signal // by which each is asked to end
}

func newChildren() *children {
	c := &children{own: map[int]syscall.Signal{}}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			c.reap()
		}
	}()
	return c
}

// start starts a command by the given function. With a terminal of its own it
// is asked to end as by one that is closed, which a shell heeds, too.
func (c *children) start(cmd *exec.Cmd, start func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := start(); err != nil {
		return err
	}
	c.own[cmd.Process.Pid] = syscall.SIGTERM
	if cmd.SysProcAttr.Setctty {
		c.own[cmd.Process.Pid] = syscall.SIGHUP
	}
	return nil
}

// askToEnd asks every command that runs, and what it has started.
func (c *children) askToEnd() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for pid, s := range c.own {
		syscall.Kill(-pid, s)
	}
}

// wait waits for a command that start has started.
func (c *children) wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	c.mu.Lock()
	delete(c.own, cmd.Process.Pid)
	c.mu.Unlock()
	c.reap() // an orphan may have waited behind it
	return err
}

// reap waits for every orphan that has ended, up to one of our own, which the
// kernel names first until its Cmd has waited for it.
func (c *children) reap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		// Look who has ended, and leave it (waitid(2), WNOWAIT).
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != nil {
			return
		}
		pid := endedPID(&info)
		if pid == 0 || c.own[pid] != 0 {
			return
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WNOHANG, nil); err != nil {
			return
		}
	}
}

// endedPID is si_pid, which follows three ints at the alignment of a pointer
// (sigaction(2)) and has no field in x/sys; 0 if nobody has ended.
func endedPID(info *unix.Siginfo) int {
	const align = unsafe.Sizeof(uintptr(0))
	const offset = (3*4 + align - 1) &^ (align - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), offset)))
}
