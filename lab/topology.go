package lab

import (
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// SnifferHost is the host on which the capture runs. Every topology has it.
const SnifferHost = trace.SnifferHost

// DefaultSegment is the name of the only segment of a topology without Segments.
const DefaultSegment = "lan"

// The limits of a topology.
const (
	// MaxHosts is how many hosts a segment can address, the sniffer among them: a /24
	// without its network, broadcast and gateway addresses. All segments together may
	// have more.
	MaxHosts = 253
	// MaxSegments and MaxPorts bound the load on the machine.
	MaxSegments = 32
	MaxPorts    = 1000 // of all hosts together, the sniffer's too
)

// Topology describes a lab: which hosts there are, and which segments they are on.
// Addresses, routes and names follow from it by rules (Ports, Routes, Names). Backends and
// labs take a topology that is valid (Validate).
type Topology struct {
	Hosts    []string      // names, SnifferHost among them; the order is that of diagrams and of addresses
	Segments []SegmentSpec // if there are none, all hosts are on DefaultSegment
	Routers  []string      // the hosts that forward packets between their segments
	Seed     uint64        `json:",omitempty"` // changes the addresses that follow by rule (Seeded); 0 keeps the plain ones. No seed makes a topology invalid
}

// SegmentSpec describes a segment of a topology. Addresses and subnets that it does not
// give follow by rule.
type SegmentSpec struct {
	Name       string
	IP         Versions              // IP versions, besides those with a subnet below; 0 is IPv4 if there is none
	Subnet     netip.Prefix          // IPv4, /8 to /30; the zero value is the subnet by rule
	Subnet6    netip.Prefix          // IPv6, /16 to /112; the zero value is the subnet by rule
	Hosts      []string              // the hosts on it, without the sniffer, which is on every segment
	Addresses  map[string]netip.Addr // IPv4 addresses by host; other hosts get theirs by rule
	Addresses6 map[string]netip.Addr // IPv6 addresses by host; other hosts get theirs by rule
}

// DefaultTopology is one segment with a server, two clients and the sniffer.
var DefaultTopology = Topology{Hosts: []string{"client1", "server", "client2", SnifferHost}}

// Hosts returns a topology of the named hosts and the sniffer on one segment.
func Hosts(names ...string) Topology {
	return Topology{Hosts: append(slices.Clone(names), SnifferHost)}
}

// Judged returns the hosts that claims are about: all but the sniffer.
func (t Topology) Judged() []string {
	return slices.DeleteFunc(slices.Clone(t.Hosts), func(h string) bool { return h == SnifferHost })
}

// SegmentNames returns the names of the segments, in order; there is at least one.
func (t Topology) SegmentNames() []string {
	if len(t.Segments) == 0 {
		return []string{DefaultSegment}
	}
	var names []string
	for _, s := range t.Segments {
		names = append(names, s.Name)
	}
	return names
}

// SegmentHosts returns the hosts on the segment of an index. The sniffer is the last of
// them, or where it is in Hosts if the topology has no Segments.
func (t Topology) SegmentHosts(segment int) []string {
	if len(t.Segments) == 0 {
		return slices.Clone(t.Hosts)
	}
	return append(slices.Clone(t.Segments[segment].Hosts), SnifferHost)
}

// On returns the indexes of the segments that a host is on, ascending.
func (t Topology) On(host string) (segments []int) {
	for i := range t.SegmentNames() {
		if slices.Contains(t.SegmentHosts(i), host) {
			segments = append(segments, i)
		}
	}
	return segments
}

// Plan returns the part of a trace.Plan that follows from the topology: which hosts are
// judged, and the segments that they are on.
func (t Topology) Plan() trace.Plan {
	plan := trace.Plan{Hosts: t.Judged()}
	if len(t.Segments) > 1 {
		plan.On = map[string][]int{}
		for _, h := range plan.Hosts {
			plan.On[h] = t.On(h)
		}
	}
	return plan
}

// TraceHosts returns the part of a trace.Hosts that follows from the topology: the names
// of the segments and the routers, if there are several segments.
func (t Topology) TraceHosts() trace.Hosts {
	if len(t.Segments) < 2 {
		return trace.Hosts{}
	}
	return trace.Hosts{Segments: t.SegmentNames(), Routers: t.Routers}
}

// IsRouter reports whether a host forwards packets between its segments.
func (t Topology) IsRouter(host string) bool { return slices.Contains(t.Routers, host) }

// Validate returns an error if the topology cannot be brought up. The error is for people,
// in their language. Validate changes nothing.
func (t Topology) Validate() error {
	seen := map[string]bool{}
	for _, h := range t.Hosts {
		if err := checkHost(h); err != nil {
			return err
		}
		if seen[h] {
			return i18n.Errmsg("lab.host.twice", "Host", h)
		}
		seen[h] = true
	}
	if !seen[SnifferHost] {
		return i18n.Errmsg("lab.host.sniffer", "Host", SnifferHost)
	}
	for i, name := range t.SegmentNames() {
		if n := len(t.SegmentHosts(i)); n > MaxHosts {
			return i18n.Errmsg("lab.host.toomany", "Number", n, "Most", MaxHosts, "Segment", name)
		}
	}
	if err := t.checkSegments(); err != nil {
		return err
	}
	for _, r := range t.Routers {
		switch {
		case !seen[r]:
			return i18n.Errmsg("lab.host.unplaced", "Host", r)
		case r == SnifferHost:
			return i18n.Errmsg("lab.host.snifferrouter", "Host", r)
		case len(t.On(r)) < 2:
			return i18n.Errmsg("lab.host.lonerouter", "Host", r)
		}
	}
	return nil
}

func checkHost(name string) error {
	switch {
	case !trace.ValidLabel(name):
		return i18n.Errmsg("lab.host.form", "Host", name)
	case name == "localhost":
		return i18n.Errmsg("lab.host.own", "Host", name)
	}
	return nil
}

// checkSegments checks the segments by themselves, and then what is on them.
func (t Topology) checkSegments() error {
	names, ports := map[string]bool{}, 0
	for i, s := range t.Segments {
		switch {
		case !trace.ValidLabel(s.Name):
			return i18n.Errmsg("lab.segment.form", "Segment", s.Name)
		case names[s.Name]:
			return i18n.Errmsg("lab.segment.twice", "Segment", s.Name)
		case slices.Contains(t.Hosts, s.Name):
			return i18n.Errmsg("lab.segment.host", "Segment", s.Name)
		case len(s.Hosts) == 0:
			return i18n.Errmsg("lab.segment.empty", "Segment", s.Name)
		}
		names[s.Name] = true
		ports += len(s.Hosts) + 1
		if err := t.checkSegment(i); err != nil {
			return err
		}
	}
	if n := len(t.Segments); n > MaxSegments {
		return i18n.Errmsg("lab.segment.toomany", "Number", n, "Most", MaxSegments)
	}
	if ports > MaxPorts {
		return i18n.Errmsg("lab.segment.ports", "Number", ports, "Most", MaxPorts)
	}
	for _, h := range t.Hosts {
		if len(t.On(h)) == 0 {
			return i18n.Errmsg("lab.host.unplaced", "Host", h)
		}
	}
	return nil
}

// checkSegment checks a segment's subnet, hosts and addresses.
func (t Topology) checkSegment(i int) error {
	s := t.Segments[i]
	if err := t.checkSubnets(i); err != nil {
		return err
	}
	for _, given := range []map[string]netip.Addr{s.Addresses, s.Addresses6} {
		for host, addr := range given {
			switch {
			case !slices.Contains(s.Hosts, host) && host != SnifferHost:
				return i18n.Errmsg("lab.segment.noton", "Host", host, "Segment", s.Name)
			case s.versions()&version(addr) == 0:
				return i18n.Errmsg("lab.segment.version", "Host", host, "Address", addr, "Segment", s.Name)
			}
		}
	}
	owner, numbers := map[netip.Addr]string{}, t.numbers()
	for j, host := range t.SegmentHosts(i) {
		switch {
		case host == SnifferHost && j < len(s.Hosts):
			return i18n.Errmsg("lab.segment.sniffer", "Host", host)
		case !slices.Contains(t.Hosts, host):
			return i18n.Errmsg("lab.host.unplaced", "Host", host)
		case slices.Contains(s.Hosts[:min(j, len(s.Hosts))], host):
			return i18n.Errmsg("lab.segment.hosttwice", "Host", host, "Segment", s.Name)
		}
		for _, subnet := range t.Subnets(i) {
			addr, ok := t.address(i, subnet, host, numbers)
			switch {
			case !ok:
				return i18n.Errmsg("lab.segment.noroom", "Subnet", subnet, "Host", host, "Segment", s.Name)
			case !usable(subnet, addr):
				return i18n.Errmsg("lab.segment.outside", "Host", host, "Address", addr, "Segment", s.Name, "Subnet", subnet)
			case owner[addr] != "":
				return i18n.Errmsg("lab.segment.taken", "Address", addr, "One", owner[addr], "Other", host, "Segment", s.Name)
			}
			owner[addr] = host
			if t.IsRouter(host) && addr.Is6() {
				link := linkLocal(i, addr).Addr()
				if owner[link] != "" {
					return i18n.Errmsg("lab.segment.taken", "Address", link, "One", owner[link], "Other", host, "Segment", s.Name)
				}
				owner[link] = host
			}
		}
	}
	return nil
}
