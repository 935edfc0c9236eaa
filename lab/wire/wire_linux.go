package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/internal/rtnl"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/segment"
)

// Wire is the segments of a lab and the machine's ends of the hosts' cables. Its methods
// may be called from several goroutines at once, whose threads are in the network namespace
// in which it was made.
type Wire struct {
	topology  lab.Topology
	segments  []string // their names; the bridges are bridgeName's
	bridges   []int    // their indices
	impairing sync.Mutex
	cables    cables
}

// bridgeName is the bridge of the i-th segment.
func bridgeName(i int) string { return fmt.Sprintf("br%d", i) }

// portName is the machine's end of the cable of the i-th host's n-th device.
func portName(i, n int) string {
	if n == 0 {
		return fmt.Sprintf("port%d", i)
	}
	return fmt.Sprintf("port%d-%d", i, n)
}

// New makes the segments of a topology, which are hubs.
func New(ctx context.Context, t lab.Topology) (*Wire, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	w := &Wire{topology: t, segments: t.SegmentNames()}
	for i, name := range w.segments {
		index, err := makeBridge(ctx, bridgeName(i))
		if err != nil {
			return nil, fmt.Errorf("segment %s: %w", name, err)
		}
		w.bridges = append(w.bridges, index)
	}
	return w, nil
}

// makeBridge makes a bridge that is a hub, and returns its index.
func makeBridge(ctx context.Context, name string) (index int, err error) {
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}); err != nil {
		return 0, fmt.Errorf("make the bridge: %w", err)
	}
	opened, err := segment.Open(name)
	if err != nil {
		return 0, err
	}
	if err := opened.SetMode(ctx, lab.Hub); err != nil {
		return 0, err
	}
	return opened.Index(), ask(func(kernel *rtnl.Conn) error {
		kernel.Queue("silence the bridge", silence(name))
		kernel.Queue("bridge up", up(name))
		return nil
	})
}

// ask has the kernel carry out what queue adds.
func ask(queue func(*rtnl.Conn) error) error {
	kernel, err := rtnl.Open()
	if err != nil {
		return err
	}
	defer kernel.Close()
	if err := queue(kernel); err != nil {
		return err
	}
	return kernel.Flush()
}

// PlugIn makes the machine's ends of a host's cables, which the host has made (Host.Make),
// ports of the bridges.
func (w *Wire) PlugIn(host string) error {
	i := slices.Index(w.topology.Hosts, host)
	if i < 0 {
		return fmt.Errorf("no host %q", host)
	}
	return ask(func(kernel *rtnl.Conn) error {
		for n, p := range w.topology.Ports(host) {
			port := portName(i, n)
			if err := segment.OffloadsOff(port); err != nil {
				return err
			}
			kernel.Queue("silence "+port, silence(port))
			kernel.Queue(port+" to the bridge", plug(port, w.bridges[slices.Index(w.segments, p.Segment)]))
		}
		return nil
	})
}

// AwaitPorts waits until every port of every host forwards.
func (w *Wire) AwaitPorts(ctx context.Context) error {
	ports, up := 0, 0
	for _, host := range w.topology.Hosts {
		ports += len(w.topology.On(host))
	}
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		links, err := rtnl.Dump(netlink.LinkList)
		up = 0
		for _, l := range links {
			if a := l.Attrs(); a.MasterIndex != 0 && a.OperState == netlink.OperUp {
				up++
			}
		}
		return up == ports, err
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%d of %d ports are up: %w", up, ports, err)
	}
	return err
}

// bridge opens the bridge of a segment.
func (w *Wire) bridge(name string) (*segment.Bridge, error) {
	i := slices.Index(w.segments, name)
	if i < 0 {
		return nil, i18n.Errmsg("lab.segment.unknown", "Segment", name, "Hint", suggest.Hint(name, w.segments), "Known", w.segments)
	}
	return segment.Open(bridgeName(i))
}

// SetMode sets the mode of a segment, as lab.Segment does.
func (w *Wire) SetMode(ctx context.Context, name string, mode lab.Mode) error {
	bridge, err := w.bridge(name)
	if err != nil {
		return err
	}
	return bridge.SetMode(ctx, mode)
}

// AwaitLearnt waits until a segment's bridge has learnt the port of every host.
func (w *Wire) AwaitLearnt(ctx context.Context, name string) error {
	var macs []net.HardwareAddr
	for _, h := range w.topology.Hosts {
		for _, p := range w.topology.Ports(h) {
			if p.Segment == name {
				macs = append(macs, p.MAC[:])
			}
		}
	}
	bridge, err := w.bridge(name)
	if err != nil {
		return err
	}
	return bridge.AwaitLearnt(ctx, macs)
}

// Segments describes the segments. The machine's ports are the bridges and its ends of
// the hosts' cables.
func (w *Wire) Segments() (all []Segment, err error) {
	for _, name := range w.segments {
		bridge, err := w.bridge(name)
		if err != nil {
			return nil, err
		}
		machine, err := bridge.MachinePorts()
		if err != nil {
			return nil, err
		}
		all = append(all, Segment{name, bridge.Mode(), machine})
	}
	return all, nil
}
