package class

import (
	"context"
	"sync"
)

// pace decides how many labs run side by side: as many as were asked for while the
// machine bears them, half as many when one came up too late, and one more for every few
// that did not. None starts while memory is short, unless none runs.
type pace struct {
	most   int
	memory func() (available uint64, known bool) // bytes

	mu      sync.Mutex
	changed chan struct{} // closed when a lab ends
	allowed int
	running int
	well    int // labs that were in time since the last change
}

func newPace(most int) *pace {
	return &pace{most: most, allowed: most, memory: availableMemory, changed: make(chan struct{})}
}

// labMemory is what a lab takes, in bytes: about 105 MiB were measured.
const labMemory = 128 << 20

// enter waits until one more lab may run. The error is that of ctx.
func (p *pace) enter(ctx context.Context) error {
	for {
		p.mu.Lock()
		if p.running == 0 || p.running < p.allowed && p.roomy() {
			p.running++
			p.mu.Unlock()
			return nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *pace) roomy() bool {
	available, known := p.memory()
	return !known || available >= labMemory
}

// leave says that a lab has ended, and whether the machine was too busy for it.
func (p *pace) leave(busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if busy {
		p.allowed, p.well = max(1, p.running/2), 0
	} else if p.well++; p.well >= 2*p.allowed && p.allowed < p.most {
		p.allowed, p.well = p.allowed+1, 0
	}
	p.running--
	close(p.changed)
	p.changed = make(chan struct{})
}

// now is how many labs run.
func (p *pace) now() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}
