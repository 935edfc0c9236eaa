package web

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// lookEvery is how often a file is looked at for what another program has added to it. A reader
// sees no difference, and nothing tells of it on every system.
const lookEvery = 100 * time.Millisecond

// errAnew ends a file that was begun anew: what was read of it is whole.
var errAnew = i18n.Errmsg("web.anew")

// growing is a capture file to which another program still adds frames. It is a Source.
type growing struct {
	mu        sync.Mutex
	recording *trace.Recording
	changed   chan struct{} // closed at the next frame or at the end
	over      chan struct{} // closed when no frame will be added; then err is final
	err       error
}

var _ Source = &growing{}

// Grow shows a capture file as another program adds frames to it, until ctx ends or the
// file is begun anew. A frame is there once its program has written it whole. The error is
// for a file that cannot be opened; what is wrong with its content the source is ended by.
func Grow(ctx context.Context, path string) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	g := &growing{recording: trace.New(trace.Hosts{}), changed: make(chan struct{}), over: make(chan struct{})}
	g.recording.SpoolTo(lab.Spool)
	go func() {
		defer close(g.over)
		defer f.Close()
		in := &tail{ctx: ctx, path: path, file: f}
		err := g.load(in)
		g.mu.Lock()
		defer g.mu.Unlock()
		switch {
		case ctx.Err() != nil:
		case in.anew:
			g.err = errAnew
		case err != nil:
			g.err = i18n.Errmsg("web.nocapture", "Cause", err)
		case g.recording.Damage != nil:
			g.err = i18n.Errmsg("web.damaged", "Cause", g.recording.Damage)
		}
		g.signal()
	}()
	return g, nil
}

func (g *growing) load(in io.Reader) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.recording.Follow(&unlocked{in, &g.mu}, func(*sniffer.Packet) { g.signal() })
}

// signal wakes who waits for a change. The caller holds mu.
func (g *growing) signal() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// View implements Source.
func (g *growing) View(do func(*trace.Recording)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do(g.recording)
}

// Changed implements Source.
func (g *growing) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// Ended implements Source.
func (g *growing) Ended() <-chan struct{} { return g.over }

// EndedBy implements Source.
func (g *growing) EndedBy() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// unlocked reads with a lock that its caller holds set aside.
type unlocked struct {
	io.Reader
	mu *sync.Mutex
}

// Read implements io.Reader.
func (u *unlocked) Read(b []byte) (int, error) {
	u.mu.Unlock()
	defer u.mu.Lock()
	return u.Reader.Read(b)
}

// tail reads a file and waits at its end for more, until ctx ends or another file is there.
type tail struct {
	ctx  context.Context
	path string
	file *os.File
	at   int64
	anew bool // the file was begun anew, or replaced
}

// Read implements io.Reader.
func (t *tail) Read(b []byte) (int, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		n, err := t.file.Read(b)
		t.at += int64(n)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if t.anew = t.replaced(); t.anew {
			return 0, io.EOF
		}
		select {
		case <-tick.C:
		case <-t.ctx.Done():
			return 0, io.EOF
		}
	}
}

// replaced reports whether the path leads to another file by now, or to less than was read.
// While there is none, one may come back.
func (t *tail) replaced() bool {
	now, err := os.Stat(t.path)
	if err != nil {
		return false
	}
	was, err := t.file.Stat()
	return err != nil || !os.SameFile(now, was) || now.Size() < t.at
}
