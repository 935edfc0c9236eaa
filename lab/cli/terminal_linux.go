package cli

import "golang.org/x/sys/unix"

// discardTyped drops what was typed at the terminal of standard input and not read
// (TCFLSH, ioctl_tty(2)): a shell would carry it out.
func discardTyped() {
	_ = unix.IoctlSetInt(0, unix.TCFLSH, unix.TCIFLUSH) // no terminal any more: nobody types
}
