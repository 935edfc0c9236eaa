package wholefile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// unnamed makes a file without a name in a folder (open(2), O_TMPFILE). The
// kernel removes it with its last descriptor.
func unnamed(dir string, mode uint32) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, mode)
	if err != nil {
		return nil, errUnnamed
	}
	return os.NewFile(uintptr(fd), filepath.Join(dir, "unnamed")), nil
}

// name gives a file its name. linkat(2) replaces none: where the name is taken
// the file gets another for the moment in which that is renamed.
func name(f *os.File, path string) error {
	link := func(to string) error {
		return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), unix.AT_FDCWD, to, unix.AT_SYMLINK_FOLLOW)
	}
	err := link(path)
	if !errors.Is(err, fs.ErrExist) {
		if err != nil {
			err = &os.LinkError{Op: "link", Old: "the file that was written", New: path, Err: err}
		}
		return err
	}
	other := filepath.Join(filepath.Dir(path), ".wirelab-"+rand.Text())
	if err := link(other); err != nil {
		return &os.LinkError{Op: "link", Old: "the file that was written", New: other, Err: err}
	}
	if err := os.Rename(other, path); err != nil {
		return errors.Join(err, os.Remove(other))
	}
	return nil
}
