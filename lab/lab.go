package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// Lab is a network that is captured, and on whose hosts programs run. Its methods must not
// be called from several goroutines at once.
type Lab struct {
	// Topology is what the lab was opened with. It must not be changed.
	Topology Topology

	id       string // no other lab has it: by it the agents know its programs
	network  Network
	owned    bool // Close closes the network
	capture  *capture
	agents   map[string]*hostAgent
	programs map[string]*program // what was started and not yet closed
	started  int                 // programs so far
	over     []*program          // of this phase: what has ended, or was made to
	modes    map[string]Mode     // of segments, where one was set
	transits int                 // markers that routers were waited for with, of each host
	impaired bool                // at least once
	acts     int                 // of impairments that the recording knows
}

// Open brings a lab up. It returns when the capture runs and has a marker from every host,
// so that the wire is known to work. The caller closes the lab. The errors are those of
// Topology.Validate and Backend.Up, and an *Unsettled if a marker is missing. ctx must not
// end before the lab is closed: the network may end with it.
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
	err := l.startAgents(ctx)
	if err != nil {
		return err
	}
	if l.capture, err = startCapture(ctx, l.network.Host(SnifferHost), l.captured(), l.hosts()); err != nil {
		return err
	}
	return l.settle(ctx, trace.StartLabel)
}

func (l *Lab) startAgents(ctx context.Context) error {
	var mu sync.Mutex
	return l.everyHost(func(host Host) error {
		a, err := startAgent(ctx, host, l.id+"-")
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		l.agents[host.Name()] = a
		return nil
	})
}

// captured is the interface on which the sniffer captures: its port on the one segment,
// or all. One socket on all keeps the order in which the kernel has seen the frames of
// several.
func (l *Lab) captured() string {
	segments := l.Topology.SegmentNames()
	if len(segments) == 1 {
		for _, port := range l.network.Host(SnifferHost).Ports() {
			if port.Segment == segments[0] {
				return port.Device
			}
		}
	}
	return "any"
}

