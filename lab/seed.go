package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// What follows from a topology by rule follows from its seed, too, where it has one: the
// subnets, the numbers in which addresses end, and two bytes of the hardware addresses.
// What is given in the topology stays. What the seed says first and does not go with that
// gives way to what it says next, and in the end to what follows without a seed: with any
// seed a topology is valid that is valid without one.

// mostSeeds is how many seeds of a text are tried.
const mostSeeds = 16

// mostNumbered is how many numberings of a topology's hosts are tried.
const mostNumbered = 16

// Seeded returns the topology with the seed of a text that people write. The same text and
// topology give the same lab on every machine. With that seed nothing that is given makes
// an address by rule give way, if one of the first few seeds of the text is such a one.
func (t Topology) Seeded(text string) Topology {
	for try := range mostSeeds {
		if t.Seed = seedOf(text + "\x00" + strconv.Itoa(try)); !t.givesWay() {
			break
		}
	}
	return t
}

// seedOf is never 0.
func seedOf(text string) uint64 {
	sum := sha256.Sum256([]byte("wirelab/topology/v1\x00" + text))
	return max(1, binary.BigEndian.Uint64(sum[:]))
}

// seedByte is one of the eight bytes of the seed.
func (t Topology) seedByte(i int) int { return int(byte(t.Seed >> (8 * i))) }

// givesWay reports whether some address is not the one that the seed says first.
func (t Topology) givesWay() bool {
	for _, ip := range []Versions{IPv4, IPv6} {
		if shift, ok := t.shift(ip); !ok || shift > 0 {
			return true
		}
	}
	return !t.narrow() && !t.goWithGiven(t.numbersBy(t.seededNumber(0)))
}

// fixedSubnet is the subnet of a segment that no seed changes: the given one, or the plain
// one if addresses of it are given.
func (t Topology) fixedSubnet(segment int, ip Versions) (subnet netip.Prefix, ok bool) {
	if segment >= len(t.Segments) {
		return netip.Prefix{}, false
	}
	s := t.Segments[segment]
	given, addresses, plain := s.Subnet, s.Addresses, plainSubnet
	if ip == IPv6 {
		given, addresses, plain = s.Subnet6, s.Addresses6, plainSubnet6
	}
	switch {
	case given.IsValid():
		return given, true
	case len(addresses) > 0:
		return plain(segment), true
	}
	return netip.Prefix{}, false
}

// subnetByRule is the subnet of a segment that is not fixed: 10.77.0.0/24 for the first, or
// another of 10.0.0.0/8 by the seed; of IPv6 fd77::/64, or another of fd77::/16.
func (t Topology) subnetByRule(segment int, ip Versions) netip.Prefix {
	if shift, ok := t.shift(ip); ok {
		return t.seededSubnet(segment, ip, shift)
	}
	if ip == IPv6 {
		return plainSubnet6(segment)
	}
	return plainSubnet(segment)
}

// seededSubnet is the subnet that the seed says for a segment, by so many further than
// first. Those of two segments differ in another byte than by that.
func (t Topology) seededSubnet(segment int, ip Versions, shift int) netip.Prefix {
	if ip == IPv4 {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(1 + (t.seedByte(0)+shift)%250), byte(t.seedByte(1) + segment), 0}), 24)
	}
	a := plainSubnet6(segment).Addr().As16()
	a[2], a[3], a[4] = byte(t.seedByte(0)+shift), byte(t.seedByte(1)), byte(t.seedByte(2))
	return netip.PrefixFrom(netip.AddrFrom16(a), 64)
}

// shift is by how many the subnets by rule are further than the seed says first, so that
// none overlaps a fixed one. It is false without a seed, or if there is no such number.
func (t Topology) shift(ip Versions) (shift int, ok bool) {
	if t.Seed == 0 {
		return 0, false
	}
	var fixed []netip.Prefix
	var byRule []int
	for i := range t.Segments {
		if t.versions(i)&ip == 0 {
			continue
		}
		if subnet, ok := t.fixedSubnet(i, ip); ok {
			fixed = append(fixed, subnet)
		} else {
			byRule = append(byRule, i)
		}
	}
	for shift := range 256 {
		overlap := slices.ContainsFunc(byRule, func(i int) bool {
			return slices.ContainsFunc(fixed, t.seededSubnet(i, ip, shift).Overlaps)
		})
		if !overlap {
			return shift, true
		}
	}
	return 0, false
}

// numbers are those in which the addresses of the hosts end. A narrow subnet that is given
// has room for the plain ones alone.
func (t Topology) numbers() map[string]int {
	if t.Seed != 0 && !t.narrow() {
		for shift := range mostNumbered {
			if numbers := t.numbersBy(t.seededNumber(shift)); t.goWithGiven(numbers) {
				return numbers
			}
		}
	}
	return t.numbersBy(plainNumber)
}

// seededNumber returns the number by rule of the i-th host, by so many further than the
// seed says first. The hosts are as far apart as it says, which shares no factor with
// MaxHosts (11 × 23).
func (t Topology) seededNumber(shift int) func(i int) int {
	return func(i int) int {
		return (t.seedByte(2)+shift+i*(1+t.seedByte(3)%10))%MaxHosts + 1
	}
}

// goWithGiven reports whether no host's number makes an address that another is given, or
// that it has as a router with a given one (linkLocal).
func (t Topology) goWithGiven(numbers map[string]int) bool {
	for i, s := range t.Segments {
		for _, subnet := range t.Subnets(i) {
			given := s.Addresses
			if subnet.Addr().Is6() {
				given = s.Addresses6
			}
			if len(given) == 0 {
				continue
			}
			taken := map[netip.Addr]bool{}
			for host, addr := range given {
				taken[addr] = true
				if t.IsRouter(host) && addr.Is6() {
					taken[linkLocal(i, addr).Addr()] = true
				}
			}
			for _, host := range t.SegmentHosts(i) {
				if _, is := given[host]; is {
					continue
				}
				addr, _ := t.address(i, subnet, host, numbers)
				if taken[addr] || t.IsRouter(host) && addr.Is6() && taken[linkLocal(i, addr).Addr()] {
					return false
				}
			}
		}
	}
	return true
}

// narrow reports whether a subnet that is given has fewer addresses than hosts can have
// numbers.
func (t Topology) narrow() bool {
	for _, s := range t.Segments {
		if s.Subnet.IsValid() && s.Subnet.Bits() > 24 {
			return true
		}
	}
	return false
}

// hardwareAddress is that of the i-th host on a segment.
func (t Topology) hardwareAddress(segment, i int) net.HardwareAddr {
	return net.HardwareAddr{0x02, byte(t.seedByte(4)), byte(t.seedByte(5)), byte(segment), byte((i + 10) >> 8), byte(i + 10)}
}
