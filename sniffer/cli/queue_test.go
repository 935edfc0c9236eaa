package cli

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"wirelab/internal/require"
)

// slow takes what is written when it is let.
type slow struct {
	bytes.Buffer
	let chan error
}

func (s *slow) Write(p []byte) (int, error) {
	if err := <-s.let; err != nil {
		return 0, err
	}
	return s.Buffer.Write(p)
}

func TestQueue(t *testing.T) {
	to := &slow{let: make(chan error)}
	q := newQueue(to, mostQueued)
	var want bytes.Buffer
	for i := range 3000 { // nobody reads
		p := bytes.Repeat([]byte{byte(i)}, 1+i)
		want.Write(p)
		if n, err := q.Write(p); n != len(p) || err != nil {
			t.Fatalf("write %d: %d, %v", i, n, err)
		}
	}
	close(to.let)
	if err := q.Close(); err != nil || !bytes.Equal(to.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes are handed on, %v; want the %d that were written, in their order", to.Len(), err, want.Len())
	}
	if err := q.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestQueueOfReaderWhoIsGone(t *testing.T) {
	to := &slow{let: make(chan error, 1)}
	q := newQueue(to, mostQueued)
	if _, err := q.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	to.let <- io.ErrClosedPipe
	<-q.done
	if _, err := q.Write([]byte("two")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a write after it: %v", err)
	}
	if err := q.Close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the end: %v", err)
	}
}

// Behind its limit a write waits until there is room.
func TestQueueIsBounded(t *testing.T) {
	to := &slow{let: make(chan error)}
	q := newQueue(to, 0)
	handedOn := func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.waiting) == 0
	}
	write := func(s string) {
		if _, err := q.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	write("a")
	require.Eventually(t, 10*time.Second, handedOn, func() string { return "the first to be handed on" })
	write("b") // it waits in the queue
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = q.Write([]byte("c"))
	}()
	to.let <- nil // of a: then b is handed on
	<-written
	if got := to.String(); got != "a" {
		t.Errorf("%q is handed on when the third write returns, want the first", got)
	}
	close(to.let)
	if err := q.Close(); err != nil || to.String() != "abc" {
		t.Errorf("%q, %v; want abc", to.String(), err)
	}
}
