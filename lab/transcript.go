package lab

import (
	"bytes"
	"context"
	"sync"
)

// maxTranscript bounds what is kept of a program's output, in bytes. Of one
// that writes more the oldest is dropped.
const maxTranscript = 1 << 20

// transcript is the output of a program, which can be waited on. It is safe
// for several goroutines.
type transcript struct {
	mu      sync.Mutex
	text    []byte
	read    int           // how far await has come
	changed chan struct{} // closed at the next write or at the end
	ended   bool
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

// Write implements io.Writer and never fails.
func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - maxTranscript; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
		t.read = max(0, t.read-over)
	}
	t.signal()
	return len(b), nil
}

// end says that nothing more will be written.
func (t *transcript) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	t.signal()
}

func (t *transcript) signal() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// await waits until text appears after what earlier calls have found. It
// reports false if ctx ends or the program does before that.
func (t *transcript) await(ctx context.Context, text string) bool {
	for {
		t.mu.Lock()
		i := bytes.Index(t.text[t.read:], []byte(text))
		if i >= 0 {
			t.read += i + len(text)
			t.mu.Unlock()
			return true
		}
		ended, changed := t.ended, t.changed
		t.mu.Unlock()
		if ended {
			return false
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// String returns what is kept of the output.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
