package wire

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/lab"
	"wirelab/lab/segment"
)

// Host is a host of a topology. Its methods act in its network namespace, which is the
// calling thread's.
type Host struct {
	Name  string
	Ports []lab.Port // as they are made

	number int // in the topology's order
	routes []lab.Route
	router bool
}

// NewHost plans a host, which its topology has.
func NewHost(t lab.Topology, name string) *Host {
	return &Host{Name: name, Ports: t.Ports(name), number: slices.Index(t.Hosts, name), routes: t.Routes(name), router: t.IsRouter(name)}
}

// HasIPv6 reports whether the host has an address of IPv6.
func (h *Host) HasIPv6() bool { return hasIPv6(h.Ports...) }

// Make makes the host's devices, with their addresses, and its routes. The other ends of
// its cables are in the network namespace that the descriptor machine is of, where
// Wire.PlugIn finds them. The Settings were made before.
func (h *Host) Make(machine int) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("lo up: %w", err)
	}
	for n, p := range h.Ports {
		if err := h.addDevice(p, portName(h.number, n), machine); err != nil {
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
func (h *Host) addDevice(p lab.Port, port string, machine int) error {
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: p.Device, HardwareAddr: p.MAC[:]},
		PeerName:      port,
		PeerNamespace: netlink.NsFd(machine),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make the veth pair: %w", err)
	}
	var device netlink.Link = veth // of which LinkAdd has asked the index
	if err := netlink.LinkSetIP6AddrGenMode(device, addrGenNone); err != nil {
		return fmt.Errorf("silence %s: %w", p.Device, err)
	}
	for _, prefix := range p.Addrs {
		if err := addAddress(device, prefix); err != nil {
			return err
		}
	}
	// It carries what a wire would: frames of MTU size, with right checksums.
	if err := segment.OffloadsOff(p.Device); err != nil {
		return err
	}
	// Not asked again while the lab lives: a unicast probe five seconds after
	// the last use depends on time, not on the lesson (arp(7)).
	if err := probeSeldom(device, "arp_cache"); err != nil {
		return err
	}
	if hasIPv6(p) {
		if err := probeSeldom(device, "ndisc_cache"); err != nil {
			return err
		}
	}
	settings := map[int]uint32{devconfForwarding: 0}
	if h.router {
		settings[devconfForwarding] = 1
	}
	if len(h.Ports) > 1 {
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

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
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

// seldom is so long, in milliseconds, that no lab lives to see it.
const seldom = 3_600_000

// probeSeldom sets how long after the last use of a neighbour's address a device asks that
// neighbour whether it still has it, in a neighbour table (the sysctl
// neigh.eth0.delay_first_probe_time). It does so by netlink: in a container /proc/sys
// cannot be written.
func probeSeldom(device netlink.Link, table string) error {
	const (
		tableName, tableParms         = 1, 6 // NDTA_NAME, NDTA_PARMS
		parmsIndex, parmsDelayOfProbe = 1, 7 // NDTPA_IFINDEX, NDTPA_DELAY_PROBE_TIME
	)
	request := nl.NewNetlinkRequest(unix.RTM_SETNEIGHTBL, unix.NLM_F_ACK)
	request.AddData(ndtmsg{}) // of any family
	request.AddData(nl.NewRtAttr(tableName, nl.ZeroTerminated(table)))
	parms := nl.NewRtAttr(tableParms|unix.NLA_F_NESTED, nil)
	parms.AddRtAttr(parmsIndex, nl.Uint32Attr(uint32(device.Attrs().Index)))
	parms.AddRtAttr(parmsDelayOfProbe, nl.Uint64Attr(seldom))
	request.AddData(parms)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("probes of %s: %w", device.Attrs().Name, err)
	}
	return nil
}

// ndtmsg is the header of a message about neighbour tables (struct ndtmsg of
// linux/neighbour.h), all zeros.
type ndtmsg struct{}

// Len implements nl.NetlinkRequestData.
func (ndtmsg) Len() int { return 4 }

// Serialize implements nl.NetlinkRequestData.
func (ndtmsg) Serialize() []byte { return make([]byte, 4) }
