package inline

import (
	"bytes"
	"fmt"
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

func TestWriterNeverBlocks(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	s := NewWriter(g, func(n int) string { return fmt.Sprintf("[%d missing]", n) })
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
	if shown < maxUnread/len(line) || shown == lines || !strings.Contains(out, " missing]") {
		t.Errorf("%d of %d lines shown, %d bytes; want a megabyte and a word about the rest", shown, lines, len(out))
	}
}

func TestWriterClosesBesideAFrozenTerminal(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	s := NewWriter(g, func(n int) string { return fmt.Sprintf("[%d missing]", n) })
	io.WriteString(s, "hello\n")
	if err := s.Close(); err == nil {
		t.Error("closing while the terminal does not read: no error")
	}
	close(g.open)
	<-s.done
}
