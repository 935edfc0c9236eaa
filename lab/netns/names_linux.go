package netns

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	vnetns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"wirelab/internal/hostnames"
)

// mountNames makes the hosts' names resolve for every program on every host:
// in the lab's own mount namespace /etc/hosts has them, and the resolver asks
// nobody else, who might answer differently or cause traffic. With several segments
// the hosts of each have a mount namespace of their own, in which the nearest address of
// a host comes first. What is not mounted the environment has for our own commands.
func (s *site) mountNames() error {
	// Without this what follows would be seen by the whole machine.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	// A /proc of the lab's own PID namespace, so that a program on a host that
	// looks itself up there finds itself. A container may refuse it.
	_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if len(s.topology.SegmentNames()) == 1 {
		return mountFiles(s.hosts[0].names, s.order())
	}
	var errs []error
	done := map[*view]bool{}
	for _, h := range s.hosts {
		if !done[h.view] {
			done[h.view] = true
			errs = append(errs, h.mountNames(s.order()))
		}
	}
	return errors.Join(errs...)
}

// mountNames gives the hosts of a view a mount namespace of their own.
func (v *view) mountNames(order []string) error {
	return onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("new mount namespace: %w", err)
		}
		if err := mountFiles(v.names, order); err != nil {
			return err
		}
		mounts, err := vnetns.GetFromPath("/proc/thread-self/ns/mnt")
		if err != nil {
			return fmt.Errorf("open the thread's mount namespace: %w", err)
		}
		v.mounts = int(mounts)
		return nil
	})
}

// mountFiles puts names, in an order, in place in the thread's mount namespace.
func mountFiles(names hostnames.Table, order []string) error {
	var table strings.Builder
	table.WriteString("127.0.0.1\tlocalhost\n")
	for _, name := range order {
		for _, addr := range names[name] {
			fmt.Fprintf(&table, "%s\t%s\n", addr, name)
		}
	}
	files := map[string]string{
		"hosts":         table.String(),
		"resolv.conf":   "# the lab's names are in /etc/hosts\n",
		"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
	}
	// The files live in a tmpfs that nothing but the bind mounts refers to: it
	// goes with the namespace, and the machine's disk never sees it. It needs
	// a folder to be mounted on for the moment in which they are made: /sys is
	// on every system, and nothing of the lab reads it.
	const stage = "/sys"
	if err := unix.Mount("wirelab", stage, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "size=128k,mode=0755"); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	defer unix.Unmount(stage, unix.MNT_DETACH)
	var errs []error
	for name, content := range files {
		source := filepath.Join(stage, name)
		if err := os.WriteFile(source, []byte(content), 0o644); err != nil {
			errs = append(errs, err)
			continue
		}
		// A system without the file (musl has no nsswitch.conf) does not read it.
		if err := unix.Mount(source, "/etc/"+name, "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
			errs = append(errs, fmt.Errorf("bind /etc/%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
