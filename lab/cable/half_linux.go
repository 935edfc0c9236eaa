package cable

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"time"

	"wirelab/lab/fault"
)

// half carries the frames of one direction, in order.
type half struct {
	in, out *port
	marker  func(frame []byte) bool

	mu       sync.Mutex // of line, and of in's read deadline
	line     *fault.Line
	deadline time.Time // of in
	stopping bool
	done     chan struct{} // closed when run has returned
}

func newHalf(in, out *port, marker func([]byte) bool) *half {
	return &half{in: in, out: out, marker: marker, line: fault.NewLine(out.write), done: make(chan struct{})}
}

// batch bounds the frames for which a half keeps its lock.
const batch = 64

// run carries frames until stop.
func (h *half) run() {
	defer close(h.done)
	for h.some() {
		if err := h.in.wait(); errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// some carries what is there, and sets the time at which to look again. It reports false
// when the half is to stop.
func (h *half) some() bool {
	for {
		h.mu.Lock()
		if h.stopping {
			h.mu.Unlock()
			return false
		}
		n := h.carry()
		if n < batch {
			break
		}
		h.mu.Unlock()
		runtime.Gosched()
	}
	defer h.mu.Unlock()
	due, _ := h.line.Next()
	if !due.Equal(h.deadline) {
		h.deadline = due
		_ = h.in.conn.SetReadDeadline(due) // of a closed socket: wait tells
	}
	return true
}

// carry carries some frames and returns how many.
func (h *half) carry() (n int) {
	for ; n < batch; n++ {
		a, ok := h.in.peek()
		if !ok {
			break
		}
		h.pass(a)
		h.in.release()
	}
	h.line.Release(time.Now())
	return n
}

// carryAll carries what has come by now. The half has stopped.
func (h *half) carryAll() {
	for h.carry() == batch {
	}
}

// pass carries a frame that is no probe. One that is longer than a slot is lost, and
// counted: the segment's frames are of its MTU.
func (h *half) pass(a arrival) {
	if isProbe(a.frame) {
		return
	}
	if len(a.frame) < a.length {
		h.in.dropped.Add(1)
		return
	}
	h.line.Pass(a.frame, a.came, time.Now(), h.marker(a.frame))
}

// change calls do with the line and wakes run, which looks again at what is due.
func (h *half) change(do func(*fault.Line)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do(h.line)
	h.wake()
}

func (h *half) wake() {
	h.deadline = time.Unix(1, 0)
	_ = h.in.conn.SetReadDeadline(h.deadline)
}

// stop makes run return and waits for it. What is in the ring stays there.
func (h *half) stop() {
	h.mu.Lock()
	h.stopping = true
	h.wake()
	h.mu.Unlock()
	<-h.done
}

// report adds what the half does to a report.
func (h *half) report(r *fault.Report) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.in.count(); err != nil {
		return err
	}
	h.line.Report(r)
	r.Holding += h.in.held()
	r.Dropped += h.in.dropped.Load()
	return nil
}
