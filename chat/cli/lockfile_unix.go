//go:build unix

package cli

import (
	"errors"
	"os"
	"wirelab/internal/i18n"

	"golang.org/x/sys/unix"
)

// lockFile keeps other programs that ask, such as a second server, off a file until it
// is closed (flock(2)).
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return i18n.Errmsg("chat.mistake.locked")
	}
	return err
}
