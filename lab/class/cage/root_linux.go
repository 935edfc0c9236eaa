package cage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// stage is where the new root is made: a folder that is on every system. What is mounted
// there nobody outside sees.
const stage = "/sys"

// shared are what the cage has of the machine's files, read-only: programs, libraries and
// what a resolver reads. The lab has put its own hosts file in place.
var shared = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
	"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives",
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
}

// build makes the root of the cage, with the program in it, and enters it. It returns
// the program's path and a folder to work in.
func build(program io.Reader) (path, dir string, err error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", "", fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("cage", stage, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=0755", maxFiles)); err != nil {
		return "", "", fmt.Errorf("file system of the cage: %w", err)
	}
	for _, dir := range []string{"etc", "dev", "proc", "work", "tmp"} {
		if err := os.Mkdir(filepath.Join(stage, dir), 0o755); err != nil {
			return "", "", err
		}
	}
	for _, one := range shared {
		if err := share(one); err != nil {
			return "", "", fmt.Errorf("%s: %w", one, err)
		}
	}
	if err := os.WriteFile(filepath.Join(stage, "etc/passwd"), []byte("student:x:0:0::/work:/bin/sh\n"), 0o644); err != nil {
		return "", "", err
	}
	// Its own processes alone. A container may refuse it: then there is no /proc.
	_ = unix.Mount("proc", filepath.Join(stage, "proc"), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err := install(program, filepath.Join(stage, "program")); err != nil {
		return "", "", err
	}
	if err := enter(); err != nil {
		return "", "", err
	}
	return "/program", "/work", nil
}

// enter makes the stage the root and forgets the old one (pivot_root(2)).
func enter() error {
	if err := os.Chdir(stage); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("forget the old root: %w", err)
	}
	return os.Chdir("/")
}

// share puts a file or folder of the machine in its place in the cage. A link is made as
// it is; what the machine lacks, the cage lacks, too.
func share(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	target := filepath.Join(stage, path)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(to, target)
	}
	if info.IsDir() {
		err = os.Mkdir(target, 0o755)
	} else {
		err = os.WriteFile(target, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(path, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
	if err := unix.MountSetattr(unix.AT_FDCWD, target, unix.AT_RECURSIVE, &attr); err != nil {
		return fmt.Errorf("read-only: %w", err)
	}
	return nil
}

// install writes the program where the cage can execute it.
func install(program io.Reader, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(program, MaxProgram+1))
	if n > MaxProgram {
		err = fmt.Errorf("the program is larger than %d bytes", MaxProgram)
	}
	return errors.Join(err, f.Close())
}
