package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"wirelab/internal/i18n"
)

// tree is a tar in a temporary file, which has no name where the system allows that.
type tree struct {
	*os.File
	size int64
}

// Size implements content.
func (t *tree) Size() int64 { return t.size }

// Close removes the file.
func (t *tree) Close() error { return errors.Join(t.File.Close(), remove(t.Name())) }

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// packTree packs the folders, files and links below a folder, as root's and without times.
// It refuses whatever else there is.
func packTree(root string) (t *tree, err error) {
	folder, err := filepath.EvalSymlinks(root) // WalkDir follows no link
	if err != nil {
		return nil, i18n.FileError(root, err)
	}
	f, err := os.CreateTemp("", "wirelab-image-")
	if err != nil {
		return nil, err
	}
	t = &tree{File: f}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	// Open alone it goes with this process, however that ends; Windows refuses.
	_ = os.Remove(f.Name())
	w := tar.NewWriter(f)
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == folder && !d.IsDir():
			return syscall.ENOTDIR
		case path == folder:
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return packFile(w, path, filepath.ToSlash(name))
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return t, i18n.FileError(root, err)
	}
	t.size, err = f.Seek(0, io.SeekCurrent)
	return t, err
}

func packFile(w *tar.Writer, path, name string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: int64(info.Mode().Perm())}
	switch mode := info.Mode(); {
	case mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
		return w.WriteHeader(h)
	case mode&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = os.Readlink(path); err != nil {
			return err
		}
		return w.WriteHeader(h)
	case !mode.IsRegular():
		return fmt.Errorf("%s: neither a file nor a folder nor a link", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h.Typeflag, h.Size = tar.TypeReg, info.Size()
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
