package cli

import (
	"io"
	"sync"
)

// mostQueued bounds the bytes of a capture that wait for the reader of standard output.
const mostQueued = 128 << 20

// queueChunk is about how many bytes of a queue are handed on at once at most. What waits
// is in pieces of this size: one that grew would be copied again and again, for longer than
// the kernel's ring has room for.
const queueChunk = 1 << 20

// queue hands on what is written to it. While its reader is slow, what is written waits in
// memory, and who writes does not: frames wait there for the reader of a pipe, and not in
// the kernel's ring, which has a fixed size.
type queue struct {
	to   io.Writer
	most int           // bytes that wait before a Write waits, too
	done chan struct{} // closed when nothing is handed on any more

	mu      sync.Mutex
	changed *sync.Cond // of the following
	waiting [][]byte
	bytes   int    // of waiting
	spare   []byte // that was handed on
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
	for q.bytes > q.most && q.err == nil {
		q.changed.Wait()
	}
	if q.err != nil {
		return 0, q.err
	}
	if last := len(q.waiting) - 1; last >= 0 && len(q.waiting[last]) < queueChunk {
		q.waiting[last] = append(q.waiting[last], p...)
	} else {
		q.waiting = append(q.waiting, append(q.spare, p...))
		q.spare = nil
	}
	q.bytes += len(p)
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

func (q *queue) handOn() {
	defer close(q.done)
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.err == nil {
		for len(q.waiting) == 0 {
			if q.closed {
				return
			}
			q.changed.Wait()
		}
		now := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.bytes -= len(now)
		q.changed.Broadcast()
		q.mu.Unlock()
		_, err := q.to.Write(now)
		q.mu.Lock()
		q.err = err
		q.spare = now[:0]
	}
	q.changed.Broadcast()
}
