package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/internal/hostnames"
	"wirelab/lab"
	"wirelab/lab/node"
	"wirelab/lab/segment"
)

type host struct {
	name   string
	ports  []lab.Port // as they are made
	routes []lab.Route
	router bool
	names  hostnames.Table // as this host knows them
	ns     int             // descriptor of its network namespace, which keeps it alive
	mounts int             // of its mount namespace; -1 for the lab's
}

func newHost(t lab.Topology, name string) *host {
	return &host{name: name, ports: t.Ports(name), routes: t.Routes(name), router: t.IsRouter(name), names: t.Names(name), mounts: -1}
}

// configure makes the i-th host's devices, in its namespace, on its thread.
func (h *host) configure(i, root int) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("lo up: %w", err)
	}
	// A new namespace copies the machine's setting, which often is 1. To write it
	// sets others, so it comes first.
	if err := setSysctl("net/ipv4/ip_forward", bit(h.router)); err != nil {
		return err
	}
	if len(h.ports) > 1 {
		// What comes in by one port may be answered by another, and a router that
		// tells a host of a better one would add a packet to every lesson (RFC 792).
		for _, setting := range []string{"rp_filter", "send_redirects"} {
			if err := setSysctl("net/ipv4/conf/all/"+setting, "0"); err != nil {
				return err
			}
		}
	}
	// Whether an ICMP error is sent depends on the datagram, and not on when the one
	// before was (icmp(7)).
	if err := setSysctl("net/ipv4/icmp_ratelimit", "0"); err != nil {
		return err
	}
	// ping without privileges, for programs that want it so (icmp(7)).
	if err := setSysctl("net/ipv4/ping_group_range", "0 0"); err != nil {
		return err
	}
	if h.ipv6() {
		if err := h.configureIPv6(); err != nil {
			return err
		}
	}
	for n, p := range h.ports {
		if err := h.addDevice(p, portName(i, n), root); err != nil {
			return err
		}
	}
	for _, r := range h.routes {
		if err := netlink.RouteAdd(&netlink.Route{Dst: ipNet(r.To), Gw: r.Via.AsSlice()}); err != nil {
			return fmt.Errorf("route to %s by %s: %w", r.To, r.Via, err)
		}
	}
	return nil
}

// addDevice makes a device of the host, whose other end is the named port.
func (h *host) addDevice(p lab.Port, port string, root int) error {
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: p.Device, HardwareAddr: p.MAC[:]},
		PeerName:      port,
		PeerNamespace: netlink.NsFd(root),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make the veth pair: %w", err)
	}
	device, err := netlink.LinkByName(p.Device)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetIP6AddrGenMode(device, addrGenNone); err != nil {
		return fmt.Errorf("silence %s: %w", p.Device, err)
	}
	if hasIPv6(p) {
		if err := h.silenceIPv6(p); err != nil {
			return err
		}
	}
	for _, prefix := range p.Addrs {
		if err := addAddress(device, prefix); err != nil {
			return err
		}
	}
	if err := offloadsOff(device); err != nil {
		return err
	}
	// Not asked again while the lab lives: a unicast probe five seconds after
	// the last use depends on time, not on the lesson (arp(7)).
	if err := setSysctl("net/ipv4/neigh/"+p.Device+"/delay_first_probe_time", "3600"); err != nil {
		return err
	}
	settings := map[int]uint32{devconfForwarding: 0}
	if h.router {
		settings[devconfForwarding] = 1
	}
	if len(h.ports) > 1 {
		settings[devconfSendRedirects], settings[devconfRPFilter] = 0, 0
	}
	if err := configureIPv4(device, settings); err != nil {
		return err
	}
	return netlink.LinkSetUp(device)
}

// addAddress gives a device an address, for which it asks nobody.
func addAddress(device netlink.Link, prefix netip.Prefix) error {
	addr := &netlink.Addr{IPNet: ipNet(prefix)}
	if prefix.Addr().Is6() {
		addr.Flags = unix.IFA_F_NODAD
	}
	if err := netlink.AddrAdd(device, addr); err != nil {
		return fmt.Errorf("address %s: %w", prefix, err)
	}
	return nil
}

// devices are the names of the host's network devices.
func (h *host) devices() (names []string) {
	for _, p := range h.ports {
		names = append(names, p.Device)
	}
	return names
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// The settings of a device that are made by netlink (linux/ip.h, IPV4_DEVCONF_).
const (
	devconfForwarding    = 1
	devconfSendRedirects = 6
	devconfRPFilter      = 8
)

// configureIPv4 sets what the sysctls conf.eth0.forwarding and so on do, by netlink:
// in a container /proc/sys cannot be written (rtnetlink(7), IFLA_AF_SPEC).
func configureIPv4(link netlink.Link, settings map[int]uint32) error {
	const inetConf = 1 // IFLA_INET_CONF, linux/if_link.h
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(link.Attrs().Index)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	conf := spec.AddRtAttr(unix.AF_INET, nil).AddRtAttr(inetConf, nil)
	for setting, value := range settings {
		conf.AddRtAttr(setting, nl.Uint32Attr(value))
	}
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	request.AddData(message)
	request.AddData(spec)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("IPv4 settings of %s: %w", link.Attrs().Name, err)
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

// flushNeighbours deletes what the host has learnt of its neighbours.
func (h *host) flushNeighbours() error {
	return h.do(func() error {
		for _, device := range h.devices() {
			if err := node.FlushNeighbours(device); err != nil {
				return err
			}
		}
		return nil
	})
}

// do calls f on a thread that is in the host's network and mount namespaces and, so
// that the host's name is its own, in a new UTS namespace.
func (h *host) do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(h.ns, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace of %s: %w", h.name, err)
		}
		if h.mounts >= 0 {
			// A thread that shares its root with others stays where it is (setns(2)).
			if err := unix.Unshare(unix.CLONE_FS); err != nil {
				return fmt.Errorf("a root of its own: %w", err)
			}
			if err := unix.Setns(h.mounts, unix.CLONE_NEWNS); err != nil {
				return fmt.Errorf("enter the mounts of %s: %w", h.name, err)
			}
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
