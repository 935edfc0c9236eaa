package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// given gives a host an address on the first segment.
func given(t Topology, host, addr string) Topology {
	s := &t.Segments[0]
	if a := netip.MustParseAddr(addr); a.Is4() {
		s.Addresses = map[string]netip.Addr{host: a}
	} else {
		s.Addresses6 = map[string]netip.Addr{host: a}
	}
	return t
}

// ipv6Beside is a segment of IPv6 by rule, and one of a given subnet.
func ipv6Beside(subnet string) Topology {
	t := segments("lan: client r1; dmz: r1 server")
	t.Segments[0].IP, t.Segments[1].Subnet6 = IPv6, netip.MustParsePrefix(subnet)
	return t
}

// crowded is a segment of so many hosts, of which the last has an address that no number
// makes without a seed.
func crowded(hosts int) Topology {
	spec := SegmentSpec{Name: "lan"}
	for i := range hosts {
		spec.Hosts = append(spec.Hosts, fmt.Sprintf("h%d", i))
	}
	last := spec.Hosts[hosts-1]
	spec.Addresses = map[string]netip.Addr{last: netip.AddrFrom4([4]byte{10, 77, 0, byte(plainNumber(hosts - 1))})}
	return Topology{Hosts: append(slices.Clone(spec.Hosts), SnifferHost), Segments: []SegmentSpec{spec}}
}

// allButPlain has every subnet of 10.0.0.0/8 but the plain one of its first segment.
func allButPlain() Topology {
	t := segments("lan: a b")
	plain := plainSubnet(0)
	for bits := 9; bits <= plain.Bits(); bits++ {
		half := plain.Addr().As4()
		half[(bits-1)/8] ^= 0x80 >> ((bits - 1) % 8)
		prefix := netip.PrefixFrom(netip.AddrFrom4(half), bits).Masked()
		t.Segments = append(t.Segments, SegmentSpec{Name: fmt.Sprintf("s%d", bits), Subnet: prefix, Hosts: []string{"a"}})
	}
	return t
}

// No seed makes a topology invalid, whatever is given in it.
func TestSeedsStayValid(t *testing.T) {
	link := ipv6Beside("fd09::/64") // a router by rule, and one whose address of the link is given
	link.Segments[0].Hosts = append(link.Segments[0].Hosts, "r2")
	link.Segments[1].Hosts = append(link.Segments[1].Hosts, "r2")
	link.Hosts, link.Routers = []string{"client", "r1", "server", "r2", SnifferHost}, []string{"r1", "r2"}
	for name, topology := range map[string]Topology{
		"a subnet":                          segments("lan: a b; dmz 10.9.0.0/16: b c"),
		"a subnet behind one by rule":       segments("dmz 10.9.0.0/16: b c; lan: a b; wan: a c"),
		"half of 10.0.0.0/8":                segments("lan: a b; dmz 10.128.0.0/9: b c"),
		"three quarters":                    segments("lan: a b; dmz 10.128.0.0/9: b c; wan 10.0.0.0/10: c d"),
		"all of 10.0.0.0/8 but one":         allButPlain(),
		"an address by rule":                given(segments("lan: a b; dmz: b c"), "a", "10.77.0.1"),
		"an address by rule beside subnets": given(segments("lan: a b; dmz: b c; wan 10.9.0.0/16: c d"), "a", "10.77.0.1"),
		"an address that is a number":       given(segments("lan 10.9.0.0/24: a b; dmz: b c"), "a", "10.9.0.30"),
		"a narrow subnet":                   given(segments("lan 10.9.0.0/28: a b; dmz: b c"), "a", "10.9.0.1"),
		"a crowd":                           crowded(100),
		"as many as there can be":           crowded(MaxHosts - 1),
		"an IPv6 subnet":                    ipv6Beside("fd77:9000::/20"),
		"half of fd77::/16":                 ipv6Beside("fd77:8000::/17"),
		"an IPv6 address":                   given(ipv6Beside("fd09::/64"), "client", "fd77::1"),
		"an IPv6 address that is a number":  given(ipv6Beside("fd09::/64"), "client", "fd77::135"),
		"an IPv6 address of the link":       given(link, "r2", "fd77::1:0:0:30"),
		"one segment":                       DefaultTopology,
	} {
		if err := topology.Validate(); err != nil {
			t.Errorf("%s, without a seed: %v", name, err)
			continue
		}
		for i := range 100_000 / (100 + len(topology.Hosts)*len(topology.Hosts)) {
			topology.Seed = seedOf(fmt.Sprint(i))
			if err := topology.Validate(); err != nil {
				t.Errorf("%s, seed %d: %v", name, i, err)
				break
			}
		}
	}
}

