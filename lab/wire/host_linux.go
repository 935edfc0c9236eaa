package wire

import (
	"fmt"
	"slices"

	"wirelab/internal/rtnl"
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
	kernel, err := rtnl.Open()
	if err != nil {
		return err
	}
	defer kernel.Close()
	kernel.Queue("lo up", up("lo"))
	for n, p := range h.Ports {
		kernel.Queue("make the veth pair of "+p.Device, veth(p, portName(h.number, n), machine))
	}
	if err := kernel.Flush(); err != nil {
		return err
	}
	for _, p := range h.Ports {
		// It carries what a wire would: frames of MTU size, with right checksums.
		if err := segment.OffloadsOff(p.Device); err != nil {
			return err
		}
		if err := h.setUp(kernel, p); err != nil {
			return err
		}
	}
	for _, r := range h.routes {
		kernel.Queue(fmt.Sprintf("route to %s by %s", r.To, r.Via), route(r))
	}
	return kernel.Flush()
}

// setUp queues what makes a device one of the host's, and up.
func (h *Host) setUp(kernel *rtnl.Conn, p lab.Port) error {
	index, err := rtnl.Index(p.Device)
	if err != nil {
		return err
	}
	kernel.Queue("silence "+p.Device, silence(p.Device))
	for _, prefix := range p.Addrs {
		kernel.Queue("address "+prefix.String(), address(index, prefix))
	}
	// Not asked again while the lab lives: a unicast probe five seconds after
	// the last use depends on time, not on the lesson (arp(7)).
	tables := []string{"arp_cache"}
	if hasIPv6(p) {
		tables = append(tables, "ndisc_cache")
	}
	for _, table := range tables {
		kernel.Queue("probes of "+p.Device, probeSeldom(index, table))
	}
	settings := map[int]uint32{devconfForwarding: 0}
	if h.router {
		settings[devconfForwarding] = 1
	}
	if len(h.Ports) > 1 {
		settings[devconfSendRedirects], settings[devconfRPFilter] = 0, 0
	}
	kernel.Queue("IPv4 settings of "+p.Device, configureIPv4(p.Device, settings))
	kernel.Queue(p.Device+" up", up(p.Device))
	return nil
}
