package chat

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unacknowledgedFor is how long a client may acknowledge nothing of what was
// sent to it: the machine, or the way to it, is gone.
const unacknowledgedFor = 60 * time.Second

// limitUnacknowledged makes the kernel give a connection up after that time
// (tcp(7), TCP_USER_TIMEOUT), and not after a quarter of an hour.
func limitUnacknowledged(c *net.TCPConn) {
	control(c, func(fd int) {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledgedFor.Milliseconds()))
	})
}

// unsent is how many bytes a socket has sent or keeps that are not acknowledged
// (tcp(7), SIOCOUTQ).
func unsent(raw syscall.RawConn) (n int) {
	if raw == nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	return n
}

func control(c syscall.Conn, f func(fd int)) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// nap sleeps for less than a millisecond where time.Sleep does not: a program
// that is idle waits in epoll_wait(2), which counts milliseconds.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // woken early by a signal, it sweeps early
}
