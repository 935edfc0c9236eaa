package lab

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"wirelab/sniffer"
)

// What follows from a topology by rule. The first segment is 10.77.0.0/24, the second
// 10.77.1.0/24 and so on. A host's address ends in the same number on every segment:
// .10 for the first host of the topology, .11 for the second. Its hardware address
// says the segment and then the host: 02:00:00:01:00:0b.

// Subnet returns the subnet by rule of a topology's i-th segment.
func Subnet(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(i), 0}), 24)
}

// Address returns the address that the i-th host of a topology gets in a
// subnet: .10 for the first and so on, so that people know them by sight.
func Address(subnet netip.Prefix, i int) netip.Addr {
	base := subnet.Masked().Addr().As4()
	base[3] += byte(number(i))
	return netip.AddrFrom4(base)
}

// number is that in which the addresses of the i-th host end.
func number(i int) int { return (i+9)%MaxHosts + 1 }

// HardwareAddress returns the locally administered address of the i-th host on
// the first segment.
func HardwareAddress(i int) net.HardwareAddr { return hardwareAddress(0, i) }

func hardwareAddress(segment, i int) net.HardwareAddr {
	return net.HardwareAddr{0x02, 0, 0, byte(segment), byte((i + 10) >> 8), byte(i + 10)}
}

// Ports returns the network devices that a host gets: eth0, eth1 and so on, in the
// order of the segments. A backend that cannot choose addresses gives others.
func (t Topology) Ports(host string) (ports []Port) {
	names, at := t.SegmentNames(), slices.Index(t.Hosts, host)
	for n, i := range t.On(host) {
		addr, _ := t.address(i, host)
		ports = append(ports, Port{
			Device: fmt.Sprintf("eth%d", n), Segment: names[i], MAC: sniffer.MAC(hardwareAddress(i, at)),
			Addrs: []netip.Prefix{netip.PrefixFrom(addr, t.SegmentSubnet(i).Bits())},
		})
	}
	return ports
}

// SegmentSubnet returns the subnet of a segment. A backend that cannot choose
// addresses gives another.
func (t Topology) SegmentSubnet(i int) netip.Prefix {
	if i < len(t.Segments) && t.Segments[i].Subnet.IsValid() {
		return t.Segments[i].Subnet
	}
	return Subnet(i)
}

// address is a host's on a segment. It is false where the subnet has no room for it.
func (t Topology) address(segment int, host string) (netip.Addr, bool) {
	if segment < len(t.Segments) {
		if addr, given := t.Segments[segment].Addresses[host]; given {
			return addr, true
		}
	}
	at, subnet := slices.Index(t.Hosts, host), t.SegmentSubnet(segment)
	if number(at) > 1<<(32-subnet.Bits())-2 {
		return netip.Addr{}, false
	}
	return Address(subnet, at), true
}

// usable reports whether an address is a host's in a subnet: not the subnet's own and
// not its broadcast address (RFC 1122, section 3.2.1.3).
func usable(subnet netip.Prefix, addr netip.Addr) bool {
	return subnet.Contains(addr) && addr != subnet.Masked().Addr() && subnet.Contains(addr.Next())
}

// Names returns the addresses of every host as one of them knows them: of a host that
// is on several segments the nearest first, that on a segment of its own.
func (t Topology) Names(viewer string) map[string][]netip.Addr {
	far, table := t.distances(t.On(viewer)), map[string][]netip.Addr{}
	for _, host := range t.Hosts {
		on := t.On(host)
		slices.SortStableFunc(on, func(a, b int) int { return far[a] - far[b] })
		for _, i := range on {
			addr, _ := t.address(i, host)
			table[host] = append(table[host], addr)
		}
	}
	return table
}
