package cli

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxUnread is how many bytes wait for a terminal that does not read.
const maxUnread = 1 << 20

// screen is a writer that never blocks. One goroutine writes to what may be a
// frozen terminal (that of an attached container blocks after about a
// megabyte), and what does not fit its queue is dropped, counted and reported.
// It may be used by several goroutines at once; a Write stays in one piece.
type screen struct {
	out  io.Writer
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	queued  []byte
	dropped int // writes
	closed  bool
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// Write queues p and never fails.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
	case len(s.queued)+len(p) > maxUnread:
		s.dropped++
	default:
		s.queued = append(s.queued, p...)
	}
	s.signal()
	return len(p), nil
}

func (s *screen) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *screen) run() {
	defer close(s.done)
	var batch []byte
	for range s.wake {
		for {
			s.mu.Lock()
			batch, s.queued = s.queued, batch[:0]
			if s.dropped > 0 && len(batch) > 0 {
				batch = fmt.Appendf(batch, "[%d lines not shown]\n", s.dropped)
				s.dropped = 0
			}
			closed := s.closed
			s.mu.Unlock()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			if _, err := s.out.Write(batch); err != nil {
				return // nobody looks any more: the queue fills and drops
			}
		}
	}
}

// Close waits until everything is written, for a second at most: a terminal
// that does not read must not keep the program.
func (s *screen) Close() error {
	s.mu.Lock()
	s.closed = true
	s.signal()
	s.mu.Unlock()
	select {
	case <-s.done:
		return nil
	case <-time.After(time.Second):
		return errors.New("the terminal does not read: not everything was shown")
	}
}
