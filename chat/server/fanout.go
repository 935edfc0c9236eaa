package server

import (
	"context"
	"sync"
	"time"

	"wirelab/chat"
)

// maxPause is how long a round may be delayed so that it carries more lines.
const maxPause = 5 * time.Millisecond

// fanOut writes new lines of the log to every client that takes them without
// waiting. It is one goroutine for all clients: a line costs at most one system
// call a client, and under load one call carries many lines.
type fanOut struct {
	log  *chat.Log
	wake chat.Wake

	mu      sync.Mutex
	clients map[*clientWriter]bool
	list    []*clientWriter // the clients, or nil when they have changed
}

func newFanOut(log *chat.Log) *fanOut {
	return &fanOut{log: log, wake: log.Subscribe(), clients: map[*clientWriter]bool{}}
}

func (f *fanOut) add(c *clientWriter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clients[c], f.list = true, nil
	f.wake.Signal()
}

func (f *fanOut) remove(c *clientWriter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, c)
	f.list = nil
}

func (f *fanOut) all() []*clientWriter {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.list == nil {
		f.list = make([]*clientWriter, 0, len(f.clients))
		for c := range f.clients {
			f.list = append(f.list, c)
		}
	}
	return f.list
}

// serve writes a round to all clients for each new line, until ctx ends. A line after
// a pause is sent at once. One that comes soon after a round waits for a quarter of
// that round's time, at most maxPause: the next round carries more lines, and the
// clients get processor time to answer in. Ten clients gain as well as a thousand:
// without the pause after a round of 100 µs, a delivery costs half as much again.
func (f *fanOut) serve(ctx context.Context) {
	defer f.log.Unsubscribe(f.wake)
	var w socketWriter
	var took time.Duration
	ended := time.Now().Add(-maxPause)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		if pause := min(took/4, maxPause); time.Since(ended) < maxPause {
			sleepBriefly(pause)
			select {
			case <-f.wake: // the snapshot below has the lines that came meanwhile
			default:
			}
		}
		began := time.Now()
		s := f.log.Snapshot()
		for _, c := range f.all() {
			c.flush(s, &w)
		}
		ended = time.Now()
		took = ended.Sub(began)
	}
}
