//go:build !unix

package server

import (
	"net"
	"syscall"

	"wirelab/chat"
)

// socketWriter writes to sockets. On systems that cannot write just
// the bytes that a socket takes, each client's own goroutine writes.
type socketWriter struct{}

func (*socketWriter) tryWrite(syscall.RawConn, []byte) (int, error) { return 0, nil }

func (*socketWriter) writeSome(conn net.Conn, _ syscall.RawConn, b []byte) (int, error) {
	return conn.Write(b[:min(len(b), chat.MaxLine)])
}
