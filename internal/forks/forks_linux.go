package forks

import (
	"context"
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
	begun bool
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

// Watch has the children that are started from here on watched. It is to be called before
// what they may have copies of is opened; Wait does so, too.
func Watch() error {
	generation.Lock()
	defer generation.Unlock()
	return begin()
}

// begin makes the first generation, once.
func begin() error {
	if generation.begun {
		return nil
	}
	ends, err := pipe()
	if err != nil {
		return err
	}
	for i := range slots {
		if slots[i], err = unix.FcntlInt(uintptr(ends[0]), unix.F_DUPFD_CLOEXEC, firstSlot); err != nil {
			for _, n := range append(ends[:], slots[:i]...) {
				unix.Close(n)
			}
			return fmt.Errorf("duplicate a descriptor: %w", err)
		}
	}
	generation.read, generation.write, generation.begun = ends[0], slots[0], true
	return errors.Join(unix.Dup3(ends[1], slots[0], unix.O_CLOEXEC), unix.Close(ends[1]), fill())
}

func pipe() (ends [2]int, err error) {
	if err = unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		err = fmt.Errorf("pipe: %w", err)
	}
	return ends, err
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
// the time. The error is that of ctx where a child does not come that far. It may be called
// by several goroutines at once.
func Wait(ctx context.Context) error {
	generation.Lock()
	defer generation.Unlock()
	if err := begin(); err != nil {
		return err
	}
	read, err := next()
	if err != nil {
		return err
	}
	syscall.ForkLock.RLock() // a child that is made now would only keep the others from their CPU
	err = awaitEnd(ctx, generation.read)
	syscall.ForkLock.RUnlock()
	if err != nil {
		err = fmt.Errorf("a child that is being started has what was closed: %w", err)
	}
	return errors.Join(err, unix.Dup3(read, generation.read, unix.O_CLOEXEC), unix.Close(read))
}

// awaitEnd returns when a pipe's last write end is closed. It is woken then, rather than
// look at once: what the child closes with it is closed some microseconds later.
func awaitEnd(ctx context.Context, read int) error {
	for ctx.Err() == nil {
		const look = 100                                            // milliseconds, after which ctx is looked at again
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(read)}}, look) // POLLHUP needs no asking for
		switch {
		case err != nil && !errors.Is(err, unix.EINTR):
			return err
		case n > 0:
			return nil
		}
	}
	return ctx.Err()
}

// next begins a generation and returns its read end. That of the one before ends when the
// children have closed their copies.
func next() (read int, err error) {
	if err := fill(); err != nil { // what was taken when the first began may be free now
		return 0, err
	}
	ends, err := pipe()
	if err != nil {
		return 0, err
	}
	slot := slots[0] + slots[1] - generation.write
	err = errors.Join(unix.Dup3(ends[1], slot, unix.O_CLOEXEC), unix.Close(ends[1]), unix.Dup3(ends[0], generation.write, unix.O_CLOEXEC))
	generation.write = slot
	if err != nil {
		return 0, errors.Join(err, unix.Close(ends[0]))
	}
	return ends[0], nil
}
