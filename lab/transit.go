package lab

import (
	"context"

	"wirelab/lab/trace"
)

// routed waits until nothing is on its way through the routers: a frame between two
// hosts is on no socket, and what a router forwards, or a host answers upon it, would
// come after the barrier.
//
// Every host sets a marker. The lab's one CPU handles frames in the order in which they
// were sent, so that when the sniffer has seen these, what was sent before them has
// reached its segment, and what its receivers have sent upon it is sent. The next
// markers count it. Where they count nothing but the markers themselves, and every host
// was quiet in between, nothing was on its way.
func (l *Lab) routed(ctx context.Context) error {
	if len(l.Topology.Routers) == 0 {
		return nil
	}
	marks := l.marks(trace.TransitLabel)
	var before []seen
	for round := 1; ; round++ {
		l.transits++
		if err := l.mark(ctx, trace.TransitLabel); err != nil {
			return err
		}
		if err := l.capture.awaitMarkers(ctx, marks, l.transits); err != nil {
			return err
		}
		now := l.capture.last(marks)
		if l.unmoved(before, now, round) {
			return nil
		}
		if err := l.quiet(ctx); err != nil {
			return err
		}
		before = now
	}
}

// unmoved reports whether nobody has sent anything but a marker between two rounds of
// markers. Where they do not count, a packet and its answer cross all routers in some.
func (l *Lab) unmoved(before, now []seen, round int) bool {
	if before == nil {
		return false
	}
	for i := range now {
		if !now[i].counted {
			return round > 2*len(l.Topology.Routers)+1
		}
		if now[i].sent != before[i].sent+1 {
			return false
		}
	}
	return true
}
