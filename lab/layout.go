package lab

import (
	"fmt"
	"net/netip"
	"slices"

	"wirelab/sniffer"
)

// What follows from a topology by rule. The first segment is 10.77.0.0/24, the second
// 10.77.1.0/24 and so on; of IPv6 fd77::/64 and fd77:0:0:1::/64. A host's address ends
// in the same number on every segment, in either version: .10 and ::10 for the first
// host of the topology, .11 and ::11 for the second. Its hardware address says the
// segment and then the host: 02:00:00:01:00:0b. A seed changes the rule (seed.go).

// plainSubnet is the IPv4 subnet of the i-th segment without a seed.
func plainSubnet(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(i), 0}), 24)
}

func address4(subnet netip.Prefix, number int) netip.Addr {
	base := subnet.Masked().Addr().As4()
	base[3] += byte(number)
	return netip.AddrFrom4(base)
}

// plainNumber is that in which the addresses of the i-th host end without a seed.
func plainNumber(i int) int { return (i+9)%MaxHosts + 1 }

// numbersBy are the numbers in which the addresses of the hosts end, by one for the i-th.
// Of more hosts than a segment has numbers, one whose number somebody on its segments has
// gets the next that is free; who is on most segments chooses first.
func (t Topology) numbersBy(number func(i int) int) map[string]int {
	numbers := make(map[string]int, len(t.Hosts))
	if len(t.Hosts) <= MaxHosts { // each has its own
		for i, host := range t.Hosts {
			numbers[host] = number(i)
		}
		return numbers
	}
	at := make(map[string]int, len(t.Hosts))
	for i, host := range t.Hosts {
		at[host] = i
	}
	on := make([][]int, len(t.Hosts))
	taken := make([][MaxHosts + 1]bool, len(t.SegmentNames()))
	for i := range taken {
		for _, host := range t.SegmentHosts(i) {
			if h, ok := at[host]; ok {
				on[h] = append(on[h], i)
			}
		}
	}
	order := make([]int, len(t.Hosts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(on[b]) - len(on[a]) })
	for _, i := range order {
		n := number(i)
		for range MaxHosts {
			if !slices.ContainsFunc(on[i], func(segment int) bool { return taken[segment][n] }) {
				break
			}
			n = n%MaxHosts + 1
		}
		numbers[t.Hosts[i]] = n
		for _, segment := range on[i] {
			taken[segment][n] = true
		}
	}
	return numbers
}

// Ports returns the network devices that a host gets: eth0, eth1 and so on, in the order
// of its segments. A backend that cannot choose addresses assigns others: Host.Ports has
// those.
func (t Topology) Ports(host string) (ports []Port) {
	names, at, numbers := t.SegmentNames(), slices.Index(t.Hosts, host), t.numbers()
	for n, i := range t.On(host) {
		port := Port{Device: fmt.Sprintf("eth%d", n), Segment: names[i], MAC: sniffer.MAC(t.hardwareAddress(i, at))}
		for _, subnet := range t.Subnets(i) {
			addr, _ := t.address(i, subnet, host, numbers)
			port.Addrs = append(port.Addrs, netip.PrefixFrom(addr, subnet.Bits()))
		}
		if t.IsRouter(host) && t.versions(i)&IPv6 != 0 {
			addr, _ := t.address(i, t.subnet(i, IPv6), host, numbers)
			port.Addrs = append(port.Addrs, linkLocal(i, addr))
		}
		ports = append(ports, port)
	}
	return ports
}

// address is a host's in a subnet of a segment, as given or by its number. It is false
// where the subnet has no room for it.
func (t Topology) address(segment int, subnet netip.Prefix, host string, numbers map[string]int) (netip.Addr, bool) {
	if segment < len(t.Segments) {
		given := t.Segments[segment].Addresses
		if subnet.Addr().Is6() {
			given = t.Segments[segment].Addresses6
		}
		if addr, ok := given[host]; ok {
			return addr, true
		}
	}
	switch {
	case subnet.Addr().Is6():
		return address6(subnet, numbers[host]), true
	case numbers[host] > 1<<(32-subnet.Bits())-2:
		return netip.Addr{}, false
	}
	return address4(subnet, numbers[host]), true
}

// usable reports whether an address is a host's in a subnet: not the subnet's own, which
// with IPv6 is every router's (RFC 4291, section 2.6.1), and not the broadcast address of
// IPv4 (RFC 1122, section 3.2.1.3).
func usable(subnet netip.Prefix, addr netip.Addr) bool {
	return subnet.Contains(addr) && addr.Zone() == "" && addr != subnet.Masked().Addr() && (addr.Is6() || subnet.Contains(addr.Next()))
}

// Names returns the addresses of every host, by name, in the order in which viewer, a
// host, should try them. The nearest come first: those on a segment of viewer's own, then
// those behind one router, and so on. On a segment with both versions of IP, the IPv4
// address precedes the IPv6 address.
func (t Topology) Names(viewer string) map[string][]netip.Addr {
	far4, far6 := t.distances(t.On(viewer), IPv4), t.distances(t.On(viewer), IPv6)
	type place struct {
		addr netip.Addr
		far  int
	}
	places, numbers := map[string][]place{}, t.numbers()
	for i := range t.SegmentNames() {
		for _, subnet := range t.Subnets(i) {
			far := far4[i]
			if subnet.Addr().Is6() {
				far = far6[i]
			}
			for _, host := range t.SegmentHosts(i) {
				addr, _ := t.address(i, subnet, host, numbers)
				places[host] = append(places[host], place{addr, far})
			}
		}
	}
	table := map[string][]netip.Addr{}
	for host, all := range places {
		slices.SortStableFunc(all, func(a, b place) int { return a.far - b.far })
		for _, p := range all {
			table[host] = append(table[host], p.addr)
		}
	}
	return table
}
