package netns

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"
)

// lastWords keeps the beginning of what the lab process prints on standard
// error: a Go runtime that dies says there why. It prints nothing otherwise.
type lastWords struct {
	forward io.Writer // gets what comes when the lab is up

	mu   sync.Mutex
	kept strings.Builder
	up   bool
}

// maxLastWords bounds what is kept, in bytes. The runtime names the cause
// first, before the stacks of its goroutines.
const maxLastWords = 4 << 10

// Write implements io.Writer.
func (l *lastWords) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept.Write(b[:min(len(b), maxLastWords-l.kept.Len())])
	if l.up {
		return l.forward.Write(b)
	}
	return len(b), nil
}

// isUp forwards what was kept and all that follows.
func (l *lastWords) isUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = true
	io.WriteString(l.forward, l.kept.String())
}

// String returns the lines that were kept, up to the first empty one.
func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	words, _, _ := strings.Cut(strings.TrimSpace(l.kept.String()), "\n\n")
	return words
}

// diedError says that the lab process died, and what it said last.
type diedError struct{ state, words string }

func (e *diedError) Error() string {
	return fmt.Sprintf("the lab process died (%s): %s", e.state, cmp.Or(strings.ReplaceAll(e.words, "\n", "; "), "it said nothing"))
}
