package server

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// errPage is why the session of a connection ends that was a browser's.
var errPage = errors.New("a page was served")

// SitWeb gives an allowance to a person who is about to join in a browser, from an address
// and perhaps with the token of a member. wait is how long to wait before joining. End the
// allowance with Stand. The error says, to the person, why the limits do not let it join.
// SitWeb may be called from several goroutines at once while Serve runs, not before.
func (s *Server) SitWeb(from netip.Addr, token string) (w *Allowance, wait time.Duration, err error) {
	return s.limiter.sitWeb(from, token, time.Now())
}

// servePage has a browser's connection served, and waits for its end.
func (s *session) servePage() error {
	s.out.limitRead(0)
	c := &webConn{Conn: s.conn, ahead: s.in.ahead, closed: make(chan struct{})}
	s.in.ahead = nil
	if s.pages.hand(c) {
		<-c.closed
	}
	return errPage
}

// webListener hands on the connections of browsers. It implements net.Listener.
type webListener struct {
	at    net.Addr
	conns chan net.Conn
	over  chan struct{}
	end   func()
}

var _ net.Listener = &webListener{}

func newWebListener(at net.Addr) *webListener {
	l := &webListener{at: at, conns: make(chan net.Conn), over: make(chan struct{})}
	l.end = sync.OnceFunc(func() { close(l.over) })
	return l
}

// hand hands on a connection. It reports false after Close.
func (l *webListener) hand(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.over:
		return false
	}
}

// Accept implements net.Listener.
func (l *webListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.over:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *webListener) Close() error {
	l.end()
	return nil
}

// Addr implements net.Listener.
func (l *webListener) Addr() net.Addr { return l.at }

// webConn is a connection of which some bytes were read already.
type webConn struct {
	net.Conn
	ahead  []byte
	once   sync.Once
	closed chan struct{} // closed by Close
}

// Read implements net.Conn. It is for one goroutine.
func (c *webConn) Read(b []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(b, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// Close implements net.Conn.
func (c *webConn) Close() error {
	defer c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
