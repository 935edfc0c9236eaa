package capture

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

func confine() error {
	if err := becomeCaller(); err != nil {
		return fmt.Errorf("become the user who called sudo: %w", err)
	}
	// psx, below, finds the threads by /proc/PID/task and aborts the process if
	// it cannot. In a PID namespace under the /proc of another, as in a lab on
	// a system that lets it mount none, a PID there is somebody else's. The
	// capabilities of such a lab are worth nothing outside it.
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(os.Getpid()) {
		return nil
	}
	// Every thread at once, with cgo and without: the runtime's own way refuses
	// where libc is linked (golang.org/issue/42494).
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("PR_SET_NO_NEW_PRIVS: %w", err)
	}
	return nil
}

// becomeCaller takes on the user and the group that sudo tells of. In a user
// namespace that does not have them it changes nothing.
func becomeCaller() error {
	uid, uidErr := strconv.ParseUint(os.Getenv("SUDO_UID"), 10, 31)
	gid, gidErr := strconv.ParseUint(os.Getenv("SUDO_GID"), 10, 31)
	if os.Geteuid() != 0 || uidErr != nil || gidErr != nil || uid == 0 {
		return nil
	}
	// The group first: a user who is not root may not change it.
	if err := syscall.Setgid(int(gid)); err != nil {
		if errors.Is(err, syscall.EINVAL) {
			return nil
		}
		return err
	}
	if err := syscall.Setgroups([]int{int(gid)}); err != nil {
		return err
	}
	return syscall.Setuid(int(uid))
}
