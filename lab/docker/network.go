package docker

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"wirelab/internal/hostnames"
	"wirelab/lab"
)

// network is a run that is up: the hosts on their segment.
type network struct {
	run   *run
	hosts map[string]*host
	lan   *segment

	stopWatch func() bool // stops waiting for the end of Up's context
	watching  sync.Mutex  // guards stopWatch
	once      sync.Once
	closeErr  error
}

var _ lab.Network = &network{}

// bringUp makes image, network and containers.
func (r *run) bringUp(ctx context.Context, topology lab.Topology) (*network, error) {
	if err := r.buildImage(ctx); err != nil {
		return nil, err
	}
	subnet, err := r.createNetwork(ctx)
	if err != nil {
		return nil, err
	}
	cpu, err := r.chooseCPU(ctx)
	if err != nil {
		return nil, err
	}
	// The hub is created first: that shows whether the daemon has that CPU.
	hub := r.hubContainer(cpu)
	hubID, err := r.create(ctx, hub)
	if err != nil && strings.Contains(err.Error(), "Requested CPUs are not available") {
		// The daemon itself is confined to some of the machine's CPUs.
		cpu = "0"
		hub = r.hubContainer(cpu)
		hubID, err = r.create(ctx, hub)
	}
	if err != nil {
		return nil, err
	}
	hosts := make([]*host, len(topology.Hosts))
	errs := make([]error, len(topology.Hosts)+1)
	var wg sync.WaitGroup
	wg.Go(func() { errs[len(hosts)] = r.start(ctx, hub, hubID) })
	for i, name := range topology.Hosts {
		wg.Go(func() {
			hosts[i], errs[i] = r.startHost(ctx, r.hostContainer(name, cpu, lab.Address(subnet, i)))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	n := &network{run: r, hosts: map[string]*host{}, stopWatch: func() bool { return true }}
	n.lan = &segment{hub: &host{run: r, name: hub.name, id: hubID}, bridge: r.bridge()}
	names := hostnames.Table{}
	for _, h := range hosts {
		names[h.name] = h.ports[0].Addrs[0].Addr()
	}
	for _, h := range hosts {
		h.env = lab.Environment(h.name, names)
		n.hosts[h.name] = h
		n.lan.hosts = append(n.lan.hosts, h.ports[0].MAC)
	}
	return n, n.lan.SetMode(ctx, lab.Hub)
}

// startHost starts the container of a host and reads its addresses.
func (r *run) startHost(ctx context.Context, s spec) (*host, error) {
	id, err := r.create(ctx, s)
	if err != nil {
		return nil, err
	}
	h := &host{run: r, name: s.name, id: id}
	return h, cmp.Or(r.start(ctx, s, id), h.readPorts(ctx))
}

// Host returns the host of that name, nil if there is none.
func (n *network) Host(name string) lab.Host {
	if h, ok := n.hosts[name]; ok {
		return h
	}
	return nil
}

// Segment returns the segment of that name, nil if there is none.
func (n *network) Segment(name string) lab.Segment {
	if name == lab.DefaultSegment {
		return n.lan
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
		n.closeErr = n.run.close()
	})
	return n.closeErr
}
