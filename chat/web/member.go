package web

import (
	"math"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/chat/server"
)

// maxPrivate bounds the lines for one member alone that are kept, in bytes: an answer,
// and what others say to the member while the phone is locked.
const maxPrivate = chat.MaxAnswer * 4 / 3

// member is someone who chats in a browser. It keeps no line that the room's log keeps,
// but those for this member alone. It implements chat.Subscriber: a stream, if there is
// one, reads on from where the browser says it was.
type member struct {
	site    *Site
	session string // the browser's secret
	once    string // the id of the request that joined
	seat    *server.Allowance
	joined  chan struct{} // closed when in and failed are final
	in      *chat.Member  // nil: has not joined; the site's lock guards it until joined is closed
	failed  error         // why it could not join

	posts // of the browser

	mu       sync.Mutex
	begin    uint64 // in the log, where the member's part begins
	you      chat.Line
	private  []privateLine // in the order of their positions
	bytes    int           // of private
	last     uint64        // the number of the last private line, from 1
	dropped  uint64        // private lines that were dropped and never sent
	stop     uint64        // in the log, where the member's part ends
	over     bool          // stop is final
	expired  bool          // the session is forgotten
	stream   *stream       // that the browser reads; nil: none
	leaving  *time.Timer   // runs while there is none
	streamAt netip.Prefix  // where the browser was that has the stream, or had it
}

var _ chat.Subscriber = &member{}

// privateLine is a line for one member alone.
type privateLine struct {
	at     uint64 // the position in the log that it precedes
	number uint64
	line   chat.Line
	sent   bool // at least once
}

func newMember(s *Site, session, once string) *member {
	return &member{site: s, session: session, once: once, joined: make(chan struct{}), stop: math.MaxUint64}
}

// Begin implements chat.Subscriber.
func (m *member) Begin(pos uint64, you chat.Line) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begin, m.you = pos, you
}

// SendPrivate implements chat.Subscriber.
func (m *member) SendPrivate(l chat.Line) {
	head := m.site.room.Log().Snapshot().Head
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		return
	}
	m.last++
	m.private = append(m.private, privateLine{at: head, number: m.last, line: l})
	m.bytes += l.Size()
	for m.bytes > maxPrivate && len(m.private) > 1 {
		if !m.private[0].sent {
			m.dropped++
		}
		m.drop()
	}
	m.wake()
}

// drop forgets the oldest private line. The member is locked.
func (m *member) drop() {
	m.bytes -= m.private[0].line.Size()
	m.private = m.private[1:]
}

// End implements chat.Subscriber.
func (m *member) End() {
	head := m.site.room.Log().Snapshot().Head
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stop, m.over = head, true
	m.wake()
}

// Queued implements chat.Subscriber.
func (m *member) Queued() int {
	head := m.site.room.Log().Snapshot().Head
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, p := range m.private {
		if !p.sent {
			n += p.line.Size()
		}
	}
	if m.stream != nil {
		n += int(min(head, m.stop) - min(m.stream.read.Load(), head, m.stop))
	}
	return n
}

// wake wakes the stream. The member is locked.
func (m *member) wake() {
	if m.stream != nil {
		m.stream.wake.Signal()
	}
}

// attach gives the member's lines to a stream in place of another, which is ended. It
// returns false if the session is forgotten, or if another address has the stream, and
// lives: what a browser knows may have been seen on the wire.
func (m *member) attach(s *stream, from netip.Prefix) (ok, elsewhere bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expired {
		return false, false
	}
	if m.stream != nil && m.streamAt != from {
		return false, true
	}
	if m.stream != nil {
		m.stream.replaced.Store(true)
		m.wake()
	}
	m.stream, m.streamAt = s, from
	m.stopLocked()
	return true, false
}

// detach ends what attach began, and gives the browser time to come back.
func (m *member) detach(s *stream, over bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stream != s {
		return
	}
	m.stream = nil
	wait := m.site.grace
	if over { // it knows all that there is to know
		wait = 0
	}
	m.waitLocked(wait)
}

// await gives the browser time to come with a stream.
func (m *member) await() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waitLocked(m.site.grace)
}

func (m *member) waitLocked(d time.Duration) {
	m.stopLocked()
	m.leaving = time.AfterFunc(d, m.expire)
}

func (m *member) stopTimer() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopLocked()
}

func (m *member) stopLocked() {
	if m.leaving != nil {
		m.leaving.Stop()
		m.leaving = nil
	}
}

// expire ends a membership whose browser did not come back.
func (m *member) expire() {
	m.mu.Lock()
	if m.stream != nil || m.expired {
		m.mu.Unlock()
		return
	}
	m.expired = true
	m.mu.Unlock()
	m.in.Leave("lost", true)
	m.seat.Stand()
	m.site.remove(m)
}

// live reports whether a browser has a stream.
func (m *member) live() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stream != nil
}

// position is what a browser has received: the number of the last line of the log, and
// that of the last line for it alone.
type position struct{ seq, private uint64 }

// String returns the position as an event's ID.
func (p position) String() string {
	return strconv.FormatUint(p.seq, 10) + "-" + strconv.FormatUint(p.private, 10)
}
