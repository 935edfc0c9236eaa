package lab

import (
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
)

// Versions is a set of IP versions.
type Versions uint8

// The versions.
const (
	IPv4 Versions = 1 << iota
	IPv6
)

// versions are those that a segment has: what it is wished for, and of which it has a
// subnet.
func (s SegmentSpec) versions() Versions {
	v := s.IP
	if s.Subnet.IsValid() {
		v |= IPv4
	}
	if s.Subnet6.IsValid() {
		v |= IPv6
	}
	if v == 0 {
		return IPv4
	}
	return v
}

// versions are those of a segment.
func (t Topology) versions(segment int) Versions {
	if segment < len(t.Segments) {
		return t.Segments[segment].versions()
	}
	return IPv4
}

// HasIPv6 reports whether any segment has IPv6.
func (t Topology) HasIPv6() bool {
	return slices.ContainsFunc(t.Segments, func(s SegmentSpec) bool { return s.versions()&IPv6 != 0 })
}

// version is that of an address.
func version(a netip.Addr) Versions {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}

// Subnets returns the subnets of the segment of an index: that of IPv4, that of IPv6, or
// both in this order. A backend that cannot choose addresses assigns others.
func (t Topology) Subnets(segment int) (all []netip.Prefix) {
	for _, ip := range []Versions{IPv4, IPv6} {
		if t.versions(segment)&ip == 0 {
			continue
		}
		subnet, fixed := t.fixedSubnet(segment, ip)
		if !fixed {
			subnet = t.subnetByRule(segment, ip)
		}
		all = append(all, subnet)
	}
	return all
}

// plainSubnet6 is the IPv6 subnet of the i-th segment without a seed.
func plainSubnet6(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0xfd, 1: 0x77, 6: byte(i >> 8), 7: byte(i)}), 64)
}

// address6 is the address that a host with a number has in an IPv6 subnet. It reads
// as the IPv4 address does: 12 is ::12.
func address6(subnet netip.Prefix, number int) netip.Addr {
	base := subnet.Masked().Addr().As16()
	base[14] |= byte(number / 100)
	base[15] |= byte(number/10%10<<4 | number%10)
	return netip.AddrFrom16(base)
}

// linkLocal is the link-local address of a router that has another on a segment:
// fe80::1:0:12 of the host with ::12 on the second. A router asks for neighbors from it
// when it forwards what others have sent (RFC 4861, section 7.2.2); other hosts have
// none. Both addresses have one solicited-node group (RFC 4291, section 2.7.1).
func linkLocal(segment int, other netip.Addr) netip.Prefix {
	b := other.As16()
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 10: byte(segment >> 8), 11: byte(segment), 13: b[13], 14: b[14], 15: b[15]}), 64)
}

// checkSubnets checks a segment's subnets, also against those before it.
func (t Topology) checkSubnets(i int) error {
	s, name := t.Segments[i], t.Segments[i].Name
	switch {
	case s.Subnet.IsValid() && !s.Subnet.Addr().Is4():
		return i18n.Errmsg("lab.segment.subnet", "Segment", name, "Subnet", s.Subnet)
	case s.Subnet6.IsValid() && (s.Subnet6.Addr().Is4() || s.Subnet6.Addr().Is4In6()):
		return i18n.Errmsg("lab.segment.subnet6", "Segment", name, "Subnet", s.Subnet6)
	}
	for _, subnet := range t.Subnets(i) {
		addr := subnet.Addr()
		switch {
		case addr.Is6() && (subnet.Bits() < 16 || subnet.Bits() > 112):
			return i18n.Errmsg("lab.segment.subnet6", "Segment", name, "Subnet", subnet)
		case addr.Is4() && (subnet.Bits() < 8 || subnet.Bits() > 30):
			return i18n.Errmsg("lab.segment.subnet", "Segment", name, "Subnet", subnet)
		case subnet != subnet.Masked():
			return i18n.Errmsg("lab.segment.masked", "Segment", name, "Subnet", subnet, "Right", subnet.Masked())
		case addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() || addr.Is4() && (addr.As4()[0] == 0 || addr.As4()[0] >= 224):
			return i18n.Errmsg("lab.segment.special", "Segment", name, "Subnet", subnet)
		}
		for j := range i {
			for _, other := range t.Subnets(j) {
				if other.Overlaps(subnet) {
					return i18n.Errmsg("lab.segment.overlap", "Segment", name, "Subnet", subnet, "Other", t.Segments[j].Name, "OtherSubnet", other)
				}
			}
		}
	}
	return nil
}