// hosts says which port and which address is whose, and where, as found.
func (l *Lab) hosts() trace.Hosts {
	hosts := l.Topology.TraceHosts()
	hosts.Names, hosts.Ports = sniffer.Names{}, map[sniffer.MAC]string{}
	hosts.Devices, hosts.PortOn, hosts.AddrOn = map[string]string{}, map[sniffer.MAC]int{}, map[netip.Addr]int{}
	segments := l.Topology.SegmentNames()
	for _, name := range segments {
		for _, mac := range l.network.Segment(name).MachinePorts() {
			hosts.Ports[mac] = trace.Machine
		}
	}
	for _, name := range l.present() {
		for _, port := range l.network.Host(name).Ports() {
			hosts.Ports[port.MAC] = name
			on := slices.Index(segments, port.Segment)
			if name == SnifferHost {
				hosts.Devices[port.Device] = port.Segment
			} else if on >= 0 {
				hosts.PortOn[port.MAC] = on
			}
			for _, prefix := range port.Addrs {
				hosts.Names[prefix.Addr()] = name
				if on >= 0 {
					hosts.AddrOn[prefix.Addr()] = on
				}
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
	known := l.there()
	return nil, i18n.Errmsg("lab.nohost", "Host", name, "Hint", suggest.Hint(name, known), "Known", known)
}

// Start starts a program that keeps running on the host of a name. args is the command
// line, as in Cmd. A host has one such program at a time, which Say, Await and
// CloseProgram are about. A program that ends before it is closed makes the next Settle
// fail.
func (l *Lab) Start(ctx context.Context, name string, args ...string) error {
	if old := l.programs[name]; old != nil {
		return i18n.Errmsg("lab.process.stillopen", "Command", old.name())
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	p, err := l.launch(ctx, name, args...)
	if err != nil {
		return err
	}
	l.programs[name] = p
	return nil
}

// launch starts a program on a host, with an id that no other has.
func (l *Lab) launch(ctx context.Context, name string, args ...string) (*program, error) {
	host, err := l.host(name)
	if err != nil {
		return nil, err
	}
	l.started++
	return startProgram(ctx, host, fmt.Sprintf("%s-%s-%d", l.id, name, l.started), args...)
}

func (l *Lab) program(name string) (*program, error) {
	if p := l.programs[name]; p != nil {
		return p, nil
	}
	return nil, i18n.Errmsg("lab.process.nothing", "Host", name)
}

// Await waits until the host's program has printed text, on standard output or standard
// error, after what earlier calls have found. It waits at most 10 seconds. Of the output
// the last MiB is searched.
func (l *Lab) Await(ctx context.Context, name, text string) error {
	p, err := l.program(name)
	if err != nil {
		return err
	}
	return p.await(ctx, text)
}

// Say writes a line to the standard input of the host's program.
func (l *Lab) Say(ctx context.Context, name, text string) error {
	p, err := l.program(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	return p.say(ctx, text)
}

// CloseProgram closes the standard input of the host's program and waits at most 10
// seconds until it has ended. The error is an *ExitError if its exit code is not 0.
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

// Run runs a command on the host of a name with an empty input, and waits at most 60
// seconds until it has ended. args is the command line, as in Cmd. Run returns the last
// MiB of what the command printed on standard output and standard error, also with an
// error. The error is an *ExitError if the exit code is not 0.
func (l *Lab) Run(ctx context.Context, name string, args ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	p, err := l.launch(ctx, name, args...)
	if err != nil {
		return "", err
	}
	defer p.stop()
	l.over = append(l.over, p)
	err = p.leave(ctx)
	return p.output.String(), err
}

// SetMode makes the named segments, or all if none is named, hubs or switches. It returns
// when they are. A marker from every host on them records the change in the capture.
func (l *Lab) SetMode(ctx context.Context, mode Mode, segments ...string) error {
	known := l.Topology.SegmentNames()
	if len(segments) == 0 {
		segments = known
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	for _, name := range segments {
		if !slices.Contains(known, name) {
			return i18n.Errmsg("lab.segment.unknown", "Segment", name, "Hint", suggest.Hint(name, known), "Known", known)
		}
		if err := l.network.Segment(name).SetMode(ctx, mode); err != nil {
			return err
		}
		l.modes[name] = mode
	}
	if mode == Hub {
		return l.markOn(ctx, trace.FloodLabel, segments)
	}
	// A switch learns its ports from these very frames.
	if err := l.markOn(ctx, trace.LearnLabel, segments); err != nil {
		return err
	}
	l.learnOthers(ctx, segments)
	for _, name := range segments {
		if err := l.network.Segment(name).AwaitLearnt(ctx); err != nil {
			return err
		}
	}
	return nil
}

// FlushNeighbours empties the neighbour cache (ARP and NDP) of the host of a name.
func (l *Lab) FlushNeighbours(ctx context.Context, name string) error {
	host, err := l.host(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	return host.FlushNeighbours(ctx)
}

// View calls do with the recording of what was captured so far. do must not keep or change
// it. Capturing waits until do returns.
func (l *Lab) View(do func(*trace.Recording)) { l.capture.view(do) }

// Changed returns a channel that is closed when the next packet is captured, and at the
// end of the capture.
func (l *Lab) Changed() <-chan struct{} { return l.capture.change() }

// Finish stops the capture and returns it with what the kernel counted. After that, only
// Close may be called. With an error, the recording may lack frames.
func (l *Lab) Finish(ctx context.Context) (*trace.Recording, error) {
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	// Before the capture is given away: what it lacks then is not captured.
	learnt := l.learnFaults(ctx)
	recording, err := l.capture.finish(ctx)
	return recording, errors.Join(err, learnt)
}

// Close ends every program. If Open brought the network up, Close removes it. If the lab
// was attached to it, Close lifts the lab's impairments and makes its segments hubs again.
func (l *Lab) Close() error {
	var all error
	for _, p := range l.programs {
		p.stop()
	}
	if l.capture != nil {
		l.capture.close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.patience())
	defer cancel()
	if !l.owned && l.impaired {
		all = l.network.(Impairer).Mend(ctx, "")
	}
	for name, mode := range l.modes {
		if l.owned || mode != Switch {
			continue
		}
		all = errors.Join(all, l.network.Segment(name).SetMode(ctx, Hub))
	}
	for _, a := range l.agents {
		a.close()
	}
	if l.owned {
		all = errors.Join(all, l.network.Close())
	}
	return all
}
