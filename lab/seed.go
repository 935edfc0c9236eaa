package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"net"
	"net/netip"
)

// What follows from a topology by rule follows from its seed, too, where it has one: the
// subnets, the numbers in which addresses end, and two bytes of the hardware addresses.
// What is given in the topology stays.

// SeedOf returns the seed of a topology for a text that people write. It is never 0. The
// same text gives the same lab on every machine.
func SeedOf(text string) uint64 {
	sum := sha256.Sum256([]byte("wirelab/topology/v1\x00" + text))
	return max(1, binary.BigEndian.Uint64(sum[:]))
}

// seedByte is one of the eight bytes of the seed.
func (t Topology) seedByte(i int) int { return int(byte(t.Seed >> (8 * i))) }

// subnetByRule is the IPv4 subnet of the i-th segment: 10.77.0.0/24 for the first, or
// another of 10.0.0.0/8 by the seed.
func (t Topology) subnetByRule(i int) netip.Prefix {
	if t.Seed == 0 {
		return plainSubnet(i)
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(1 + t.seedByte(0)%250), byte(t.seedByte(1) + i), 0}), 24)
}

// subnet6ByRule is the same of IPv6, in fd00::/8 (RFC 4193).
func (t Topology) subnet6ByRule(i int) netip.Prefix {
	if t.Seed == 0 {
		return plainSubnet6(i)
	}
	a := plainSubnet6(i).Addr().As16()
	a[2], a[3], a[4] = byte(t.seedByte(0)), byte(t.seedByte(1)), byte(t.seedByte(2))
	return netip.PrefixFrom(netip.AddrFrom16(a), 64)
}

// number is that in which the addresses of the i-th host end. By a seed the hosts are as
// far apart as it says, which shares no factor with MaxHosts (11 × 23). A narrow subnet
// that is given has no room for that.
func (t Topology) number(i int) int {
	if t.Seed == 0 || t.narrow() {
		return number(i)
	}
	return (t.seedByte(2)+i*(1+t.seedByte(3)%10))%MaxHosts + 1
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
