package chat

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	maxQueued    = 256 << 10        // bytes that wait for a client to read
	writeTimeout = 10 * time.Second // for a client to take anything at all
	joinTimeout  = time.Minute      // for a person to type a name into nc
	drainTimeout = time.Second      // for a client to take what is left at the end
)

// session is one TCP connection: read by its owner, written by run, with a
// bounded queue between the room and the socket.
type session struct {
	conn net.Conn
	wake chan struct{} // holds a token when there is something for run to do

	mu     sync.Mutex
	plain  bool   // nc or telnet, until it says otherwise
	name   string // as the room gave it
	queued []byte
	ended  time.Time // when End was called; zero before
}

func newSession(conn net.Conn) *session {
	return &session{conn: conn, plain: true, wake: make(chan struct{}, 1)}
}

// Deliver implements Outlet.
func (s *session) Deliver(l Line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.Kind == You {
		s.name = l.Name
	}
	own := l.Name == s.name && (l.Kind == You || l.Kind == Say)
	switch {
	case len(s.queued)+len(l.Text)+maxHeader > maxQueued:
		return false
	case !s.plain:
		s.queued = append(l.Append(s.queued), '\n')
	case !own:
		s.queued = append(append(s.queued, l.String()...), '\n')
	}
	s.signal()
	return true
}

// End implements Outlet: what is queued is still written, then the connection
// is closed. The reader is woken, to read on only until the client's FIN.
func (s *session) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended.IsZero() {
		s.ended = time.Now()
		s.conn.SetReadDeadline(s.ended)
		s.conn.SetWriteDeadline(s.ended.Add(drainTimeout))
		s.signal()
	}
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes what is delivered until End, then sends a FIN.
func (s *session) run() {
	var batch []byte
	for range s.wake {
		for {
			s.mu.Lock()
			batch, s.queued = s.queued, batch[:0]
			ended := !s.ended.IsZero()
			if !ended {
				s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			}
			s.mu.Unlock()
			if len(batch) == 0 {
				if ended {
					closeWrite(s.conn)
					return
				}
				break
			}
			if _, err := s.conn.Write(batch); err != nil {
				s.conn.Close() // the reader sees it and leaves
				return
			}
		}
	}
}

// hello reads the first line and returns the name that it asks for.
func (s *session) hello(in *LineReader) (name string, err error) {
	line, err := in.ReadLine()
	if err != nil {
		return "", err
	}
	name, own := strings.CutPrefix(line, greeting)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plain = !own
	return name, nil
}

// limitRead sets how long the next reads may take, 0 for ever, unless the
// session has ended.
func (s *session) limitRead(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.ended.IsZero():
	case d == 0:
		s.conn.SetReadDeadline(time.Time{})
	default:
		s.conn.SetReadDeadline(time.Now().Add(d))
	}
}

// finish closes the connection after the writer has sent its FIN. Unread data
// would make the kernel send a RST instead (RFC 1122, section 4.2.2.13), so it
// reads to the client's FIN first.
func (s *session) finish() {
	s.conn.SetReadDeadline(time.Now().Add(drainTimeout))
	io.Copy(io.Discard, io.LimitReader(s.conn, 1<<20))
	s.conn.Close()
}

// refuse tells the client why the server cuts it, where it is to blame.
func (s *session) refuse(err error) {
	var cause string
	var system net.Error
	switch {
	case errors.Is(err, ErrTooLong):
		cause = fmt.Sprintf("a line has at most %d bytes", MaxLine)
	case errors.Is(err, os.ErrDeadlineExceeded):
		cause = "no name was given in time"
	case errors.As(err, &system), why(err) == "closed":
		return
	default:
		cause = err.Error()
	}
	s.mu.Lock()
	over := !s.ended.IsZero() // kicked, or the server is closing: that was said
	s.mu.Unlock()
	if !over {
		s.Deliver(Line{Time: time.Now(), Kind: Notice, Text: cause})
	}
}

// why says in the log's words why reading ended.
func why(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "closed"
	case errors.Is(err, ErrTooLong):
		return "line too long"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // without the addresses
	}
	return err.Error()
}

// closeWrite sends a FIN and leaves the way in open, where the connection can.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}
