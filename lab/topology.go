package lab

import (
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// SnifferHost is the host on which the capture runs. Every topology has it.
const SnifferHost = trace.SnifferHost

// DefaultSegment is the segment of a topology that names none.
const DefaultSegment = "lan"

// The limits of a topology.
const (
	// MaxHosts is the number of hosts that a segment can address (a /24 without
	// its network, broadcast and gateway addresses), the sniffer among them. All
	// segments together may have more.
	MaxHosts = 253
	// MaxSegments and MaxPorts bound what a machine is asked to carry.
	MaxSegments = 32
	MaxPorts    = 1000 // of all hosts together, the sniffer's too
)

// Topology is what a lab is made of: hosts on one Ethernet segment, or on several.
// The rest follows by rules that one knows by sight (Ports, Routes, Names).
type Topology struct {
	Hosts    []string      // names, in the order of their lanes; the sniffer is one of them
	Segments []SegmentSpec // none: all hosts are on DefaultSegment
	Routers  []string      // the hosts that forward packets between their segments
	Seed     uint64        `json:",omitempty"` // of the addresses by rule (SeedOf); 0: those that one knows by sight
}

// SegmentSpec is a segment that is wished for.
type SegmentSpec struct {
	Name       string
	IP         Versions              // which it has, besides those of which it is given a subnet; none: IPv4
	Subnet     netip.Prefix          // IPv4; the zero value is the subnet by rule
	Subnet6    netip.Prefix          // IPv6; the zero value is the subnet by rule
	Hosts      []string              // who is on it. The sniffer is on every segment and is not named
	Addresses  map[string]netip.Addr // of hosts that are given one, in the IPv4 subnet; others have one by rule
	Addresses6 map[string]netip.Addr // the same of IPv6
}

// DefaultTopology is the lab of the course note: a server, two clients and
// the sniffer that watches them.
var DefaultTopology = Topology{Hosts: []string{"client1", "server", "client2", SnifferHost}}

// Hosts returns the topology of some hosts and the sniffer on one segment.
func Hosts(names ...string) Topology {
	return Topology{Hosts: append(slices.Clone(names), SnifferHost)}
}

// Judged returns the hosts whose frames are judged: all but the sniffer.
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

// SegmentHosts returns the hosts on a segment, the sniffer last; those of a topology
// that names no segment in its own order.
func (t Topology) SegmentHosts(segment int) []string {
	if len(t.Segments) == 0 {
		return slices.Clone(t.Hosts)
	}
	return append(slices.Clone(t.Segments[segment].Hosts), SnifferHost)
}

// On returns the segments that a host is on, by their index, ascending.
func (t Topology) On(host string) (segments []int) {
	for i := range t.SegmentNames() {
		if slices.Contains(t.SegmentHosts(i), host) {
			segments = append(segments, i)
		}
	}
	return segments
}

// Plan returns what a recording of the lab is read by: who is judged, and where.
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

// TraceHosts returns what the topology says of who is who: of several segments their
// names, and the routers.
func (t Topology) TraceHosts() trace.Hosts {
	if len(t.Segments) < 2 {
		return trace.Hosts{}
	}
	return trace.Hosts{Segments: t.SegmentNames(), Routers: t.Routers}
}

// IsRouter reports whether a host forwards.
func (t Topology) IsRouter(host string) bool { return slices.Contains(t.Routers, host) }

// Validate checks the topology and adds nothing. Its errors are for people.
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
