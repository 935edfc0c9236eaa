package client

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
)

// ErrOffline is the error of a text that is said while there is no connection.
var ErrOffline = i18n.Errmsg("chat.mistake.offline")

// unheardAfter is how long the room may take to send a text back before the user is
// told that it was not heard yet.
const unheardAfter = 2 * time.Second

// pending holds every text on its way from the user to the room, in this order:
//
//   - A text said while there is no connection is refused with ErrOffline, so that
//     nothing is sent unseen minutes later: the terminal client puts it back into
//     its input line, where it waits for Enter (chat/tui, view.offline).
//   - queued texts wait to be written to the connection.
//   - sent texts were written over TCP, and the server has not sent them back yet.
//   - doubtful texts were queued or sent when the connection was lost. The lines
//     that were missed, sent after reconnecting, tell which of them the room heard;
//     notHeard returns the others.
//
// Over UDP the server sends nothing back: what is written is forgotten.
type pending struct {
	echoed  bool
	wake    chat.Wake // has a token when there is something for next
	changed chat.Wake // has a token when unheard may have changed

	mu       sync.Mutex
	online   bool
	leaving  bool // nothing more is queued
	queued   []saying
	sent     []saying
	doubtful []string
}

// saying is a text to be said.
type saying struct {
	text    string
	echo    string     // the text as the server sends it back; empty for a command
	at      time.Time  // when it was written
	written chan error // receives the result of writing; nil if nobody waits
	heard   chan error // receives nil when the room has heard it; nil if nobody waits
}

func newPending(echoed bool) *pending {
	return &pending{echoed: echoed, wake: make(chat.Wake, 1), changed: make(chat.Wake, 1)}
}

// add queues a text.
func (p *pending) add(s saying) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.online || p.leaving {
		return ErrOffline
	}
	p.enqueue(s)
	return nil
}

func (p *pending) enqueue(s saying) {
	s.echo = echo(s.text)
	p.queued = append(p.queued, s)
	p.wake.Signal()
}

// echo returns the text of the line that a text becomes; empty for a command.
func echo(text string) string {
	if chat.IsCommand(text) {
		return ""
	}
	text = chat.CleanText(text)
	if strings.HasPrefix(text, "//") {
		return text[1:]
	}
	return text
}

// connected opens the queue. The texts first are written before any other.
func (p *pending) connected(first ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.online = true
	for _, text := range first {
		p.enqueue(saying{text: text})
	}
}

// leave closes the queue behind the texts last, and reports whether everything that
// was said was heard.
func (p *pending) leave(last ...string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range last {
		p.enqueue(saying{text: text})
	}
	p.leaving = true
	p.wake.Signal()
	p.changed.Signal()
	return len(p.queued)+len(p.sent) == 0
}

// next waits for the text to write. It returns false when ctx has ended, or when the
// user leaves and everything was written.
func (p *pending) next(ctx context.Context) (saying, bool) {
	for {
		p.mu.Lock()
		if len(p.queued) > 0 {
			s := p.queued[0]
			p.queued = p.queued[1:]
			s.at = time.Now()
			if p.echoed && chat.CleanText(s.text) != "" { // of nothing, nothing is sent
				p.sent = append(p.sent, s)
				p.changed.Signal()
			}
			p.mu.Unlock()
			return s, true
		}
		leaving := p.leaving
		p.mu.Unlock()
		if leaving {
			return saying{}, false
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return saying{}, false
		}
	}
}

// failed removes a text that next returned and that could not be written.
func (p *pending) failed(s saying) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := slices.IndexFunc(p.sent, func(x saying) bool { return x.at == s.at && x.text == s.text }); n >= 0 {
		p.sent = slices.Delete(p.sent, n, n+1)
		p.changed.Signal()
	}
}

// heard removes a text that the room has sent back, and those said before it.
// earlier says that the room told it before this connection was made.
func (p *pending) heard(text string, earlier bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := slices.Index(p.doubtful, text); n >= 0 {
		p.doubtful = p.doubtful[n+1:]
		return
	}
	if n := slices.IndexFunc(p.sent, func(s saying) bool { return s.echo == text }); n >= 0 && !earlier {
		p.done(n+1, nil)
	}
}

// answered removes a command that the server has answered, if it is the oldest of
// what was sent.
func (p *pending) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sent) > 0 && p.sent[0].echo == "" {
		p.done(1, nil)
	}
}

// refused removes the oldest of what was sent, which the server has refused: it
// carries out and answers one after the other.
func (p *pending) refused(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done(min(1, len(p.sent)), err)
}

// done removes the first n texts that were sent.
func (p *pending) done(n int, err error) {
	for _, s := range p.sent[:n] {
		if s.heard != nil {
			s.heard <- err
		}
	}
	p.sent = p.sent[n:]
	p.changed.Signal()
}

// unheard returns how many texts were not heard in time, while the user leaves how
// many were not heard at all, and when the next one is late.
func (p *pending) unheard(now time.Time) (n int, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sent {
		switch {
		case s.echo == "":
		case p.leaving || now.Sub(s.at) >= unheardAfter:
			n++
		default:
			return n, s.at.Add(unheardAfter)
		}
	}
	if p.leaving {
		n += len(p.queued)
	}
	return n, time.Time{}
}

// allHeard reports whether nothing is on its way.
func (p *pending) allHeard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queued)+len(p.sent) == 0
}

// disconnected closes the queue. The texts that are not known to have been heard
// become doubtful.
func (p *pending) disconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.online = false
	for _, s := range p.queued {
		if s.written != nil {
			s.written <- ErrOffline
		}
	}
	for _, s := range slices.Concat(p.sent, p.queued) {
		if s.heard != nil {
			s.heard <- ErrOffline
		}
		if p.echoed && s.echo != "" {
			p.doubtful = append(p.doubtful, s.echo)
		}
	}
	p.queued, p.sent = nil, nil
}

// someNotHeard reports whether notHeard has something to return.
func (p *pending) someNotHeard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.doubtful) > 0
}

// notHeard returns and forgets the doubtful texts.
func (p *pending) notHeard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	texts := p.doubtful
	p.doubtful = nil
	return texts
}
