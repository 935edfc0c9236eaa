package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/lab"
	"wirelab/lab/fault"
	"wirelab/lab/wire"
	"wirelab/sniffer"
)

// joinSocket is where hosts join the wire: /dev/shm is the containers' common memory
// (--ipc container:ID), and the one place that they share.
const joinSocket = "/dev/shm/wirelab.sock"

// bringUp makes image, wire and hosts; middle is the container that has the wire.
func (r *run) bringUp(ctx context.Context, t lab.Topology, middle spec) (*network, error) {
	r.hosts = len(t.Hosts)
	if err := errors.Join(r.buildImage(ctx), ctx.Err()); err != nil {
		return nil, err
	}
	first, id, err := r.createFirst(ctx, middle)
	if err != nil {
		return nil, err
	}
	w, err := r.startWire(ctx, id)
	if err != nil {
		return nil, err
	}
	making, cancel := context.WithTimeout(ctx, r.patience())
	defer cancel()
	if err := w.Make(making, t); err != nil {
		return nil, cannotMake(err)
	}
	n := &network{run: r, wire: w, hosts: map[string]*host{}, segments: map[string]lab.Segment{}, stopWatch: func() bool { return true }}
	errs := make([]error, len(t.Hosts))
	var starting sync.WaitGroup
	for i, name := range t.Hosts {
		h := newHost(r, t, name)
		n.hosts[name] = h
		starting.Go(func() {
			s := r.hostContainer(t, name, id, first.cpu)
			if h.id, errs[i] = r.create(ctx, s); errs[i] == nil {
				errs[i] = withoutIPv6(t, r.start(ctx, s, h.id))
			}
		})
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, cannotMake(err)
	}
	found, err := w.Segments(making)
	if err != nil {
		return nil, err
	}
	for _, s := range found {
		n.segments[s.Name] = &ownSegment{w, s.Name, s.Machine}
	}
	return n, nil
}

// newHost plans a host of a lab that is all its own. Its commands are nobody's, but for
// those of the sniffer.
func newHost(r *run, t lab.Topology, name string) *host {
	h := &host{run: r, name: name, user: nobody, ports: t.Ports(name), env: lab.Environment(name, t.Names(name))}
	if name == lab.SnifferHost {
		h.user = root
	}
	return h
}

// startWire starts the wire's container and speaks to its first process from then on,
// until the run is closed.
func (r *run) startWire(ctx context.Context, id string) (*wire.Client, error) {
	attached, err := r.cli.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("attach to the wire: %w", err)
	}
	answers, w := io.Pipe()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		var said bytes.Buffer // a process that is not well says why
		_, err := stdcopy.StdCopy(w, &said, attached.Reader)
		if said.Len() > 0 {
			err = errors.New(strings.TrimSpace(said.String()))
		}
		w.CloseWithError(err)
	}()
	r.hangUp = func() {
		attached.Close()
		answers.Close()
		<-copied
	}
	if _, err := r.cli.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return nil, fmt.Errorf("start the wire: %w", err)
	}
	return wire.NewClient(attached.Conn, answers), nil
}

// unavailableHere says that the daemon's machine has not what a lab takes.
func unavailableHere(cause i18n.Message) *lab.Unavailable {
	return &lab.Unavailable{
		What: i18n.Verbatim(backendName), Cause: cause,
		Advice: []i18n.Message{i18n.Verbatim(self.Command() + " run --backend netns")},
	}
}

// cannotMake tells a kernel that has not what a wire is made of, or forbids it.
func cannotMake(err error) error {
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.EOPNOTSUPP, syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT} {
		if errors.Is(err, errno) {
			return unavailableHere(i18n.Msg("docker.wire", "Cause", err))
		}
	}
	return err
}

// withoutIPv6 tells a daemon whose kernel has no IPv6: its settings are those of files
// that are not there.
func withoutIPv6(t lab.Topology, err error) error {
	if err != nil && t.HasIPv6() && strings.Contains(err.Error(), "/proc/sys/net/ipv6") {
		u := unavailableHere(i18n.Msg("docker.ipv6", "Cause", err))
		u.Advice = append(u.Advice, i18n.Msg("docker.advice.ipv4"))
		return u
	}
	return err
}

// ownNetwork is a network whose segments are the lab's own, and so are the cables.
type ownNetwork struct{ *network }

var (
	_ lab.Network  = &ownNetwork{}
	_ lab.Impairer = &ownNetwork{}
)

// Impair implements lab.Impairer.
func (n *ownNetwork) Impair(ctx context.Context, rule fault.Rule) error {
	return cannotMake(n.wire.Impair(ctx, rule))
}

// Mend implements lab.Impairer.
func (n *ownNetwork) Mend(ctx context.Context, name string) error { return n.wire.Mend(ctx, name) }

// Faults implements lab.Impairer.
func (n *ownNetwork) Faults(ctx context.Context, after int) (fault.Report, error) {
	return n.wire.Faults(ctx, after)
}

// ownSegment is a bridge in the wire's container.
type ownSegment struct {
	wire    *wire.Client
	name    string
	machine []sniffer.MAC
}

var _ lab.Segment = &ownSegment{}

// SetMode implements lab.Segment.
func (s *ownSegment) SetMode(ctx context.Context, mode lab.Mode) error {
	return s.wire.SetMode(ctx, s.name, mode)
}

// AwaitLearnt implements lab.Segment.
func (s *ownSegment) AwaitLearnt(ctx context.Context) error { return s.wire.AwaitLearnt(ctx, s.name) }

// MachinePorts implements lab.Segment.
func (s *ownSegment) MachinePorts() []sniffer.MAC { return s.machine }
