package server

import (
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
	"wirelab/internal/i18n"
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

func (p privateLine) size() int { return len(p.line.Name) + len(p.line.Text) + chat.MaxHeader }

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

// giveUp makes the own goroutine cut a client that does not read.
func (c *clientWriter) giveUp() {
	if !c.ended {
		c.slow = true
		c.conn.SetWriteDeadline(time.Unix(1, 0))
		c.drive()
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

// cutSlow ends the session of a client that does not read, with a line that tells it
// so. It ends a line that was sent in part: the log may no longer have the rest.
func (c *clientWriter) cutSlow() {
	if c.ended {
		c.fail(errSlow)
		return
	}
	c.rest = nil
	if c.within {
		c.rest = []byte("\n")
	}
	l := chat.NewCoded(chat.Error, i18n.Msg("chat.cut.slow"))
	l.Seq, l.Time = c.log.Snapshot().Seq, time.Now()
	c.private = []privateLine{{c.pos, l}}
	c.cause, c.slow = errSlow, false
	c.finish(c.pos)
}

// fail ends the session at once: the connection is broken.
func (c *clientWriter) fail(err error) {
	if !c.ended {
		c.finish(c.pos)
		c.cause = err
	}
	c.rest, c.private = nil, nil
	c.stop = 0
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
		case c.format == nil:
			return b, nil
		}
		var n int
		c.rest, n = c.format.Lines(nil, b)
		c.pos += uint64(n)
	}
	return c.rest, nil
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

// flush writes what can be written without waiting. The own goroutine writes the
// rest.
func (c *clientWriter) flush(s chat.Snapshot, w *socketWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pos < s.Oldest() && c.begun {
		c.giveUp() // the log no longer has its next line
	}
	for !c.driven {
		b, err := c.next(s)
		if err != nil {
			c.giveUp()
			return
		}
		if len(b) == 0 {
			return
		}
		if c.pace != nil {
			c.drive()
			return
		}
		n, err := w.tryWrite(c.raw, b)
		c.sent(b, n)
		switch {
		case err != nil:
			c.fail(err)
			c.drive()
		case n < len(b):
			c.drive()
		}
	}
}

// drive makes the own goroutine write until there is nothing left.
func (c *clientWriter) drive() {
	if !c.driven {
		c.driven = true
		go c.write()
	}
}

func (c *clientWriter) write() {
	var w socketWriter
	for {
		c.mu.Lock()
		b, err := c.next(c.log.Snapshot())
		if err != nil || c.slow {
			c.cutSlow()
			b, _ = c.next(chat.Snapshot{})
		}
		pace := c.pace
		if len(b) == 0 {
			if c.ended {
				c.mu.Unlock()
				closeWrite(c.conn)
				close(c.done)
				return
			}
			c.driven = false
			c.mu.Unlock()
			c.fanOut.wake.Signal() // it has skipped this client meanwhile
			return
		}
		if !c.ended {
			c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		c.mu.Unlock()

		n, err := w.writeSome(c.conn, c.raw, b)

		c.mu.Lock()
		c.sent(b, n)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && !c.ended:
			c.slow = true
		default:
			c.fail(err)
		}
		if !c.ended {
			c.conn.SetWriteDeadline(time.Time{})
		}
		c.mu.Unlock()
		if pace != nil && err == nil {
			pace(c.raw, c.over)
		}
	}
}

// limitRead sets how long the next reads may take; 0 is without limit. If the
// session has ended, reading ends at once.
func (c *clientWriter) limitRead(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		c.conn.SetReadDeadline(time.Unix(1, 0))
	case d == 0:
		c.conn.SetReadDeadline(time.Time{})
	default:
		c.conn.SetReadDeadline(time.Now().Add(d))
	}
}

// setFormat sets what the client is sent in place of the log as it is.
func (c *clientWriter) setFormat(f dialect.Format, p pacer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.format, c.pace = f, p
}

// start sends a new member the lines that it is due, and from now on every line.
func (c *clientWriter) start(m *chat.Member) {
	c.mu.Lock()
	if c.format != nil {
		c.format.SetJoined(m.Joined())
	}
	c.mu.Unlock()
	c.flush(c.log.Snapshot(), new(socketWriter))
	c.fanOut.add(c)
}
