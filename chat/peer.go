package chat

import (
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"
)

// peer is a person over UDP: an address from which something was said, and a
// position in the record. It implements outlet.
type peer struct {
	addr netip.AddrPort
	rec  *record
	wake chan struct{} // of who sends

	member  *member   // the reader's, as are the following
	seen    time.Time // when something came from there
	bucket  bucket
	scolded time.Time // when it was told that it is too fast

	mu     sync.Mutex
	name   string // as the room has it, at pos
	pos    uint64
	stop   uint64
	room   uint64 // number of the room's line before pos
	seq    uint64 // of the last line that was sent
	asides []Line
	ended  bool
}

var _ outlet = &peer{}

// maxPeerAsides bounds what waits for one peer alone; more is lost, as on the way.
const maxPeerAsides = 256

// begin implements outlet. That it has joined, and with what name, a peer is
// not told: what it sends is answered by the room's lines, or by nothing.
func (p *peer) begin(pos uint64, you Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pos, p.stop, p.room, p.name = pos, math.MaxUint64, you.Seq, you.Name
}

// tell implements outlet.
func (p *peer) tell(l Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asides) < maxPeerAsides && !p.ended {
		p.asides = append(p.asides, l)
	}
	signal(p.wake)
}

// end implements outlet.
func (p *peer) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended, p.stop = true, p.rec.view().head
	signal(p.wake)
}

// queued implements outlet.
func (p *peer) queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	head := min(p.rec.view().head, p.stop)
	return int(head - min(p.pos, head))
}

func (p *peer) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// next appends the next datagram for the peer to b; nothing if there is none.
func (p *peer) next(b []byte, v view) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		piece, ok := v.from(p.pos, p.stop)
		if !ok { // what is no longer kept is a gap
			p.pos = v.oldest()
			p.seq += v.chunks[0].first - p.room - 1
			p.room = v.chunks[0].first - 1
			continue
		}
		if len(piece) == 0 {
			break
		}
		l, size := firstLine(piece)
		p.pos, p.room = p.pos+uint64(size), l.Seq
		own := l.Name == p.name && l.Seq >= p.member.joined
		if own && l.Kind == Nick {
			p.name = l.Text
		}
		if own && l.Kind != Kick && l.Kind != Nick && l.Kind != Topic {
			continue
		}
		p.seq++
		l.Seq = p.seq
		return fit(l.Append(b), MaxDatagram)
	}
	if len(p.asides) == 0 {
		return b
	}
	l := p.asides[0]
	p.asides = p.asides[1:]
	l.Seq = p.seq
	return fit(l.Append(b), MaxDatagram)
}

// hear lets the peer say a text, unless it is too fast: then it is told so, at
// most once a second.
func (p *peer) hear(text string, limits Limits, now time.Time) error {
	if p.seen = now; text == "" {
		return nil // it is still there
	}
	if p.bucket.ready(limits, now) {
		p.bucket.take(limits, now)
		return p.member.do(text)
	}
	if now.Sub(p.scolded) > time.Second {
		p.scolded = now
		p.member.tell(Error, "", fmt.Sprintf("not said: %d lines at once, then %g a second", limits.Burst, limits.Rate))
	}
	return nil
}
