package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// gate is a writer that blocks until it is opened.
type gate struct {
	open chan struct{}
	got  bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	return g.got.Write(b)
}

func TestScreenNeverBlocks(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	s := newScreen(g)
	line := strings.Repeat("x", 1023) + "\n"
	const lines = 5000 // 5 MB
	for range lines {
		if _, err := io.WriteString(s, line); err != nil {
			t.Fatal(err)
		}
	}
	close(g.open)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out := g.got.String()
	shown := strings.Count(out, line)
	if shown < maxUnread/len(line) || shown == lines || !strings.Contains(out, "lines not shown]\n") {
		t.Errorf("%d of %d lines shown, %d bytes; want a megabyte and a word about the rest", shown, lines, len(out))
	}
}

func TestScreenClosesBesideAFrozenTerminal(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	s := newScreen(g)
	io.WriteString(s, "hello\n")
	if err := s.Close(); err == nil {
		t.Error("closing while the terminal does not read: no error")
	}
	close(g.open)
	<-s.done
}
