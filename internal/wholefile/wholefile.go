// Package wholefile writes files that are whole or not there, and leaves
// nothing else behind, kill -9 included.
package wholefile

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a file, or replaces the one that is there: whoever looks sees
// the old content or the new. While it is written the file has no name, where
// the system can make such a file; where it cannot it has a hidden one, which
// is removed unless the process is killed.
func Write(path string, write func(io.Writer) error) error {
	return writeWith(0o644, path, write)
}

// WriteBytes is Write of bytes that are there already. The file has the mode, before the
// umask, from its beginning: nobody else can ever read one of 0600.
func WriteBytes(path string, data []byte, mode fs.FileMode) error {
	return writeWith(mode, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func writeWith(mode fs.FileMode, path string, write func(io.Writer) error) error {
	f, err := unnamed(filepath.Dir(path), uint32(mode.Perm()))
	if err != nil {
		return writeHidden(mode, path, write)
	}
	defer f.Close()
	if err := fill(f, write); err != nil {
		return err
	}
	return name(f, path)
}

// Temporary opens a file that has no name, in the system's folder for such files: nothing
// is left of it once it is closed. Only its owner could read it. The error is for a folder
// in which nobody can write, and for a system that keeps the name of an open file.
func Temporary() (*os.File, error) {
	if f, err := unnamed(os.TempDir(), 0o600); err == nil {
		return f, nil
	}
	f, err := os.CreateTemp("", ".wirelab-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return f, nil
}

// fill writes the content and has it on the disk.
func fill(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// errUnnamed says that the system has no files without a name.
var errUnnamed = errors.New("no files without a name here")

func writeHidden(mode fs.FileMode, path string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(path), ".wirelab-"+rand.Text()), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := fill(f, write); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
