package docker

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/moby/moby/client"

	"wirelab/internal/hostnames"
	"wirelab/lab"
)

// network is a run that is up: the hosts on their segment.
type network struct {
	run   *run
	hosts map[string]*host
	lan   *segment

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

// bringUp makes image, network and containers.
func (r *run) bringUp(ctx context.Context, topology lab.Topology) (*network, error) {
	r.hosts = len(topology.Hosts)
	var subnet netip.Prefix
	var imageErr, networkErr error
	var made sync.WaitGroup
	made.Go(func() { imageErr = r.buildImage(ctx) })
	made.Go(func() { subnet, networkErr = r.createNetwork(ctx) })
	made.Wait()
	if err := errors.Join(imageErr, networkErr, ctx.Err()); err != nil {
		return nil, err
	}
	hub, hubID, err := r.createHub(ctx, r.bridge(), false)
	if err != nil {
		return nil, err
	}
	hosts := make([]*host, len(topology.Hosts))
	errs := make([]error, len(topology.Hosts)+1)
	var wg sync.WaitGroup
	wg.Go(func() { errs[len(hosts)] = r.start(ctx, hub, hubID) })
	for i, name := range topology.Hosts {
		wg.Go(func() {
			hosts[i], errs[i] = r.startHost(ctx, r.hostContainer(name, hub.cpu, lab.Address(subnet, i)))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	n := newNetwork(r, hosts, &host{run: r, name: hub.name, id: hubID}, r.bridge())
	return n, n.lan.SetMode(ctx, lab.Hub)
}

// newNetwork puts together what runs.
func newNetwork(r *run, hosts []*host, hub *host, bridge string) *network {
	n := &network{run: r, hosts: map[string]*host{}, stopWatch: func() bool { return true }}
	n.lan = &segment{hub: hub, bridge: bridge}
	names := hostnames.Table{}
	for _, h := range hosts {
		names[h.name] = append(names[h.name], h.ports[0].Addrs[0].Addr())
	}
	for _, h := range hosts {
		h.env = lab.Environment(h.name, names)
		n.hosts[h.name] = h
		n.lan.hosts = append(n.lan.hosts, h.ports[0].MAC)
	}
	return n
}

// createHub creates the container that governs a bridge. It is the first, on a
// CPU that the others will share: that shows whether the daemon has it.
func (r *run) createHub(ctx context.Context, bridge string, restores bool) (spec, string, error) {
	cpu, err := r.chooseCPU(ctx)
	if err != nil {
		return spec{}, "", err
	}
	hub := r.hubContainer(cpu, bridge)
	hub.restores = restores
	id, err := r.create(ctx, hub)
	if err != nil && strings.Contains(err.Error(), "Requested CPUs are not available") {
		// The daemon itself is confined to some of the machine's CPUs.
		hub.cpu = "0"
		id, err = r.create(ctx, hub)
	}
	return hub, id, err
}

// startHost starts the container of a host and reads its addresses.
func (r *run) startHost(ctx context.Context, s spec) (*host, error) {
	id, err := r.createAndStart(ctx, s)
	if err != nil {
		return nil, err
	}
	ports, err := r.readPorts(ctx, s.name, id, s.lan)
	return &host{run: r, name: s.name, id: id, ports: ports}, err
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
		var err error
		if n.restore != nil {
			err = n.restore()
		}
		n.closeErr = errors.Join(err, n.run.close())
	})
	return n.closeErr
}
