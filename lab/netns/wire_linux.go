package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	vnetns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"wirelab/lab"
	"wirelab/lab/segment"
	"wirelab/sniffer"
)

// wire is the segment: a bridge in the lab process's own network namespace and
// a namespace for each host.
type wire struct {
	root  int // descriptor of the lab process's network namespace
	hosts []*host
}

type host struct {
	name   string
	prefix netip.Prefix
	mac    net.HardwareAddr
	ns     int // descriptor of its network namespace, which keeps it alive
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
	return w, w.awaitPorts(ctx, bridge.Index)
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

// configure makes the host's devices, in its namespace, on its thread.
func (h *host) configure(port string, root int) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("lo up: %w", err)
	}
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: deviceName, HardwareAddr: h.mac},
		PeerName:      port,
		PeerNamespace: netlink.NsFd(root),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make the veth pair: %w", err)
	}
	eth0, err := netlink.LinkByName(deviceName)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetIP6AddrGenMode(eth0, addrGenNone); err != nil {
		return fmt.Errorf("silence %s: %w", deviceName, err)
	}
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: h.prefix.Addr().AsSlice(), Mask: net.CIDRMask(h.prefix.Bits(), 32)}}
	if err := netlink.AddrAdd(eth0, addr); err != nil {
		return fmt.Errorf("address %s: %w", h.prefix, err)
	}
	if err := offloadsOff(eth0); err != nil {
		return err
	}
	// Not asked again while the lab lives: a unicast probe five seconds after
	// the last use depends on time, not on the lesson (arp(7)).
	if err := setSysctl("net/ipv4/neigh/"+deviceName+"/delay_first_probe_time", "3600"); err != nil {
		return err
	}
	// A new namespace copies the machine's setting, which often is 1.
	if err := setSysctl("net/ipv4/ip_forward", "0"); err != nil {
		return err
	}
	if err := forwardingOff(eth0); err != nil {
		return err
	}
	// ping without privileges, for programs that want it so (icmp(7)).
	if err := setSysctl("net/ipv4/ping_group_range", "0 0"); err != nil {
		return err
	}
	return netlink.LinkSetUp(eth0)
}

// forwardingOff sets what the sysctl conf.eth0.forwarding does, by netlink: in a
// container /proc/sys cannot be written (rtnetlink(7), IFLA_AF_SPEC).
func forwardingOff(link netlink.Link) error {
	const devconfForwarding = 1 // IPV4_DEVCONF_FORWARDING, linux/ip.h
	const inetConf = 1          // IFLA_INET_CONF, linux/if_link.h
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(link.Attrs().Index)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	spec.AddRtAttr(unix.AF_INET, nil).AddRtAttr(inetConf, nil).AddRtAttr(devconfForwarding, nl.Uint32Attr(0))
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	request.AddData(message)
	request.AddData(spec)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("forwarding of %s off: %w", link.Attrs().Name, err)
	}
	return nil
}

// offloadsOff makes a link carry what a wire would: frames of MTU size, with
// right checksums.
func offloadsOff(link netlink.Link) error {
	offloads, err := segment.OpenOffloads()
	if err != nil {
		return err
	}
	defer offloads.Close()
	return offloads.Off(link.Attrs())
}

// setSysctl writes a sysctl of the thread's network namespace. Where /proc/sys
// cannot be written, as in most containers, the lab does without.
func setSysctl(name, value string) error {
	err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	if errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// awaitPorts waits until every port of the bridge forwards.
func (w *wire) awaitPorts(ctx context.Context, bridge int) error {
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		links, err := netlink.LinkList()
		if err != nil {
			return err
		}
		up := 0
		for _, l := range links {
			if a := l.Attrs(); a.MasterIndex == bridge && a.OperState == netlink.OperUp {
				up++
			}
		}
		if up == len(w.hosts) {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%d of %d ports are up: %w", up, len(w.hosts), ctx.Err())
		}
	}
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

// machinePorts returns the addresses of the bridge and of its ends of the
// hosts' cables.
func (w *wire) machinePorts() ([]sniffer.MAC, error) {
	bridge, err := segment.Open(bridgeName)
	if err != nil {
		return nil, err
	}
	return bridge.MachinePorts()
}

func (w *wire) host(name string) (*host, error) {
	i := slices.IndexFunc(w.hosts, func(h *host) bool { return h.name == name })
	if i < 0 {
		return nil, fmt.Errorf("no host %q in the lab", name)
	}
	return w.hosts[i], nil
}

// port returns the host's port as it was made.
func (h *host) port() lab.Port {
	return lab.Port{Device: deviceName, Segment: lab.DefaultSegment, MAC: sniffer.MAC(h.mac), Addrs: []netip.Prefix{h.prefix}}
}

// flushNeighbours deletes what the host has learnt of its neighbours.
func (h *host) flushNeighbours() error {
	return h.do(func() error {
		entries, err := netlink.NeighList(0, netlink.FAMILY_V4)
		if err != nil {
			return fmt.Errorf("read the neighbour cache: %w", err)
		}
		for _, e := range entries {
			if e.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 {
				continue
			}
			if err := netlink.NeighDel(&e); err != nil && !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("forget neighbour %s: %w", e.IP, err)
			}
		}
		return nil
	})
}

// do calls f on a thread that is in the host's network namespace and, so that
// the host's name is its own, in a new UTS namespace.
func (h *host) do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(h.ns, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace of %s: %w", h.name, err)
		}
		if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
			return fmt.Errorf("new UTS namespace: %w", err)
		}
		if err := unix.Sethostname([]byte(h.name)); err != nil {
			return fmt.Errorf("set host name: %w", err)
		}
		return f()
	})
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
