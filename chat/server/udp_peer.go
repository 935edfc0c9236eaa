package server

import (
	"container/list"
	"math"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
)

// udpPeer is a member over UDP: an address that has said something, and a position
// in the log.
type udpPeer struct {
	addr  udpAddr
	asked string // the name that it asked for
	log   *chat.Log
	wake  chat.Wake // of the goroutine that sends

	left  func()        // is called once, when it is no member any more
	place *list.Element // of the server's list

	// The goroutine that reads owns these.
	member *chat.Member
	seen   time.Time // of the last datagram
	spends *Allowance
	warned time.Time // when it was told that it is too fast

	mu           sync.Mutex
	name         string // in the room, at pos
	pos          uint64 // in the log, of the line that is sent next
	stop         uint64 // in the log, where the peer's part ends
	lastSeq      uint64 // the room's number of the line before pos
	seq          uint64 // the peer's number of the last line that was sent
	private      []chat.Line
	privateBytes int
	ended        bool
}

var _ chat.Subscriber = &udpPeer{}

// Begin implements chat.Subscriber. A peer is not told that it has joined: what it sends is
// answered by the room's lines, or by nothing. It is told its name if that is another than
// it asked for, and no token: nobody resumes over UDP.
func (p *udpPeer) Begin(pos uint64, you chat.Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pos, p.stop, p.lastSeq, p.name = pos, math.MaxUint64, you.Seq, you.Name
	if you.Name != p.asked {
		you.Text = ""
		p.private = append(p.private, you)
		p.privateBytes += you.Size()
	}
}

// SendPrivate implements chat.Subscriber.
func (p *udpPeer) SendPrivate(l chat.Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.privateBytes += l.Size(); p.privateBytes > maxPrivate || p.ended { // lost, as on the way
		p.privateBytes -= l.Size()
	} else {
		p.private = append(p.private, l)
	}
	p.wake.Signal()
}

// End implements chat.Subscriber.
func (p *udpPeer) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended, p.stop = true, p.log.Snapshot().Head
	p.left()
	p.wake.Signal()
}

// Queued implements chat.Subscriber.
func (p *udpPeer) Queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	head := min(p.log.Snapshot().Head, p.stop)
	return int(head - min(p.pos, head))
}

func (p *udpPeer) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// next appends the next datagram for the peer to b; nothing if there is none.
func (p *udpPeer) next(b []byte, s chat.Snapshot) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		piece, ok := s.From(p.pos, p.stop)
		if !ok { // the lines that are no longer kept become a gap
			p.pos = s.Oldest()
			p.seq += s.FirstSeq() - p.lastSeq - 1
			p.lastSeq = s.FirstSeq() - 1
			continue
		}
		if len(piece) == 0 {
			break
		}
		l, size := chat.CutLine(piece)
		p.pos, p.lastSeq = p.pos+uint64(size), l.Seq
		own := l.Name == p.name && l.Kind != chat.Notice && l.Seq >= p.member.Joined()
		if own && l.Kind == chat.Nick {
			p.name = l.Text
		}
		if own && l.Kind != chat.Kick && l.Kind != chat.Nick && l.Kind != chat.Topic {
			continue
		}
		if p.member.Ignores(l) {
			continue
		}
		p.seq++
		l.Seq = p.seq
		return chat.Truncate(l.Append(b), chat.MaxDatagram)
	}
	if len(p.private) == 0 {
		return b
	}
	l := p.private[0]
	p.private = p.private[1:]
	p.privateBytes -= l.Size()
	l.Seq = p.seq
	return chat.Truncate(l.Append(b), chat.MaxDatagram)
}

// receive carries out a text. A peer that is too fast is told so instead, at most
// once a second. The error is that of Member.Do.
func (p *udpPeer) receive(text string, limits Limits, now time.Time) error {
	if p.seen = now; text == "" {
		return nil // it is still there
	}
	if chat.Leaves(text) {
		return p.member.Do(text)
	}
	if _, ok := p.spends.Spend(0, now); ok {
		return p.member.Do(text)
	}
	if now.Sub(p.warned) > time.Second {
		p.warned = now
		p.member.SendPrivate(chat.NewCoded(chat.Error, i18n.Msg("chat.command.rate", "Burst", limits.Burst, "Rate", limits.Rate)))
	}
	return nil
}
