package client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// ErrOffline is returned for a text said while there is no connection.
var ErrOffline = errors.New("not connected")

// pending holds every text on its way from the user to the room, in this order:
//
//   - A text said while there is no connection is refused with ErrOffline, so that
//     nothing is sent unseen minutes later: the terminal client puts it back into
//     its input line, where it waits for Enter (chat/tui, view.offline).
//   - queued texts wait to be written to the connection.
//   - sent texts were written over TCP, and the server has not sent them back yet.
//   - doubtful texts were queued or sent when the connection was lost. The lines
//     that were missed, sent after reconnecting, tell which of them the room heard;
//     NotHeard gives the user the others.
type pending struct {
	wake chan struct{} // has a token when there is something for next

	mu       sync.Mutex
	online   bool
	leaving  bool // nothing more is queued
	queued   []saying
	sent     []string
	doubtful []string
}

// saying is a text to be written.
type saying struct {
	text string
	echo string     // the text as the server sends it back; empty if it does not
	done chan error // receives the result of writing; nil if nobody waits
}

func newPending() *pending { return &pending{wake: make(chan struct{}, 1)} }

// add queues a text. echoed says that the server sends texts back.
func (p *pending) add(text string, echoed bool, done chan error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.online || p.leaving {
		return ErrOffline
	}
	p.enqueue(text, echoed, done)
	return nil
}

func (p *pending) enqueue(text string, echoed bool, done chan error) {
	s := saying{text: text, done: done}
	if echoed {
		s.echo = echo(text)
	}
	p.queued = append(p.queued, s)
	p.signal()
}

// echo returns the text of the line that a text becomes; empty for a command.
func echo(text string) string {
	rest, slash := strings.CutPrefix(text, "/")
	switch {
	case !slash:
		return text
	case strings.HasPrefix(rest, "/"):
		return rest
	}
	return ""
}

// connected opens the queue. The texts first are written before any other.
func (p *pending) connected(first ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.online = true
	for _, text := range first {
		p.enqueue(text, false, nil)
	}
}

// leave closes the queue behind the texts last. It reports false if there is no
// connection.
func (p *pending) leave(last ...string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range last {
		p.enqueue(text, false, nil)
	}
	p.leaving = true
	p.signal()
	return p.online
}

// next waits for the text to write. It returns false when ctx has ended, or when the
// user leaves and everything was written.
func (p *pending) next(ctx context.Context) (saying, bool) {
	for {
		p.mu.Lock()
		if len(p.queued) > 0 {
			s := p.queued[0]
			p.queued = p.queued[1:]
			if s.echo != "" {
				p.sent = append(p.sent, s.echo)
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
	if n := slices.Index(p.sent, s.echo); n >= 0 {
		p.sent = slices.Delete(p.sent, n, n+1)
	}
}

// heard removes a text that the server has sent back, and those said before it.
func (p *pending) heard(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range []*[]string{&p.doubtful, &p.sent} {
		if n := slices.Index(*list, text); n >= 0 {
			*list = (*list)[n+1:]
			return
		}
	}
}

// disconnected closes the queue. The texts that are not known to have been heard
// become doubtful.
func (p *pending) disconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.online = false
	p.doubtful = append(p.doubtful, p.sent...)
	for _, s := range p.queued {
		if s.done != nil {
			s.done <- ErrOffline
		}
		if s.echo != "" {
			p.doubtful = append(p.doubtful, s.echo)
		}
	}
	p.queued, p.sent = nil, nil
}

// notHeard returns and forgets the doubtful texts.
func (p *pending) notHeard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	texts := p.doubtful
	p.doubtful = nil
	return texts
}

// signal wakes next.
func (p *pending) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
