package deadpeer

import (
	"net"

	"golang.org/x/sys/unix"
)

// LimitUnacknowledged makes the kernel drop the connection when sent data was not
// acknowledged for a minute (tcp(7), TCP_USER_TIMEOUT) instead of after a quarter of
// an hour. Reading and writing fail then with ETIMEDOUT.
func LimitUnacknowledged(c *net.TCPConn) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledgedFor.Milliseconds()))
		})
	}
}
