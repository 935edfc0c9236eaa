package cli

import (
	"context"
	"sync/atomic"
	"testing"

	"wirelab/lab"
	"wirelab/lab/experiments"
	"wirelab/lab/netns"
)

// counting counts the labs of a backend that are up.
type counting struct {
	lab.Backend
	labs, most atomic.Int32
}

func (c *counting) Up(ctx context.Context, t lab.Topology) (lab.Network, error) {
	n, err := c.Backend.Up(ctx, t)
	if err != nil {
		return nil, err
	}
	c.most.Store(max(c.most.Load(), c.labs.Add(1)))
	return &counted{n, c}, nil
}

type counted struct {
	lab.Network
	of *counting
}

func (c *counted) Close() error {
	c.of.labs.Add(-1)
	return c.Network.Close()
}

// While one experiment is carried out, the lab of the next comes up, and no other;
// whoever stops there leaves none.
func TestNextLabComesUpAhead(t *testing.T) {
	requireBackend(t, "netns")
	course, err := experiments.Course()
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Backend: netns.Backend{}}
	labs := &ownLabs{backend: c}
	for i, e := range course[:2] {
		outcome, err := labs.run(t.Context(), e, course[i+1], nil)
		if err != nil {
			t.Fatal(err)
		}
		if outcome.Experiment != e || outcome.Status() != "pass" {
			t.Errorf("%s in the lab that was ahead: %s, %v", e.Name, outcome.Status(), outcome.Err)
		}
	}
	if labs.ahead == nil {
		t.Fatalf("no lab comes up for %s", course[2].Name)
	}
	<-labs.ahead.done
	if up, most := c.labs.Load(), c.most.Load(); up != 1 || most > 2 {
		t.Errorf("%d labs are up, %d at most; want 1, and 2", up, most)
	}
	if err := labs.close(); err != nil {
		t.Error(err)
	}
	if up := c.labs.Load(); up != 0 {
		t.Errorf("%d labs are left", up)
	}
}

// A lab that is interrupted while it comes up leaves nothing.
func TestInterruptedAhead(t *testing.T) {
	requireBackend(t, "netns")
	course, err := experiments.Course()
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Backend: netns.Backend{}}
	labs := &ownLabs{backend: c}
	ctx, cancel := context.WithCancel(t.Context())
	labs.ahead = labs.open(ctx, course[1])
	cancel()
	if err := labs.close(); err != nil {
		t.Error(err)
	}
	if up := c.labs.Load(); up != 0 {
		t.Errorf("%d labs are left of one that was interrupted while it came up", up)
	}
}
