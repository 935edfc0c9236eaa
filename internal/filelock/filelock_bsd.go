//go:build unix && !linux

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Lock locks a file until it is closed (flock(2)). Where somebody else has it locked the
// error is ErrTaken; it does not wait.
func Lock(f *os.File) error { return flock(f, unix.LOCK_EX) }

// Unlock gives a lock up before the file is closed: a process that is just being started
// has the file open, too, until it is the other program.
func Unlock(f *os.File) error { return flock(f, unix.LOCK_UN) }

// Taken reports whether somebody else has a file locked. Here it takes a shared lock for a
// moment: flock(2) cannot be asked.
func Taken(f *os.File) (bool, error) {
	err := flock(f, unix.LOCK_SH)
	if errors.Is(err, ErrTaken) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, Unlock(f)
}

func flock(f *os.File, how int) error {
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrTaken
	}
	return err
}
