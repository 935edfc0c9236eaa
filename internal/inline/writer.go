package inline

import (
	"errors"
	"io"
	"sync"
	"time"
)

// maxUnread is how many bytes wait for a terminal that does not read.
const maxUnread = 1 << 20

// Writer is a writer that never blocks. Its goroutine writes to a terminal that
// may be frozen (an attached container's blocks after about a megabyte); writes
// that do not fit the queue are dropped and counted. It may be used by several
// goroutines at once; a Write stays in one piece.
type Writer struct {
	out  io.Writer
	wake chan struct{}
	done chan struct{}
	lost func(dropped int) string

	mu      sync.Mutex
	queued  []byte
	dropped int // writes
	closed  bool
}

// NewWriter returns a Writer to out, for its caller to close. When writes were
// dropped and there is space again, lost is called with their number; what it
// returns is written in their place. It must not block or use the Writer.
func NewWriter(out io.Writer, lost func(dropped int) string) *Writer {
	w := &Writer{out: out, wake: make(chan struct{}, 1), done: make(chan struct{}), lost: lost}
	go w.writeAll()
	return w
}

// Write queues p and never fails.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
	case len(w.queued)+len(p) > maxUnread:
		w.dropped++
	default:
		w.queued = append(w.queued, p...)
	}
	w.signal()
	return len(p), nil
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// writeAll writes the queue until the Writer is closed.
func (w *Writer) writeAll() {
	defer close(w.done)
	var batch []byte
	for range w.wake {
		for {
			w.mu.Lock()
			batch, w.queued = w.queued, batch[:0]
			if w.dropped > 0 && len(batch) > 0 {
				batch = append(batch, w.lost(w.dropped)...)
				w.dropped = 0
			}
			closed := w.closed
			w.mu.Unlock()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			if _, err := w.out.Write(batch); err != nil {
				return // the terminal is gone: the queue fills and drops
			}
		}
	}
}

// Close waits until everything is written, for at most a second: a terminal that
// does not read must not keep the program running.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.signal()
	w.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-time.After(time.Second):
		return errors.New("the terminal does not read: not everything was shown")
	}
}
