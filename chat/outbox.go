package chat

import (
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	writeTimeout = 20 * time.Second // for a client to take anything at all
	drainTimeout = time.Second      // for a client to take what is left at the end
	maxAsides    = 48 << 10         // bytes for one client alone that wait
	sendBuffer   = 64 << 10         // bytes that the kernel keeps for one client
)

var errSlow = errors.New("does not read")

// format is how a client that is not our own reads the room.
type format interface {
	// lines appends what the client is to be sent of b, which is whole lines of
	// the record, and returns how many bytes of b that covers, at least a line.
	lines(dst, b []byte) (out []byte, n int)
	// aside appends a line for this client alone.
	aside(dst []byte, l Line) []byte
}

// outbox is what one TCP client is sent: a position in the record and a few
// lines of its own. The sweeper writes to it without waiting; while the client
// takes less than there is, a goroutine of its own does, so that it catches up
// or is cut without anyone else waiting. It implements outlet.
type outbox struct {
	conn  net.Conn
	raw   syscall.RawConn // nil: conn is no socket
	rec   *record
	sweep *sweeper
	over  chan struct{} // closed when nothing more will be queued
	done  chan struct{} // closed when the last byte was written, or will never be

	mu     sync.Mutex
	format format    // nil: our own client reads the record as it is
	pace   pacer     // not nil: a goroutine of its own writes, message by message
	pos    uint64    // in the record, of what is sent next
	stop   uint64    // in the record, where it ends
	asides []aside   // in the order of their positions
	bytes  int       // of asides
	rest   []byte    // was taken out, and is still to be sent
	within bool      // the last byte sent is not the end of a line
	begun  bool      // pos is a member's: before it there are only asides
	driven bool      // a goroutine of its own writes
	slow   bool      // it is to be cut
	ended  bool      // stop is final
	due    time.Time // when all is to be over; zero before it has ended
	cause  error     // why the server ends it; nil if it does not
}

type aside struct {
	at   uint64 // the position that it precedes
	line Line
}

func newOutbox(conn net.Conn, rec *record, sweep *sweeper) *outbox {
	o := &outbox{conn: conn, rec: rec, sweep: sweep, stop: math.MaxUint64,
		over: make(chan struct{}), done: make(chan struct{})}
	o.pos = rec.view().head
	if c, ok := conn.(syscall.Conn); ok {
		o.raw, _ = c.SyscallConn()
	}
	return o
}

// begin implements outlet.
func (o *outbox) begin(pos uint64, you Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pos, o.begun = pos, true
	o.queue(aside{pos, you})
}

// tell implements outlet.
func (o *outbox) tell(l Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := o.pos
	if o.begun {
		at = o.rec.view().head
	}
	o.queue(aside{at, l})
	signal(o.sweep.wake)
}

// queue queues an aside, unless the client does not read those that it has.
func (o *outbox) queue(a aside) {
	size := len(a.line.Name) + len(a.line.Text) + maxHeader
	switch {
	case o.ended:
	case o.bytes+size > maxAsides:
		o.giveUp()
	default:
		o.asides = append(o.asides, a)
		o.bytes += size
	}
}

// giveUp makes the outbox's own goroutine cut a client that does not read.
func (o *outbox) giveUp() {
	if !o.ended {
		o.slow = true
		o.conn.SetWriteDeadline(time.Unix(1, 0))
		o.drive()
	}
}

// end implements outlet: what is queued is still written, then a FIN.
func (o *outbox) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	stop := o.pos
	if o.begun {
		stop = o.rec.view().head
	}
	o.finish(stop)
	o.drive()
}

// finish makes stop the end of what is sent.
func (o *outbox) finish(stop uint64) {
	o.stop, o.ended = stop, true
	if o.pace != nil {
		o.asides = append(o.asides, aside{stop, Line{Kind: Leave}})
	}
	o.due = time.Now().Add(drainTimeout)
	o.conn.SetWriteDeadline(o.due)
	o.conn.SetReadDeadline(time.Unix(1, 0)) // its reader is to see it
	close(o.over)
}

// cut ends it with what the client is told, after the end of a line that the
// record may no longer have.
func (o *outbox) cut(cause error) {
	if o.ended {
		o.fail(cause)
		return
	}
	o.rest = nil
	if o.within {
		o.rest = []byte("\n")
	}
	o.asides = []aside{{o.pos, Line{o.rec.view().seq, time.Now(), Error, "", "you are cut: " + cause.Error()}}}
	o.cause, o.slow = cause, false
	o.finish(o.pos)
}

// fail ends it at once: the connection is broken.
func (o *outbox) fail(err error) {
	if !o.ended {
		o.finish(o.pos)
		o.cause = err
	}
	o.rest, o.asides = nil, nil
	o.stop = 0
}

