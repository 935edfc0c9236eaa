package filelock

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// The locks are those of an open file description (fcntl(2), F_OFD_SETLK): of all that
// the kernel has they alone go with the open file and can be asked for without being
// taken.

// Lock locks a file that is open for writing, until it is closed. Where somebody else has
// it locked the error is ErrTaken; it does not wait.
func Lock(f *os.File) error {
	err := fcntl(f, unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return ErrTaken
	}
	return err
}

// Unlock gives a lock up before the file is closed: a process that is just being started
// has the file open, too, until it is the other program.
func Unlock(f *os.File) error {
	return fcntl(f, unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK, Whence: io.SeekStart})
}

// Taken reports whether somebody else has a file locked. It takes no lock, so that nobody
// who asks for one meanwhile is refused.
func Taken(f *os.File) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart}
	err := fcntl(f, unix.F_OFD_GETLK, &lock)
	return err == nil && lock.Type != unix.F_UNLCK, err
}

func fcntl(f *os.File, command int, lock *unix.Flock_t) error {
	for {
		if err := unix.FcntlFlock(f.Fd(), command, lock); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
