package chat

import (
	"context"
	"sync"
	"time"
)

// maxPause is how long a sweep may be put off so that the next one carries more.
const maxPause = 5 * time.Millisecond

const shortSweep = 100 * time.Microsecond // a pause after such a one would gain nothing

// sweeper writes what is new in the record to every client that takes it
// without waiting. It is one goroutine for all: a line costs one system call a
// client at most, and under load one call carries many lines.
type sweeper struct {
	rec  *record
	wake chan struct{}

	mu    sync.Mutex
	boxes map[*outbox]bool
	list  []*outbox // boxes, or nil when they have changed
}

func newSweeper(rec *record) *sweeper {
	return &sweeper{rec: rec, wake: rec.subscribe(), boxes: map[*outbox]bool{}}
}

func (s *sweeper) add(o *outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boxes[o], s.list = true, nil
	signal(s.wake)
}

func (s *sweeper) remove(o *outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.boxes, o)
	s.list = nil
}

func (s *sweeper) snapshot() []*outbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		s.list = make([]*outbox, 0, len(s.boxes))
		for o := range s.boxes {
			s.list = append(s.list, o)
		}
	}
	return s.list
}

// run sweeps until ctx ends. A line that comes when nothing was said for a
// while is sent at once. One that comes soon after a sweep waits for a quarter of
// what that sweep took, at most maxPause: then the next carries more, and the
// clients get the processor in which they answer.
func (s *sweeper) run(ctx context.Context) {
	defer s.rec.unsubscribe(s.wake)
	var send sender
	var took time.Duration
	ended := time.Now().Add(-maxPause)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		if pause := min(took/4, maxPause); took > shortSweep && time.Since(ended) < maxPause {
			nap(pause) // at the end, too, it is short
			select {
			case <-s.wake: // what has come meanwhile is in the view below
			default:
			}
		}
		began := time.Now()
		v := s.rec.view()
		for _, o := range s.snapshot() {
			o.flush(v, &send)
		}
		ended = time.Now()
		took = ended.Sub(began)
	}
}
