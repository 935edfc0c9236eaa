package lab

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"wirelab/internal/forks"
	"wirelab/internal/i18n"
	"wirelab/lab/agent"
	"wirelab/lab/trace"
)

// Unsettled says that a barrier could not be set. Claims about phases that it would have
// ended are inconclusive.
type Unsettled struct {
	Label string // of the barrier
	Cause error  // which names the socket, the marker or the program
}

func (u *Unsettled) Error() string { return u.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated, which wraps the cause.
func (u *Unsettled) Unwrap() error {
	return i18n.Errmsg("lab.unsettled", "Label", u.Label, "Cause", u.Cause)
}

// Settle sets a barrier, which ends a phase, and names it: label is a trace.ValidLabel
// that no other barrier of the lab has. Everything that a host sent before is in the
// capture before the host's marker.
//
// Settle returns when all of this is true: commands that have ended left nothing running,
// the sockets of all hosts are quiet, no router and no cable holds a frame, a marker that
// every host has sent after that is captured, and every program that was started and not
// closed still runs. The error is an *Unsettled if that is not reached within some 10
// seconds, or longer for a lab of many hosts.
func (l *Lab) Settle(ctx context.Context, label string) error {
	if !trace.ValidLabel(label) || trace.ReservedLabel(label) {
		return i18n.Errmsg("lab.label", "Label", label)
	}
	return l.settle(ctx, label)
}

func (l *Lab) settle(ctx context.Context, label string) error {
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	for _, step := range []func() error{
		func() error { return forks.Wait(ctx) }, // a socket that a test has closed sends what it sends at its end
		l.checkPrograms,
		func() error { return l.nothingLeft(ctx) },
		func() error { return l.quiet(ctx) },
		func() error { return l.routed(ctx) },
		func() error { return l.capture.notMarked(label) },
		func() error { return l.mark(ctx, label) },
		func() error { return l.capture.awaitMarkers(ctx, l.marks(label), 1) },
		func() error { return l.stillRunning(ctx) },
		func() error { return l.learnFaults(ctx) },
	} {
		if err := step(); err != nil {
			return &Unsettled{label, err}
		}
	}
	return nil
}

// checkPrograms fails where a program has ended by itself.
func (l *Lab) checkPrograms() error {
	for _, name := range l.Topology.Hosts {
		if p := l.programs[name]; p != nil && p.ended() {
			return i18n.Errmsg("lab.process.unclosed", "Cause", p.ending())
		}
	}
	return nil
}

// nothingLeft asks the hosts whether what has ended in this phase has left
// something running, which could send at any time.
func (l *Lab) nothingLeft(ctx context.Context) error {
	for _, p := range l.over {
		a := l.agents[p.host]
		if a == nil { // a host that is not the topology's is not judged
			continue
		}
		left, err := a.client.Left(ctx, p.id)
		if err != nil {
			return a.explain(err)
		}
		if left {
			return i18n.Errmsg("lab.process.left", "Command", p.name())
		}
	}
	l.over = nil
	return nil
}

// stillRunning asks the hosts whether the programs run. That one has ended is
// told a moment later than its sockets are closed, so that not being told is
// not enough.
func (l *Lab) stillRunning(ctx context.Context) error {
	for _, name := range l.Topology.Hosts {
		p := l.programs[name]
		if p == nil {
			continue
		}
		alive, err := l.agents[name].client.Alive(ctx, p.id, p.pid())
		if err != nil {
			return l.agents[name].explain(err)
		}
		if !alive {
			return i18n.Errmsg("lab.process.unclosed", "Cause", p.ending())
		}
	}
	return l.checkPrograms()
}

// quiet waits until every host is quiet and no cable holds a frame at one and the same
// look: while one was waited for, another may have had something to answer.
func (l *Lab) quiet(ctx context.Context) error {
	for {
		deadline, _ := ctx.Deadline()
		// A little less, so that there is time for what follows.
		left := max(0, time.Until(deadline)-500*time.Millisecond).Round(time.Millisecond)
		if err := l.askQuiet(ctx, left); err != nil {
			return l.whatWaits(err)
		}
		within, cancel := context.WithTimeout(ctx, left)
		ever, err := l.emptyCables(within)
		cancel()
		if err != nil {
			return err
		}
		if err = l.askQuiet(ctx, 0); err == nil {
			// What a cable has held meanwhile may have come to a host behind its look.
			var again uint64
			if again, err = l.emptyCables(ctx); err == nil && again != ever {
				continue
			}
		}
		if _, busy := errors.AsType[*busyHost](err); !busy || left == 0 {
			return err
		}
	}
}

// answering is how much longer than it is asked to look a host may take for its answer,
// which names what is under way: a busy machine may take long for it.
const answering = 10 * time.Second

// askQuiet asks every host to become quiet within a time. Its answer is awaited beyond the
// deadline of ctx, though not beyond its cancelling.
func (l *Lab) askQuiet(ctx context.Context, within time.Duration) error {
	answers, cancel := context.WithTimeout(context.WithoutCancel(ctx), within+answering)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	defer stop()
	return l.ask(answers, quietWithin(within))
}

// busyHost says what is still under way on a host.
type busyHost struct{ what string }

func (b *busyHost) Error() string { return b.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated.
func (b *busyHost) Unwrap() error {
	// A tcp socket's state stands ahead of the counts; udp has none (lab/node, socket).
	before, counts, _ := strings.Cut(b.what, " unread=")
	state := before[strings.LastIndexByte(before, ' ')+1:]
	unread := counts != "" && !strings.HasPrefix(counts, "0 ")
	switch {
	case state == "CLOSE_WAIT":
		return i18n.Errmsg("lab.unclosed", "What", b.what)
	case unread && (state == "ESTABLISHED" || strings.HasPrefix(before, "udp ")):
		return i18n.Errmsg("lab.unread", "What", b.what)
	}
	return i18n.Errmsg("lab.busy", "What", b.what)
}

func quietWithin(limit time.Duration) func(context.Context, *agent.Client) error {
	return func(ctx context.Context, c *agent.Client) error {
		what, err := c.Quiet(ctx, limit)
		if err == nil && what != "" {
			err = &busyHost{what}
		}
		return err
	}
}

// markingAtOnce is how many hosts send markers at once. More of them would keep the sniffer
// from the lab's one CPU until the kernel's buffer is full: of 300 it lost frames.
const markingAtOnce = 32

// mark has every host send a marker on each of its segments.
func (l *Lab) mark(ctx context.Context, label string) error {
	return l.inTurn(func(host Host) error {
		a := l.agents[host.Name()]
		return a.explain(a.client.Mark(ctx, label))
	})
}

// marks are the markers of a barrier: each host sets one on each of its segments.
func (l *Lab) marks(label string) (all []mark) {
	names := l.Topology.SegmentNames()
	for _, host := range l.Topology.Judged() {
		for _, i := range l.Topology.On(host) {
			m := mark{label: label, host: host}
			if len(names) > 1 {
				m.segment = names[i]
			}
			all = append(all, m)
		}
	}
	return all
}

// markOn has every host send a marker on some segments.
func (l *Lab) markOn(ctx context.Context, label string, segments []string) error {
	return l.inTurn(func(host Host) error {
		var devices []string
		for _, p := range host.Ports() {
			if slices.Contains(segments, p.Segment) {
				devices = append(devices, p.Device)
			}
		}
		if devices == nil {
			return nil
		}
		a := l.agents[host.Name()]
		return a.explain(a.client.Mark(ctx, label, devices...))
	})
}

// inTurn does something for every host: for markingAtOnce hosts at a time.
func (l *Lab) inTurn(do func(Host) error) error {
	turns := make(chan struct{}, markingAtOnce)
	return l.everyHost(func(host Host) error {
		turns <- struct{}{}
		defer func() { <-turns }()
		return do(host)
	})
}

// ask asks every host's agent.
func (l *Lab) ask(ctx context.Context, question func(context.Context, *agent.Client) error) error {
	return l.everyHost(func(host Host) error {
		a := l.agents[host.Name()]
		return a.explain(question(ctx, a.client))
	})
}
