package server

import (
	"errors"
	"math"
	"net"
	"sync"
	"syscall"
	"time"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
)

const (
	writeTimeout = 20 * time.Second       // for a client to take anything at all
	drainTimeout = time.Second            // for a client to take what is left at the end
	maxPrivate   = chat.MaxAnswer * 4 / 3 // bytes for one client alone that wait
	sendBuffer   = 64 << 10               // bytes that the kernel keeps for one client
)

var errSlow = errors.New("does not read")

// clientWriter writes to one TCP client: the lines of the log from a position on,
// and the few lines for this client alone. The fanOut writes without waiting; while
// the client takes less than there is, a goroutine of the clientWriter's own
// writes, so that the client catches up or is cut and nobody waits for it.
type clientWriter struct {
	conn   net.Conn
	raw    syscall.RawConn // nil: conn is no socket
	log    *chat.Log
	fanOut *fanOut
	over   chan struct{} // closed when nothing more will be queued
	done   chan struct{} // closed when the last byte was written, or never will be

	mu           sync.Mutex
	member       *chat.Member   // nil: has not joined
	format       dialect.Format // nil: our own client reads the log as it is
	pace         pacer          // not nil: the own goroutine writes, message by message
	pos          uint64         // in the log, of the byte that is sent next
	stop         uint64         // in the log, where the client's part ends
	private      []privateLine  // in the order of their positions
	privateBytes int
	rest         []byte    // formatted bytes that are not sent yet
	within       bool      // the last byte sent is not the end of a line
	begun        bool      // pos is a member's: before it there are only private lines
	driven       bool      // the own goroutine writes
	slow         bool      // the client is about to be cut
	ended        bool      // stop is final
	due          time.Time // when the connection is closed at the latest; zero before it has ended
	cause        error     // why the server cuts the client; nil if it does not
}

var _ chat.Subscriber = &clientWriter{}

// privateLine is a line for one client alone.
type privateLine struct {
	at   uint64 // the position that it precedes
	line chat.Line
}

func (p privateLine) size() int { return p.line.Size() }

func newClientWriter(conn net.Conn, log *chat.Log, f *fanOut) *clientWriter {
	c := &clientWriter{conn: conn, log: log, fanOut: f, stop: math.MaxUint64,
		over: make(chan struct{}), done: make(chan struct{})}
	c.pos = log.Snapshot().Head
	if socket, ok := conn.(syscall.Conn); ok {
		c.raw, _ = socket.SyscallConn()
	}
	return c
}

// Begin implements chat.Subscriber.
func (c *clientWriter) Begin(pos uint64, you chat.Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pos, c.begun = pos, true
	c.queue(privateLine{pos, you})
}

// SendPrivate implements chat.Subscriber.
func (c *clientWriter) SendPrivate(l chat.Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.pos
	if c.begun {
		at = c.log.Snapshot().Head
	}
	c.queue(privateLine{at, l})
	c.fanOut.wake.Signal()
}

// queue queues a private line, unless the client does not read those that it has.
func (c *clientWriter) queue(p privateLine) {
	size := p.size()
	switch {
	case c.ended:
	case c.privateBytes+size > maxPrivate:
		c.giveUp()
	default:
		c.private = append(c.private, p)
		c.privateBytes += size
	}
}

// End implements chat.Subscriber: the bytes that are queued are still written, then
// a FIN.
func (c *clientWriter) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	stop := c.pos
	if c.begun {
		stop = c.log.Snapshot().Head
	}
	c.finish(stop)
	c.drive()
}

// finish makes stop the end of the client's part.
func (c *clientWriter) finish(stop uint64) {
	c.stop, c.ended = stop, true
	if c.pace != nil {
		c.private = append(c.private, privateLine{stop, chat.Line{Kind: chat.Leave}})
	}
	c.due = time.Now().Add(drainTimeout)
	c.conn.SetWriteDeadline(c.due)
	c.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the session, which reads
	close(c.over)
}

// Queued implements chat.Subscriber.
func (c *clientWriter) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	head := min(c.log.Snapshot().Head, c.stop)
	return int(head-min(c.pos, head)) + len(c.rest) + c.privateBytes
}

// cutCause returns why the server has cut the client; nil if it has not.
func (c *clientWriter) cutCause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// deadline returns when the connection is closed at the latest.
func (c *clientWriter) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.due
}

// next returns the bytes to write next, nil if there are none. The error is errSlow
// if the log no longer has them.
func (c *clientWriter) next(s chat.Snapshot) ([]byte, error) {
	for len(c.rest) == 0 {
		limit := c.stop
		if len(c.private) > 0 {
			p := c.private[0]
			if p.at <= c.pos {
				c.dequeue(p)
				continue
			}
			limit = min(limit, p.at)
		}
		b, ok := s.From(c.pos, limit)
		switch {
		case !ok:
			return nil, errSlow
		case len(b) == 0:
			return nil, nil
		}
		hides := c.member != nil && c.member.IgnoresAnyone()
		if hides {
			b = c.untilIgnored(b)
		}
		n := len(b)
		switch {
		case n == 0:
			c.rest, n = c.ignored(s)
		case c.format != nil:
			c.rest, n = c.format.Lines(nil, b)
		case hides:
			c.rest = b
		default:
			return b, nil
		}
		c.pos += uint64(n)
	}
	return c.rest, nil
}

// untilIgnored returns the lines of b before the first that the client ignores.
func (c *clientWriter) untilIgnored(b []byte) []byte {
	for n := 0; n < len(b); {
		l, size := chat.CutLine(b[n:])
		if c.member.Ignores(l) {
			return b[:n]
		}
		n += size
	}
	return b
}

// ignored returns what the client is sent for the next line, which it ignores, and
// the size of that.
func (c *clientWriter) ignored(s chat.Snapshot) (out []byte, n int) {
	b, _ := s.From(c.pos, s.Head)
	l, n := chat.CutLine(b)
	if c.format == nil {
		out = append(chat.Line{Seq: l.Seq, Time: l.Time, Kind: chat.Ignored}.Append(nil), '\n')
	}
	return out, n
}

// dequeue makes the first private line the next bytes.
func (c *clientWriter) dequeue(p privateLine) {
	if c.private = c.private[1:]; len(c.private) == 0 {
		c.private, c.privateBytes = nil, 0
	} else {
		c.privateBytes -= p.size()
	}
	if c.format == nil {
		c.rest = append(p.line.Append(c.rest), '\n')
	} else {
		c.rest = c.format.Private(c.rest, p.line)
	}
}

// sent records that n bytes of b, which next returned, were written.
func (c *clientWriter) sent(b []byte, n int) {
	if n == 0 {
		return
	}
	c.within = b[n-1] != '\n'
	if len(c.rest) > 0 {
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			c.rest = nil
		}
		return
	}
	c.pos += uint64(n)
}
