//go:build !unix

package chat

import (
	"net"
	"syscall"
)

// sender writes to sockets. Where there is no way to write what a socket takes
// and no more, each client's own goroutine writes.
type sender struct{}

func (*sender) now(syscall.RawConn, []byte) (int, error) { return 0, nil }

func (*sender) some(conn net.Conn, _ syscall.RawConn, b []byte) (int, error) {
	return conn.Write(b[:min(len(b), MaxLine)])
}
