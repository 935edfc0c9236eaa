package docker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/moby/moby/client"

	"wirelab/internal/hostnames"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// network is a run that is up: hosts on segments.
type network struct {
	run      *run
	hosts    map[string]*host
	segments map[string]lab.Segment
	wire     *wire.Client // of a lab that is all its own

	restore func() error // undoes what was changed of other people's; nil for nothing

	stopWatch func() bool // stops waiting for the end of Up's context
	watching  sync.Mutex  // guards stopWatch
	once      sync.Once
	closeErr  error
}

var (
	_ lab.Network   = &network{}
	_ lab.Populated = &network{}
)

// newNetwork puts together what runs on a network of Docker's.
func newNetwork(r *run, hosts []*host, hub *host, bridge string) *network {
	n := &network{run: r, hosts: map[string]*host{}, stopWatch: func() bool { return true }}
	lan := &segment{hub: hub, bridge: bridge}
	n.segments = map[string]lab.Segment{lab.DefaultSegment: lan}
	names := hostnames.Table{}
	for _, h := range hosts {
		names[h.name] = append(names[h.name], h.ports[0].Addrs[0].Addr())
	}
	for _, h := range hosts {
		h.env = lab.Environment(h.name, names)
		n.hosts[h.name] = h
		lan.hosts = append(lan.hosts, h.ports[0].MAC)
	}
	return n
}

// createFirst creates the first container of a run, on a CPU that the others will share:
// that shows whether the daemon has it.
func (r *run) createFirst(ctx context.Context, s spec) (spec, string, error) {
	var err error
	if s.cpu, err = r.chooseCPU(ctx); err != nil {
		return s, "", err
	}
	id, err := r.create(ctx, s)
	if err != nil && strings.Contains(err.Error(), "Requested CPUs are not available") {
		// The daemon itself is confined to some of the machine's CPUs.
		s.cpu = "0"
		id, err = r.create(ctx, s)
	}
	return s, id, err
}

// createAndStart starts a container that is ready when it returns.
func (r *run) createAndStart(ctx context.Context, s spec) (string, error) {
	id, err := r.create(ctx, s)
	if err == nil {
		err = r.start(ctx, s, id)
	}
	if err == nil || s.probes || !strings.Contains(err.Error(), "sysctl") {
		return id, err
	}
	// This daemon does not set it for a device: the lab does without.
	if id != "" {
		if _, err := r.cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true}); err != nil {
			return "", err
		}
	}
	s.probes = true
	return r.createAndStart(ctx, s)
}

// Host returns the host of that name, nil if there is none.
func (n *network) Host(name string) lab.Host {
	if h, ok := n.hosts[name]; ok {
		return h
	}
	return nil
}

// Hosts implements lab.Populated.
func (n *network) Hosts() []string { return slices.Sorted(maps.Keys(n.hosts)) }

// Segment returns the segment of that name, nil if there is none.
func (n *network) Segment(name string) lab.Segment {
	if s, ok := n.segments[name]; ok {
		return s
	}
	return nil
}

// closeWith makes the lab end with ctx as it ends with Close.
func (n *network) closeWith(ctx context.Context) {
	n.watching.Lock()
	defer n.watching.Unlock()
	n.stopWatch = context.AfterFunc(ctx, func() { n.Close() })
}

// Close removes everything of the lab; a second call waits for the first and
// returns its error.
func (n *network) Close() error {
	n.once.Do(func() {
		n.watching.Lock()
		stop := n.stopWatch
		n.watching.Unlock()
		stop()
		var err error
		if n.restore != nil {
			err = n.restore()
		}
		n.closeErr = errors.Join(err, n.run.close())
	})
	return n.closeErr
}