// So it is of any topology.
func TestSeedsOfAnyTopology(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 3000 {
		topology := Topology{Hosts: []string{"a", "b", "c", SnifferHost}}
		for i := range 1 + r.IntN(4) {
			s := SegmentSpec{Name: fmt.Sprintf("s%d", i), Hosts: []string{"a", "b", "c"}, IP: Versions(r.IntN(4))}
			if r.IntN(2) == 0 {
				s.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))}), 8+r.IntN(21)).Masked()
			}
			if r.IntN(3) == 0 {
				s.Subnet6 = netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfd, 0x77, byte(r.IntN(256)), byte(r.IntN(256)), 7: byte(r.IntN(4))}), 16+r.IntN(97)).Masked()
			}
			topology.Segments = append(topology.Segments, s)
		}
		for i, s := range topology.Segments {
			s.Addresses, s.Addresses6 = map[string]netip.Addr{}, map[string]netip.Addr{}
			for _, subnet := range topology.Subnets(i) {
				if r.IntN(2) == 0 {
					continue
				}
				if subnet.Addr().Is4() {
					s.Addresses["b"] = address4(subnet, 1+r.IntN(20))
				} else {
					s.Addresses6["b"] = address6(subnet, 1+r.IntN(MaxHosts))
				}
			}
			topology.Segments[i] = s
		}
		if r.IntN(2) == 0 && len(topology.Segments) > 1 {
			topology.Routers = []string{"a", "b"}
		}
		if topology.Validate() != nil {
			continue
		}
		valid++
		for range 10 {
			topology.Seed = r.Uint64()
			if err := topology.Validate(); err != nil {
				t.Fatalf("%+v: %v", topology, err)
			}
		}
	}
	if valid < 500 {
		t.Errorf("%d topologies are valid", valid)
	}
}

// A text gives the lab that it has always given: captures of it are judged later.
func TestSeedsKeepTheirAddresses(t *testing.T) {
	for _, test := range []struct {
		topology   Topology
		host, want string
	}{
		{DefaultTopology, "client2", "[{eth0 lan 02:7f:ae:00:00:0c [10.159.136.153/24]}]"},
		{segments("lan: a b; dmz 10.9.0.0/16: b c"), "b", "[{eth0 lan 02:7f:ae:00:00:0b [10.159.136.149/24]} {eth1 dmz 02:7f:ae:01:00:0b [10.9.0.149/16]}]"},
		// The first seed of the text says a subnet that is given, and another is taken.
		{segments("lan: a b; dmz 10.159.0.0/16: b c"), "a", "[{eth0 lan 02:fd:37:00:00:0a [10.207.211.205/24]}]"},
		{ipv6Beside("fd77:8000::/17"), "client", "[{eth0 lan 02:fe:d0:00:00:0a [fd77:686e:e000::225/64]}]"},
	} {
		seeded := test.topology.Seeded("s07\x00mine")
		if got := fmt.Sprint(seeded.Ports(test.host)); got != test.want {
			t.Errorf("%s has %s, want %s", test.host, got, test.want)
		}
	}
}