// queued implements outlet.
func (o *outbox) queued() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	head := min(o.rec.view().head, o.stop)
	return int(head-min(o.pos, head)) + len(o.rest) + o.bytes
}

// why is why the server has ended it, nil if the client was not at fault.
func (o *outbox) why() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cause
}

// deadline is when the connection is to be closed.
func (o *outbox) deadline() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.due
}

// next returns what is to be written next, nil if there is nothing. The error
// is errSlow when the record has gone on without the client.
func (o *outbox) next(v view) ([]byte, error) {
	for len(o.rest) == 0 {
		limit := o.stop
		if len(o.asides) > 0 {
			a := o.asides[0]
			if a.at <= o.pos {
				o.take(a)
				continue
			}
			limit = min(limit, a.at)
		}
		b, ok := v.from(o.pos, limit)
		switch {
		case !ok:
			return nil, errSlow
		case len(b) == 0:
			return nil, nil
		case o.format == nil:
			return b, nil
		}
		var n int
		o.rest, n = o.format.lines(nil, b)
		o.pos += uint64(n)
	}
	return o.rest, nil
}

// take makes an aside the next bytes.
func (o *outbox) take(a aside) {
	if o.asides = o.asides[1:]; len(o.asides) == 0 {
		o.asides, o.bytes = nil, 0
	} else {
		o.bytes -= len(a.line.Name) + len(a.line.Text) + maxHeader
	}
	if o.format == nil {
		o.rest = append(a.line.Append(o.rest), '\n')
	} else {
		o.rest = o.format.aside(o.rest, a.line)
	}
}

// sent takes note of n bytes of what next returned.
func (o *outbox) sent(b []byte, n int) {
	if n == 0 {
		return
	}
	o.within = b[n-1] != '\n'
	if len(o.rest) > 0 {
		if o.rest = o.rest[n:]; len(o.rest) == 0 {
			o.rest = nil
		}
		return
	}
	o.pos += uint64(n)
}

// flush writes what can be written without waiting. Where that is not all, the
// outbox's own goroutine goes on.
func (o *outbox) flush(v view, s *sender) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pos < v.oldest() && o.begun {
		o.giveUp() // the record has gone on without it
	}
	for !o.driven {
		b, err := o.next(v)
		if err != nil {
			o.giveUp()
			return
		}
		if len(b) == 0 {
			return
		}
		if o.pace != nil {
			o.drive()
			return
		}
		n, err := s.now(o.raw, b)
		o.sent(b, n)
		switch {
		case err != nil:
			o.fail(err)
			o.drive()
		case n < len(b):
			o.drive()
		}
	}
}

// drive makes a goroutine of the outbox's own write until there is no more.
func (o *outbox) drive() {
	if !o.driven {
		o.driven = true
		go o.write()
	}
}

func (o *outbox) write() {
	var s sender
	for {
		o.mu.Lock()
		b, err := o.next(o.rec.view())
		if err != nil || o.slow {
			o.cut(errSlow)
			b, _ = o.next(view{})
		}
		pace := o.pace
		if len(b) == 0 {
			if o.ended {
				o.mu.Unlock()
				closeWrite(o.conn)
				close(o.done)
				return
			}
			o.driven = false
			o.mu.Unlock()
			signal(o.sweep.wake) // which has passed over it meanwhile
			return
		}
		if !o.ended {
			o.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		o.mu.Unlock()

		n, err := s.some(o.conn, o.raw, b)

		o.mu.Lock()
		o.sent(b, n)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && !o.ended:
			o.slow = true
		default:
			o.fail(err)
		}
		if !o.ended {
			o.conn.SetWriteDeadline(time.Time{})
		}
		o.mu.Unlock()
		if pace != nil && err == nil {
			pace(o.raw, o.over)
		}
	}
}

// limitRead sets how long the next reads may take, 0 for ever, unless it has
// ended: then its reader is to see that.
func (o *outbox) limitRead(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.ended:
		o.conn.SetReadDeadline(time.Unix(1, 0))
	case d == 0:
		o.conn.SetReadDeadline(time.Time{})
	default:
		o.conn.SetReadDeadline(time.Now().Add(d))
	}
}

// pacer waits until the next message may be written.
type pacer func(raw syscall.RawConn, over <-chan struct{})

// become makes the client one of another dialect than our own.
func (o *outbox) become(f format, p pacer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.format, o.pace = f, p
}

// start sends what a member is due, and from now on whatever happens.
func (o *outbox) start(m *member) {
	o.mu.Lock()
	switch f := o.format.(type) {
	case *plain:
		f.since = m.joined
	case *note:
		f.since = m.joined
	}
	o.mu.Unlock()
	o.flush(o.rec.view(), new(sender))
	o.sweep.add(o)
}
