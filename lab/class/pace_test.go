package class

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// enters reports whether one more lab may run at once.
func enters(t *testing.T, p *pace) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that it does not wait
	err := p.enter(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return err == nil
}

// fill has as many labs run as may, and returns how many do.
func fill(t *testing.T, p *pace) int {
	t.Helper()
	for enters(t, p) {
	}
	return p.now()
}

// Half as many labs run when one came up too late, and one more for every few that did
// not, up to what was asked for.
func TestPace(t *testing.T) {
	p := newPace(8)
	p.memory = func() (uint64, bool) { return 0, false } // not known: as if there were enough
	if n := fill(t, p); n != 8 {
		t.Fatalf("%d labs run at first, want 8", n)
	}
	p.leave(true)
	for range 4 { // of those that began before
		if enters(t, p) {
			t.Fatalf("a lab begins with %d running, after one was late among 8", p.now()-1)
		}
		p.leave(false)
	}
	if n := fill(t, p); n != 4 {
		t.Errorf("%d labs run, want half of 8", n)
	}
	for ends := 0; p.allowed < 8; ends++ {
		if ends > 200 {
			t.Fatalf("after %d labs in time %d are allowed, want 8", ends, p.allowed)
		}
		p.leave(false)
		fill(t, p)
	}
	p.leave(false)
	for range 100 {
		fill(t, p)
		p.leave(false)
	}
	if n := fill(t, p); n != 8 {
		t.Errorf("%d labs run in the end, want the 8 that were asked for", n)
	}
	for p.now() > 0 {
		p.leave(true)
	}
	if n := fill(t, p); n != 1 {
		t.Errorf("%d labs run where all were late, want 1", n)
	}
}

// While memory is short no lab begins but the only one, and those that wait begin when one
// ends and there is memory again.
func TestPaceOfMemory(t *testing.T) {
	var mu sync.Mutex
	available := uint64(labMemory - 1)
	p := newPace(4)
	p.memory = func() (uint64, bool) { mu.Lock(); defer mu.Unlock(); return available, true }
	if n := fill(t, p); n != 1 {
		t.Fatalf("%d labs run without memory, want 1", n)
	}
	entered := make(chan error, 1)
	go func() { entered <- p.enter(t.Context()) }()
	p.leave(false) // none runs: the one that waits is the only one
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	if enters(t, p) {
		t.Error("a second lab begins without memory")
	}
	mu.Lock()
	available = labMemory
	mu.Unlock()
	if n := fill(t, p); n != 4 {
		t.Errorf("%d labs run with memory, want 4", n)
	}
}
