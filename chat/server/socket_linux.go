package server

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unacknowledged returns how many bytes of a socket's queue are not acknowledged
// (tcp(7), SIOCOUTQ).
func unacknowledged(raw syscall.RawConn) (n int) {
	if raw == nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	return n
}

// closed reports whether the client has closed its end of a connection, which may
// still have bytes to read (tcp(7), TCP_INFO).
func closed(raw syscall.RawConn) bool {
	info := tcpInfo(raw)
	return info != nil && info.State != unix.BPF_TCP_ESTABLISHED
}

// acknowledged returns how many bytes the client's machine has acknowledged.
func acknowledged(raw syscall.RawConn) uint64 {
	if info := tcpInfo(raw); info != nil {
		return info.Bytes_acked
	}
	return 0
}

// tcpInfo returns nil for what is no TCP socket.
func tcpInfo(raw syscall.RawConn) (info *unix.TCPInfo) {
	if raw != nil {
		_ = raw.Control(func(fd uintptr) { info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	}
	return info
}

// sleepBriefly sleeps for less than a millisecond, which time.Sleep cannot: an idle
// program waits in epoll_wait(2), which counts milliseconds.
func sleepBriefly(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // a signal may wake it early: the round is early then
}
