package class

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wirelab/internal/filelock"
	"wirelab/internal/i18n"
)

// lockFile is locked by the process that carries the course's jobs out, and has its
// number.
const lockFile = ".lock"

// BusyError says that a process works on a course.
type BusyError struct {
	Dir string
	PID int // 0 where it is not known
}

func (e *BusyError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error in people's languages.
func (e *BusyError) Unwrap() error {
	return i18n.Errmsg("class.running", "Folder", e.Dir, "PID", e.PID)
}

// Lock keeps others off the course until unlock is called or this process ends, in
// whatever way. The error is a *BusyError where another has it.
func (c *Course) Lock() (unlock func(), err error) {
	dir := filepath.Join(c.Dir, ResultFolder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, i18n.FileError(dir, err)
	}
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if err := filelock.Lock(f); err != nil {
		defer f.Close()
		if errors.Is(err, filelock.ErrTaken) {
			return nil, &BusyError{c.Dir, readPID(f)}
		}
		return nil, i18n.FileError(path, err)
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		f.Close()
		return nil, i18n.FileError(path, err)
	}
	return func() {
		_ = filelock.Unlock(f) // Close gives up what is left of it
		f.Close()
	}, nil
}

// Holder says which process has the course locked, nil if none has. It takes no lock and
// writes nothing: who only looks keeps nobody off.
func (c *Course) Holder() (*BusyError, error) {
	path := filepath.Join(c.Dir, ResultFolder, lockFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	defer f.Close()
	taken, err := filelock.Taken(f)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if !taken {
		return nil, nil
	}
	return &BusyError{c.Dir, readPID(f)}, nil
}

func writePID(f *os.File) error {
	_, err := fmt.Fprintln(f, os.Getpid())
	return err
}

func readPID(f *os.File) int {
	b := make([]byte, 20)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil || pid < 2 {
		return 0
	}
	return pid
}
