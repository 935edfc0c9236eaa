package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	vnetns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/internal/rtnl"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/segment"
)

// wire is the segments and the hosts: a bridge for each segment in the lab process's
// own network namespace, and a namespace for each host.
type wire struct {
	root     int      // descriptor of the lab process's network namespace
	segments []string // their names; the bridges are bridgeName's
	hosts    []*host
	since    time.Time // when every port was up

	topology  lab.Topology
	impairing sync.Mutex // of cables
	cables    cables
}

// addrGenNone keeps an interface from making an IPv6 link-local address,
// and so from sending anything by itself (IN6_ADDR_GEN_MODE_NONE).
const addrGenNone = 1

// bridgeName is the bridge of the i-th segment.
func bridgeName(i int) string { return fmt.Sprintf("br%d", i) }

// portName is the machine's end of the cable of the i-th host's n-th device.
func portName(i, n int) string {
	if n == 0 {
		return fmt.Sprintf("port%d", i)
	}
	return fmt.Sprintf("port%d-%d", i, n)
}

func newWire(ctx context.Context, t lab.Topology) (*wire, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	if t.HasIPv6() {
		if err := setIPv6("conf/all/forwarding", "0"); err != nil { // told before anything is made
			return nil, err
		}
	}
	root, err := threadNamespace()
	if err != nil {
		return nil, err
	}
	w := &wire{root: root, topology: t, segments: t.SegmentNames()}
	bridges := map[string]netlink.Link{}
	for i, name := range w.segments {
		if bridges[name], err = makeBridge(ctx, bridgeName(i)); err != nil {
			return nil, fmt.Errorf("segment %s: %w", name, err)
		}
	}
	// Hosts get socket tables of their own, and small ones: looking whether a
	// host's sockets are quiet walks its whole table, and the machine's, which
	// a namespace shares by default, has hundreds of thousands of buckets
	// (Linux 6.1, ip-sysctl).
	for _, table := range []string{"tcp_child_ehash_entries", "udp_child_hash_entries"} {
		if err := setSysctl("net/ipv4/"+table, "256"); err != nil {
			return nil, err
		}
	}
	ports := 0
	for i, name := range t.Hosts {
		h := newHost(t, name)
		if err := w.addHost(h, i, bridges); err != nil {
			return nil, fmt.Errorf("host %s: %w", name, err)
		}
		w.hosts = append(w.hosts, h)
		ports += len(h.ports)
	}
	if err = awaitPorts(ctx, ports); err == nil {
		err = w.awaitReports(ctx)
	}
	w.since = time.Now()
	return w, err
}

// makeBridge makes a bridge that is a hub.
func makeBridge(ctx context.Context, name string) (netlink.Link, error) {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return nil, fmt.Errorf("make the bridge: %w", err)
	}
	opened, err := segment.Open(name)
	if err != nil {
		return nil, err
	}
	if err := opened.SetMode(ctx, lab.Hub); err != nil {
		return nil, err
	}
	if err := netlink.LinkSetIP6AddrGenMode(bridge, addrGenNone); err != nil {
		return nil, fmt.Errorf("silence the bridge: %w", err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return nil, fmt.Errorf("bridge up: %w", err)
	}
	return bridge, nil
}

// addHost makes the i-th host and plugs its cables in.
func (w *wire) addHost(h *host, i int, bridges map[string]netlink.Link) error {
	err := onOwnThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		if h.ns, err = threadNamespace(); err != nil {
			return err
		}
		return h.configure(i, w.root)
	})
	if err != nil {
		return err
	}
	for n, p := range h.ports {
		if err := plugIn(portName(i, n), bridges[p.Segment]); err != nil {
			return err
		}
	}
	return nil
}

// plugIn makes an interface a port of a bridge.
func plugIn(port string, bridge netlink.Link) error {
	link, err := netlink.LinkByName(port)
	if err != nil {
		return fmt.Errorf("port: %w", err)
	}
	if err := netlink.LinkSetIP6AddrGenMode(link, addrGenNone); err != nil {
		return fmt.Errorf("silence the port: %w", err)
	}
	if err := offloadsOff(link); err != nil {
		return err
	}
	if err := netlink.LinkSetMaster(link, bridge); err != nil {
		return fmt.Errorf("port to the bridge: %w", err)
	}
	return netlink.LinkSetUp(link)
}

// awaitPorts waits until every port of the bridges forwards.
func awaitPorts(ctx context.Context, ports int) error {
	up := 0
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
func (w *wire) bridge(name string) (*segment.Bridge, error) {
	i := slices.Index(w.segments, name)
	if i < 0 {
		return nil, i18n.Errmsg("lab.segment.unknown", "Segment", name, "Hint", suggest.Hint(name, w.segments), "Known", w.segments)
	}
	return segment.Open(bridgeName(i))
}

func (w *wire) setMode(ctx context.Context, name string, mode lab.Mode) error {
	bridge, err := w.bridge(name)
	if err != nil {
		return err
	}
	return bridge.SetMode(ctx, mode)
}

func (w *wire) awaitLearnt(ctx context.Context, name string) error {
	var macs []net.HardwareAddr
	for _, h := range w.hosts {
		for _, p := range h.ports {
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

// describe says what the lab has. The machine's ports are the bridges and its
// ends of the hosts' cables.
func (w *wire) describe() (reply, error) {
	answer := reply{Since: w.since}
	for _, name := range w.segments {
		bridge, err := w.bridge(name)
		if err != nil {
			return reply{}, err
		}
		machine, err := bridge.MachinePorts()
		if err != nil {
			return reply{}, err
		}
		answer.Segments = append(answer.Segments, segmentInfo{name, bridge.Mode(), machine})
	}
	for _, h := range w.hosts {
		answer.Hosts = append(answer.Hosts, hostInfo{h.name, h.ports})
	}
	return answer, nil
}

// order is that of the hosts' names.
func (w *wire) order() []string {
	var names []string
	for _, h := range w.hosts {
		names = append(names, h.name)
	}
	return names
}

func (w *wire) host(name string) (*host, error) {
	i := slices.IndexFunc(w.hosts, func(h *host) bool { return h.name == name })
	if i < 0 {
		return nil, i18n.Errmsg("lab.nohost", "Host", name, "Hint", suggest.Hint(name, w.order()), "Known", w.order())
	}
	return w.hosts[i], nil
}

// onOwnThread calls f on an OS thread that nothing else runs on, and ends the
// thread after it: one that changed its namespaces is of no other use.
func onOwnThread(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		result <- f()
	}()
	return <-result
}

// threadNamespace opens the network namespace of the calling thread. By
// /proc/thread-self, since in a new PID namespace under the old /proc a path
// with a process id would name another process.
func threadNamespace() (int, error) {
	ns, err := vnetns.GetFromPath("/proc/thread-self/ns/net")
	if err != nil {
		return -1, fmt.Errorf("open the thread's network namespace: %w", err)
	}
	return int(ns), nil
}
