package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"wirelab/lab/agent"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// Lab is a network that is captured and on whose hosts programs are started.
// It does one thing after the other and is not safe for several goroutines.
type Lab struct {
	Topology Topology

	id       string // no other lab has it: by it the agents know its programs
	network  Network
	owned    bool // Close closes the network
	capture  *capture
	agents   map[string]*hostAgent
	programs map[string]*program // what was started and not yet closed
	started  int                 // programs so far
	over     []*program          // of this phase: what has ended, or was made to
	mode     Mode
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
	l, err := Attach(ctx, network, topology)
	if err != nil {
		return nil, errors.Join(err, network.Close())
	}
	l.owned = true
	return l, nil
}

// patience bounds a step that every host takes part in.
func (l *Lab) patience() time.Duration {
	return 10*time.Second + time.Duration(len(l.Topology.Hosts))*300*time.Millisecond
}

// attend starts an agent on every host and the capture, and sets the barrier
// that begins the first phase.
func (l *Lab) attend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	var mu sync.Mutex
	err := l.everyHost(func(host Host) error {
		a, err := startAgent(ctx, host, l.id+"-")
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
	if l.capture, err = startCapture(ctx, l.network.Host(SnifferHost), l.hosts()); err != nil {
		return err
	}
	return l.settle(ctx, trace.StartLabel)
}

// hosts says which port and which address is whose, as found.
func (l *Lab) hosts() trace.Hosts {
	hosts := trace.Hosts{Names: sniffer.Names{}, Ports: map[sniffer.MAC]string{}}
	for _, mac := range l.network.Segment(DefaultSegment).MachinePorts() {
		hosts.Ports[mac] = trace.Machine
	}
	for _, name := range l.present() {
		for _, port := range l.network.Host(name).Ports() {
			hosts.Ports[port.MAC] = name
			for _, prefix := range port.Addrs {
				hosts.Names[prefix.Addr()] = name
			}
		}
	}
	return hosts
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

// Start starts a program that keeps running; the error says why it did not
// start. A host has one at a time, to which Say, Await and CloseProgram speak.
// One that ends before it is closed makes the next barrier fail.
func (l *Lab) Start(ctx context.Context, name string, args ...string) error {
	host, err := l.host(name)
	if err != nil {
		return err
	}
	if old := l.programs[name]; old != nil {
		return fmt.Errorf("%s was not closed", old.name())
	}
	l.started++
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	p, err := startProgram(ctx, host, fmt.Sprintf("%s-%s-%d", l.id, name, l.started), args...)
	if err != nil {
		return err
	}
	l.programs[name] = p
	return nil
}

func (l *Lab) program(name string) (*program, error) {
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
// ended. An exit code other than 0 is an *ExitError.
func (l *Lab) CloseProgram(ctx context.Context, name string) error {
	p, err := l.program(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	err = p.leave(ctx)
	if p.ended() {
		delete(l.programs, name)
		l.over = append(l.over, p)
	}
	return err
}

// Run runs a command that ends and waits for it. An exit code other than 0 is
// an *ExitError.
func (l *Lab) Run(ctx context.Context, name string, args ...string) (output string, err error) {
	host, err := l.host(name)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	l.started++
	p, err := startProgram(ctx, host, fmt.Sprintf("%s-%s-%d", l.id, name, l.started), args...)
	if err != nil {
		return "", err
	}
	defer p.stop()
	l.over = append(l.over, p)
	err = p.leave(ctx)
	return p.output.String(), err
}

// Settle sets a barrier: it returns when nothing is left running of what has
// ended, every host's sockets are quiet, a marker that each host sent after that
// has been captured, and every program that was started and not closed was seen
// to run after that. What was sent before it is in the capture before the marker
// of its host. The error is an *Unsettled that names the socket, the marker or
// the program.
func (l *Lab) Settle(ctx context.Context, label string) error {
	if !trace.ValidLabel(label) || trace.ReservedLabel(label) {
		return fmt.Errorf("label %q: want a lower-case letter, then letters, digits or '-', and not the lab's own", label)
	}
	return l.settle(ctx, label)
}

func (l *Lab) settle(ctx context.Context, label string) error {
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	for _, step := range []func() error{
		l.checkPrograms,
		func() error { return l.nothingLeft(ctx) },
		func() error { return l.quiet(ctx) },
		func() error { return l.mark(ctx, label) },
		func() error { return l.capture.awaitMarkers(ctx, label, l.Topology.Judged()) },
		func() error { return l.stillRunning(ctx) },
	} {
		if err := step(); err != nil {
			return &Unsettled{label, err.Error()}
		}
	}
	return nil
}

// checkPrograms fails where a program has ended by itself.
func (l *Lab) checkPrograms() error {
	for _, name := range l.Topology.Hosts {
		if p := l.programs[name]; p != nil && p.ended() {
			return fmt.Errorf("the program was not closed, and yet %w", p.ending())
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
			return fmt.Errorf("%s has ended and left a process behind, which may send at any time", p.name())
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
			return fmt.Errorf("the program was not closed, and yet %w", p.ending())
		}
	}
	return l.checkPrograms()
}

// quiet waits until every host is quiet at one and the same look: while one
// was waited for, another may have had something to answer.
func (l *Lab) quiet(ctx context.Context) error {
	for {
		deadline, _ := ctx.Deadline()
		// A little less, so that the host's own answer, which names the
		// socket, comes before this context ends.
		left := max(0, time.Until(deadline)-500*time.Millisecond).Round(time.Millisecond)
		if err := l.ask(ctx, quietWithin(left)); err != nil {
			return err
		}
		err := l.ask(ctx, quietWithin(0))
		if _, busy := errors.AsType[*busyHost](err); !busy || left == 0 {
			return err
		}
	}
}

// busyHost says what is still under way on a host.
type busyHost struct{ what string }

func (b *busyHost) Error() string { return b.what }

func quietWithin(limit time.Duration) func(context.Context, *agent.Client) error {
	return func(ctx context.Context, c *agent.Client) error {
		what, err := c.Quiet(ctx, limit)
		if err == nil && what != "" {
			err = &busyHost{what}
		}
		return err
	}
}

func (l *Lab) mark(ctx context.Context, label string) error {
	return l.ask(ctx, func(ctx context.Context, c *agent.Client) error { return c.Mark(ctx, label) })
}

// ask asks every host's agent.
func (l *Lab) ask(ctx context.Context, question func(context.Context, *agent.Client) error) error {
	return l.everyHost(func(host Host) error {
		a := l.agents[host.Name()]
		return a.explain(question(ctx, a.client))
	})
}

// SetMode makes the segment a hub or a switch and returns when it is one. A
// marker from every host tells so in the capture.
func (l *Lab) SetMode(ctx context.Context, mode Mode) error {
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	segment := l.network.Segment(DefaultSegment)
	if err := segment.SetMode(ctx, mode); err != nil {
		return err
	}
	l.mode = mode
	if mode == Hub {
		return l.mark(ctx, trace.FloodLabel)
	}
	// The switch learns its ports from these very frames.
	if err := l.mark(ctx, trace.LearnLabel); err != nil {
		return err
	}
	l.learnOthers(ctx)
	return segment.AwaitLearnt(ctx)
}

// FlushNeighbours empties a host's neighbour (ARP) cache.
func (l *Lab) FlushNeighbours(ctx context.Context, name string) error {
	host, err := l.host(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	return host.FlushNeighbours(ctx)
}

// View calls do with what has been captured so far, which must not be kept.
func (l *Lab) View(do func(*trace.Recording)) { l.capture.view(do) }

// Finish stops the capture and returns it whole. The lab can only be closed
// after that. With an error the recording is what was captured, which may not
// be all.
func (l *Lab) Finish(ctx context.Context) (*trace.Recording, error) {
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	return l.capture.finish(ctx)
}

// Close ends every program and, if Open brought it up, removes the network. A
// network that was attached to is a hub again.
func (l *Lab) Close() error {
	var all error
	for _, p := range l.programs {
		p.stop()
	}
	if l.capture != nil {
		l.capture.close()
	}
	if !l.owned && l.mode == Switch {
		ctx, cancel := context.WithTimeout(context.Background(), l.patience())
		defer cancel()
		all = l.network.Segment(DefaultSegment).SetMode(ctx, Hub)
	}
	for _, a := range l.agents {
		a.close()
	}
	if l.owned {
		all = errors.Join(all, l.network.Close())
	}
	return all
}
