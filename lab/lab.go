package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// Labels of the lab's own markers, which no script may use.
const (
	startLabel = "start" // the capture was running before anything was sent
	learnLabel = "learn" // a switch learns its ports; ends no phase
)

const (
	settleTimeout = 10 * time.Second
	runTimeout    = 60 * time.Second
)

// Lab is a network that is up and captured. It does what a script says, one
// thing after the other; it is not safe for several goroutines.
type Lab struct {
	Backend  string
	Topology Topology

	network  Network
	capture  *capture
	agents   map[string]*agent
	programs map[string]*running // what was started and not yet closed
}

// Unsettled says that a barrier could not be set: what follows from the
// capture is inconclusive.
type Unsettled struct {
	Label string
	Cause string
}

func (u *Unsettled) Error() string { return fmt.Sprintf("barrier %q: %s", u.Label, u.Cause) }

// Open brings a lab up and returns when the capture is bound and has seen a
// marker from every host: the wire works before the first stimulus. Close it.
func Open(ctx context.Context, backend Backend, topology Topology) (*Lab, error) {
	if err := topology.Validate(); err != nil {
		return nil, err
	}
	network, err := backend.Up(ctx, topology)
	if err != nil {
		return nil, err
	}
	l := &Lab{Backend: backend.Name(), Topology: topology, network: network, agents: map[string]*agent{}, programs: map[string]*running{}}
	if err := l.attend(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) attend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	var mu sync.Mutex
	err := l.everyHost(func(host Host) error {
		a, err := startAgent(ctx, host)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		l.agents[host.Name()] = a
		return nil
	})
	if err != nil {
		return err
	}
	if l.capture, err = startCapture(ctx, l.network.Host(SnifferHost)); err != nil {
		return err
	}
	return l.settle(ctx, startLabel)
}

