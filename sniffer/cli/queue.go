package cli

import (
	"io"
	"sync"
)

// mostQueued bounds the bytes of a capture that wait for the reader of standard output.
const mostQueued = 128 << 20

// queue hands on what is written to it. While its reader is slow, what is written waits in
// memory, and who writes does not: frames wait there for the reader of a pipe, and not in
// the kernel's ring, which has a fixed size.
type queue struct {
	to   io.Writer
	most int           // bytes that wait before a Write waits, too
	done chan struct{} // closed when nothing is handed on any more

	mu      sync.Mutex
	changed *sync.Cond // of the following
	waiting []byte
	closed  bool
	err     error // of a Write of to
}

func newQueue(to io.Writer, most int) *queue {
	q := &queue{to: to, most: most, done: make(chan struct{})}
	q.changed = sync.NewCond(&q.mu)
	go q.handOn()
	return q
}

// Write implements io.Writer. The error is that of what was handed on before.
func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > q.most && q.err == nil {
		q.changed.Wait()
	}
	if q.err != nil {
		return 0, q.err
	}
	q.waiting = append(q.waiting, p...)
	q.changed.Broadcast()
	return len(p), nil
}

// Close returns when all that was written is handed on. It may be called again.
func (q *queue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.changed.Broadcast()
	q.mu.Unlock()
	<-q.done
	return q.err
}

// kept is how large a buffer may be that is used again.
const kept = 1 << 20

func (q *queue) handOn() {
	defer close(q.done)
	q.mu.Lock()
	defer q.mu.Unlock()
	var spare []byte
	for q.err == nil {
		for len(q.waiting) == 0 {
			if q.closed {
				return
			}
			q.changed.Wait()
		}
		now := q.waiting
		q.waiting = spare[:0]
		q.changed.Broadcast()
		q.mu.Unlock()
		_, err := q.to.Write(now)
		q.mu.Lock()
		q.err = err
		if spare = now; cap(spare) > kept {
			spare = nil
		}
	}
	q.changed.Broadcast()
}
