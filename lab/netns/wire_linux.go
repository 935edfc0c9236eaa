package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
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

// wire is the segment: a bridge in the lab process's own network namespace and
// a namespace for each host.
type wire struct {
	root  int // descriptor of the lab process's network namespace
	hosts []*host
	since time.Time // when every port was up
}

const (
	bridgeName = "br0"
	deviceName = "eth0"
	// addrGenNone keeps an interface from making an IPv6 link-local address,
	// and so from sending anything by itself (IN6_ADDR_GEN_MODE_NONE).
	addrGenNone = 1
)

func newWire(ctx context.Context, t lab.Topology) (*wire, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	root, err := threadNamespace()
	if err != nil {
		return nil, err
	}
	w := &wire{root: root}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return nil, fmt.Errorf("make the bridge: %w", err)
	}
	if err := w.setMode(ctx, lab.Hub); err != nil {
		return nil, err
	}
	if err := netlink.LinkSetIP6AddrGenMode(bridge, addrGenNone); err != nil {
		return nil, fmt.Errorf("silence the bridge: %w", err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return nil, fmt.Errorf("bridge up: %w", err)
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
	for i, name := range t.Hosts {
		h := &host{name: name, prefix: netip.PrefixFrom(lab.Address(subnet, i), subnet.Bits()), mac: lab.HardwareAddress(i)}
		port := fmt.Sprintf("port%d", i)
		if err := w.addHost(h, port, bridge); err != nil {
			return nil, fmt.Errorf("host %s: %w", name, err)
		}
		w.hosts = append(w.hosts, h)
	}
	err = w.awaitPorts(ctx, bridge.Index)
	w.since = time.Now()
	return w, err
}

func (w *wire) addHost(h *host, port string, bridge netlink.Link) error {
	err := onOwnThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		if h.ns, err = threadNamespace(); err != nil {
			return err
		}
		return h.configure(port, w.root)
	})
	if err != nil {
		return err
	}
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

// awaitPorts waits until every port of the bridge forwards.
func (w *wire) awaitPorts(ctx context.Context, bridge int) error {
	up := 0
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		links, err := rtnl.Dump(netlink.LinkList)
		up = 0
		for _, l := range links {
			if a := l.Attrs(); a.MasterIndex == bridge && a.OperState == netlink.OperUp {
				up++
			}
		}
		return up == len(w.hosts), err
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%d of %d ports are up: %w", up, len(w.hosts), err)
	}
	return err
}

func (w *wire) setMode(ctx context.Context, mode lab.Mode) error {
	bridge, err := segment.Open(bridgeName)
	if err != nil {
		return err
	}
	return bridge.SetMode(ctx, mode)
}

func (w *wire) awaitLearnt(ctx context.Context) error {
	var macs []net.HardwareAddr
	for _, h := range w.hosts {
		macs = append(macs, h.mac)
	}
	bridge, err := segment.Open(bridgeName)
	if err != nil {
		return err
	}
	return bridge.AwaitLearnt(ctx, macs)
}

// describe says what the lab has. The machine's ports are the bridge and its
// ends of the hosts' cables.
func (w *wire) describe() (reply, error) {
	bridge, err := segment.Open(bridgeName)
	if err != nil {
		return reply{}, err
	}
	machine, err := bridge.MachinePorts()
	if err != nil {
		return reply{}, err
	}
	answer := reply{Machine: machine, Mode: bridge.Mode(), Since: w.since}
	for _, h := range w.hosts {
		answer.Hosts = append(answer.Hosts, hostInfo{h.name, []lab.Port{h.port()}})
	}
	return answer, nil
}

// names are those of the hosts.
func (w *wire) names() []string {
	var names []string
	for _, h := range w.hosts {
		names = append(names, h.name)
	}
	return names
}

func (w *wire) host(name string) (*host, error) {
	i := slices.IndexFunc(w.hosts, func(h *host) bool { return h.name == name })
	if i < 0 {
		return nil, i18n.Errmsg("lab.nohost", "Host", name, "Hint", suggest.Hint(name, w.names()), "Known", w.names())
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
