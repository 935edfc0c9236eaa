//go:build unix

package chat

import (
	"errors"
	"net"
	"syscall"
)

// sender writes to sockets, which net has made non-blocking. It is for one
// goroutine, and spares it a closure a call.
type sender struct {
	b    []byte
	n    int
	err  error
	wait bool
	f    func(fd uintptr) bool
}

// now writes what the socket takes at this moment.
func (s *sender) now(raw syscall.RawConn, b []byte) (int, error) {
	if raw == nil {
		return 0, nil
	}
	return s.write(raw, b, false)
}

// some waits until the socket takes something, and writes that.
func (s *sender) some(conn net.Conn, raw syscall.RawConn, b []byte) (int, error) {
	if raw == nil {
		return conn.Write(b[:min(len(b), MaxLine)])
	}
	return s.write(raw, b, true)
}

func (s *sender) write(raw syscall.RawConn, b []byte, wait bool) (int, error) {
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

func (s *sender) attempt(fd uintptr) (done bool) {
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
