package forks

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// generation is a pipe of which every child that is started has a copy, until it executes
// its program. Nothing writes to it: its end is read when the last copy is closed.
//
// That package syscall has unlocked syscall.ForkLock is not enough: fork returns when the
// child has memory of its own, and execve(2) closes descriptors after that (fs/exec.c,
// begin_new_exec), on a busy machine some time after.
var generation struct {
	sync.Mutex
	read  int // the same number in every generation
	write int // one of slots
}

// slots are the numbers that the write end has in turn; the other is another copy of the
// read end. Of what a child holds as the last one the kernel releases the highest number
// first (kernel/task_work.c, task_work_run): so these are to be lower than those of what
// is closed before a Wait. They are not among the first, which a child's ExtraFiles
// replace before it executes its program.
var slots [2]int

// firstSlot leaves room for seven ExtraFiles.
const firstSlot = 10

func init() {
	if err := open(); err != nil {
		panic(fmt.Sprintf("forks: %v", err))
	}
}

// open makes the first generation.
func open() error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	for i := range slots {
		n, err := unix.FcntlInt(uintptr(ends[0]), unix.F_DUPFD_CLOEXEC, firstSlot)
		if err != nil {
			return fmt.Errorf("duplicate a descriptor: %w", err)
		}
		slots[i] = n
	}
	generation.read, generation.write = ends[0], slots[0]
	return errors.Join(unix.Dup3(ends[1], slots[0], unix.O_CLOEXEC), unix.Dup3(ends[0], ends[1], unix.O_CLOEXEC), fill())
}

// fill takes every free number below the slots.
func fill() error {
	for {
		n, err := unix.FcntlInt(uintptr(generation.read), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("duplicate a descriptor: %w", err)
		}
		if n > slots[1] {
			return unix.Close(n)
		}
	}
}

// Wait returns when every child that was being started when it was called has closed its
// copies of what was closed before, since it executes its program, or has failed to. Of
// two children that do so at the same moment, one that is kept from its CPU just then may
// have a copy left: it happens once in some ten thousand times where eight are started all
// the time. It may be called by several goroutines at once.
func Wait() error {
	generation.Lock()
	defer generation.Unlock()
	if err := fill(); err != nil { // what was taken when the process began may be free now
		return err
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	next := slots[0] + slots[1] - generation.write
	if err := unix.Dup3(ends[1], next, unix.O_CLOEXEC); err != nil {
		return errors.Join(err, unix.Close(ends[0]), unix.Close(ends[1]))
	}
	err := errors.Join(unix.Close(ends[1]), unix.Dup3(ends[0], generation.write, unix.O_CLOEXEC))
	generation.write = next
	syscall.ForkLock.RLock() // package syscall holds it while it makes a child
	defer syscall.ForkLock.RUnlock()
	for {
		_, ended := unix.Read(generation.read, make([]byte, 1))
		if !errors.Is(ended, unix.EINTR) {
			return errors.Join(err, ended, unix.Dup3(ends[0], generation.read, unix.O_CLOEXEC), unix.Close(ends[0]))
		}
	}
}
