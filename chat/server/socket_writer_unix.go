//go:build unix

package server

import (
	"errors"
	"net"
	"syscall"

	"wirelab/chat"
)

// socketWriter writes to sockets, which net has made non-blocking. It is for one
// goroutine, and saves it a closure a call.
type socketWriter struct {
	b    []byte
	n    int
	err  error
	wait bool
	f    func(fd uintptr) bool
}

// tryWrite writes the bytes that the socket takes at this moment.
func (s *socketWriter) tryWrite(raw syscall.RawConn, b []byte) (int, error) {
	if raw == nil {
		return 0, nil
	}
	return s.write(raw, b, false)
}

// writeSome waits until the socket takes something, and writes that.
func (s *socketWriter) writeSome(conn net.Conn, raw syscall.RawConn, b []byte) (int, error) {
	if raw == nil {
		return conn.Write(b[:min(len(b), chat.MaxLine)])
	}
	return s.write(raw, b, true)
}

func (s *socketWriter) write(raw syscall.RawConn, b []byte, wait bool) (int, error) {
	if s.f == nil {
		s.f = s.attempt
	}
	s.b, s.n, s.err, s.wait = b, 0, nil, wait
	err := raw.Write(s.f)
	s.b = nil
	if err == nil {
		err = s.err
	}
	return s.n, err
}

func (s *socketWriter) attempt(fd uintptr) (done bool) {
	for {
		n, err := syscall.Write(int(fd), s.b)
		switch {
		case err == nil:
			s.n = n
			return true
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return !s.wait
		default:
			s.err = err
			return true
		}
	}
}