// everyHost does something for every host at once.
func (l *Lab) everyHost(do func(Host) error) error {
	errs := make([]error, len(l.Topology.Hosts))
	var wg sync.WaitGroup
	for i, name := range l.Topology.Hosts {
		wg.Go(func() { errs[i] = do(l.network.Host(name)) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (l *Lab) host(name string) (Host, error) {
	if h := l.network.Host(name); h != nil {
		return h, nil
	}
	return nil, fmt.Errorf("no host %q in the lab: %s", name, strings.Join(l.Topology.Hosts, ", "))
}

// Start starts a program that goes on. A host has one at a time, to which Say,
// Await and CloseProgram speak.
func (l *Lab) Start(name string, args ...string) error {
	host, err := l.host(name)
	if err != nil {
		return err
	}
	if old := l.programs[name]; old != nil {
		if !old.ended() {
			return fmt.Errorf("%s still runs", old.name())
		}
		old.stop()
	}
	l.programs[name] = begin(host, nil, args...)
	return nil
}

func (l *Lab) program(name string) (*running, error) {
	if p := l.programs[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("nothing was started on %s", name)
}

// Await waits until the host's program has printed text, after what earlier
// calls have found.
func (l *Lab) Await(ctx context.Context, name, text string) error {
	p, err := l.program(name)
	if err != nil {
		return err
	}
	return p.await(ctx, text)
}

// Say types a line to the host's program.
func (l *Lab) Say(ctx context.Context, name, text string) error {
	p, err := l.program(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	return p.say(ctx, text)
}

// CloseProgram ends the input of the host's program and waits until it has
// ended. Its exit code does not matter: what it did is judged on the wire.
func (l *Lab) CloseProgram(ctx context.Context, name string) error {
	p, err := l.program(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	if err := p.leave(ctx); err != nil {
		return err
	}
	p.stop()
	delete(l.programs, name)
	return nil
}

// Run runs a command that ends and waits for it; an exit code other than 0 is
// an error that shows what it printed.
func (l *Lab) Run(ctx context.Context, name string, args ...string) (output string, err error) {
	host, err := l.host(name)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	out := newTranscript()
	code, err := execute(ctx, host, Cmd{Args: args, Env: scriptEnv, Stdout: out, Stderr: out})
	command := name + ": " + strings.Join(args, " ")
	if err != nil {
		return out.String(), fmt.Errorf("%s: %w", command, err)
	}
	if code != 0 {
		return out.String(), fmt.Errorf("%s: exit code %d:\n%s", command, code, indent(out.String()))
	}
	return out.String(), nil
}

// Settle sets a barrier: it returns when every host's sockets are quiet and a
// marker that each host sent after that has been captured. What was sent
// before it is in the capture before the marker. The error is an *Unsettled
// that names the socket or the marker that was awaited.
func (l *Lab) Settle(ctx context.Context, label string) error {
	if !ValidLabel(label) || label == startLabel || label == learnLabel {
		return fmt.Errorf("label %q: want a lower-case letter, then letters, digits or '-', and not the lab's own", label)
	}
	return l.settle(ctx, label)
}

func (l *Lab) settle(ctx context.Context, label string) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := l.quiet(ctx); err != nil {
		return &Unsettled{label, err.Error()}
	}
	if err := l.mark(ctx, label); err != nil {
		return &Unsettled{label, err.Error()}
	}
	if err := l.capture.awaitMarkers(ctx, label, l.Topology.Judged()); err != nil {
		return &Unsettled{label, err.Error()}
	}
	return nil
}

// quiet waits until every host is quiet at one and the same look: while one
// was waited for, another may have had something to answer.
func (l *Lab) quiet(ctx context.Context) error {
	for {
		deadline, _ := ctx.Deadline()
		// A little less, so that the host's own answer, which names the
		// socket, comes before this context ends.
		patience := max(0, time.Until(deadline)-500*time.Millisecond)
		if err := l.ask(ctx, "quiet "+patience.Round(time.Millisecond).String(), "quiet"); err != nil {
			return err
		}
		err := l.ask(ctx, "quiet 0s", "quiet")
		if busy, ok := errors.AsType[*unexpectedAnswer](err); !ok || !strings.HasPrefix(busy.answer, "busy ") || patience == 0 {
			return err
		}
	}
}

// unexpectedAnswer is what a host's agent said in place of what was awaited.
type unexpectedAnswer struct{ host, answer string }

func (u *unexpectedAnswer) Error() string { return u.host + ": " + safetext.Escape(u.answer) }

func (l *Lab) mark(ctx context.Context, label string) error {
	return l.ask(ctx, "mark "+label, "marked "+label)
}

// ask puts a question to every host's agent.
func (l *Lab) ask(ctx context.Context, question, want string) error {
	return l.everyHost(func(host Host) error {
		answer, err := l.agents[host.Name()].ask(ctx, question)
		if err == nil && answer != want {
			err = &unexpectedAnswer{host.Name(), answer}
		}
		return err
	})
}

// SetMode makes the segment a hub or a switch and returns when it is one.
func (l *Lab) SetMode(ctx context.Context, mode Mode) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	segment := l.network.Segment(DefaultSegment)
	if err := segment.SetMode(ctx, mode); err != nil || mode != Switch {
		return err
	}
	if err := l.mark(ctx, learnLabel); err != nil {
		return err
	}
	return segment.AwaitLearnt(ctx)
}

// FreshARP empties a host's neighbour cache.
func (l *Lab) FreshARP(ctx context.Context, name string) error {
	host, err := l.host(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	return host.FlushNeighbours(ctx)
}

// Finish stops the capture and returns it whole. The lab can only be closed
// after that. With an error the record is what was captured, which may not be
// all.
func (l *Lab) Finish(ctx context.Context) (*Record, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	packets, stats, err := l.capture.finish(ctx)
	r := &Record{Packets: packets, Hosts: sniffer.Names{}, Statistics: stats}
	for _, name := range l.Topology.Hosts {
		for _, port := range l.network.Host(name).Ports() {
			for _, prefix := range port.Addrs {
				r.Hosts[prefix.Addr()] = name
			}
		}
	}
	return r, err
}

// Close ends every program and removes the lab.
func (l *Lab) Close() error {
	for _, p := range l.programs {
		p.stop()
	}
	if l.capture != nil {
		l.capture.close()
	}
	for _, a := range l.agents {
		a.close()
	}
	return l.network.Close()
}
