package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// six is a network of IPv6 alone, of both versions and of IPv4 alone.
func six() Topology {
	t := segments("lan: client r1; both: r1 r2; old: r2 server")
	t.Segments[0].IP = IPv6
	t.Segments[1].IP = IPv4 | IPv6
	return t
}

// Addresses of IPv6 read as those of IPv4 do, and routers have one of the link, too.
func TestPorts6(t *testing.T) {
	many := segments("lan: x")
	many.Hosts = nil
	many.Segments[0].Hosts = nil
	for i := range 200 {
		many.Hosts = append(many.Hosts, fmt.Sprintf("h%d", i))
	}
	many.Segments[0].Hosts = many.Hosts
	many.Hosts = append(many.Hosts, SnifferHost)
	many.Segments[0].IP = IPv6
	given := segments("lan: a b; dmz: b c")
	given.Segments[0].Subnet6 = netip.MustParsePrefix("fd09:1::/48")
	given.Segments[0].Addresses6 = map[string]netip.Addr{"a": netip.MustParseAddr("fd09:1::a")}
	given.Segments[1].Subnet = netip.MustParsePrefix("10.9.9.0/24")
	given.Segments[1].Subnet6 = netip.MustParsePrefix("fd09:2::/64")
	for _, test := range []struct {
		topology   Topology
		host, want string
	}{
		{six(), "client", "[fd77::10/64]"},
		{six(), "r1", "[fd77::11/64 fe80::11/64] [10.77.1.11/24 fd77:0:0:1::11/64 fe80::1:0:11/64]"},
		{six(), "r2", "[10.77.1.12/24 fd77:0:0:1::12/64 fe80::1:0:12/64] [10.77.2.12/24]"},
		{six(), SnifferHost, "[fd77::14/64] [10.77.1.14/24 fd77:0:0:1::14/64] [10.77.2.14/24]"},
		{many, "h189", "[fd77::199/64]"},
		{given, "a", "[fd09:1::a/48]"},
		{given, "b", "[fd09:1::11/48] [10.9.9.11/24 fd09:2::11/64]"},
	} {
		if err := test.topology.Validate(); err != nil {
			t.Errorf("%v: %v", test.topology.Segments, err)
		}
		var got []string
		for _, p := range test.topology.Ports(test.host) {
			got = append(got, fmt.Sprint(p.Addrs))
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.host, diff)
		}
	}
}

// Either version of IP is routed over the segments that have it.
func TestRoutes6(t *testing.T) {
	for host, want := range map[string]string{
		"client": "[{::/0 fd77::11}]",
		"r1":     "[{10.77.2.0/24 10.77.1.12}]",
		"r2":     "[{fd77::/64 fd77:0:0:1::11}]",
		"server": "[{0.0.0.0/0 10.77.2.12}]",
	} {
		if got := fmt.Sprint(six().Routes(host)); got != want {
			t.Errorf("%s has %s, want %s", host, got, want)
		}
	}
	if got := fmt.Sprint(six().Names("client")["r2"]); got != "[fd77:0:0:1::12 10.77.1.12 10.77.2.12]" {
		t.Errorf("the client knows r2 by %s, not first by what it can reach", got)
	}
}

func TestValidate6(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(*Topology)
		want string
	}{
		{"too short a subnet", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("fd00::/8") }, "/16 to /112"},
		{"too long a subnet", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("fd00::/120") }, "/16 to /112"},
		{"an IPv4 subnet in IPv6", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("::ffff:10.0.0.0/104") }, "/16 to /112"},
		{"a host's address", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("fd09::1/64") }, "write fd09::/64"},
		{"link-local", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("fe80::/64") }, "not for hosts"},
		{"multicast", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("ff00::/16") }, "not for hosts"},
		{"loopback", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("::/64") }, "not for hosts"},
		{"one subnet for two", func(t *Topology) { t.Segments[0].Subnet6 = netip.MustParsePrefix("fd77:0:0:1::/64") }, "overlap"},
		{"an address of a version that is not there", func(t *Topology) {
			t.Segments[2].Addresses6 = map[string]netip.Addr{"server": netip.MustParseAddr("fd09::1")}
		}, "write ipv4 or ipv6"},
		{"an IPv4 address without IPv4", func(t *Topology) {
			t.Segments[0].Addresses = map[string]netip.Addr{"client": netip.MustParseAddr("10.77.0.9")}
		}, "write ipv4 or ipv6"},
		{"an address of another subnet", func(t *Topology) {
			t.Segments[0].Addresses6 = map[string]netip.Addr{"client": netip.MustParseAddr("fd09::1")}
		}, "none of subnet fd77::/64"},
		{"an address with a zone", func(t *Topology) {
			t.Segments[0].Addresses6 = map[string]netip.Addr{"client": netip.MustParseAddr("fd77::9%eth0")}
		}, "none of subnet fd77::/64"},
		{"every router's address", func(t *Topology) {
			t.Segments[0].Addresses6 = map[string]netip.Addr{"client": netip.MustParseAddr("fd77::")}
		}, "none of subnet fd77::/64"},
		{"routers whose addresses of the link would be one", func(t *Topology) {
			t.Segments[1].Addresses6 = map[string]netip.Addr{"r1": netip.MustParseAddr("fd77:0:0:1:1::5"), "r2": netip.MustParseAddr("fd77:0:0:1:2::5")}
		}, "fe80::1:0:5"},
		{"an address that is taken", func(t *Topology) {
			t.Segments[0].Addresses6 = map[string]netip.Addr{"client": netip.MustParseAddr("fd77::11")}
		}, "fd77::11"},
	} {
		topology := six()
		if test.make(&topology); topology.Validate() == nil || !strings.Contains(topology.Validate().Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, topology.Validate(), test.want)
		}
	}
}

// More hosts than a segment has numbers are on several, and each has a number of its own
// on its segments.
func TestManyHosts(t *testing.T) {
	topology := Topology{Hosts: []string{"gateway"}, Routers: []string{"gateway"}}
	for s := range 3 {
		spec := SegmentSpec{Name: fmt.Sprintf("s%d", s), IP: IPv4 | IPv6, Hosts: []string{"gateway"}}
		for i := range 100 {
			spec.Hosts = append(spec.Hosts, fmt.Sprintf("h%d", 100*s+i))
		}
		topology.Hosts = append(topology.Hosts, spec.Hosts[1:]...)
		topology.Segments = append(topology.Segments, spec)
	}
	topology.Hosts = append(topology.Hosts, SnifferHost)
	if err := topology.Validate(); err != nil {
		t.Fatal(err)
	}
	owner := map[netip.Addr]string{}
	for _, host := range topology.Hosts {
		for _, p := range topology.Ports(host) {
			for _, prefix := range p.Addrs {
				if other := owner[prefix.Addr()]; other != "" {
					t.Errorf("%s has %s, and so does %s", host, prefix, other)
				}
				owner[prefix.Addr()] = host
			}
		}
	}
	// The first hosts' numbers are what they would be among fewer; who comes to a number
	// that the gateway has takes the next.
	if owner[netip.MustParseAddr("10.77.0.11")] != "h0" || owner[netip.MustParseAddr("fd77:0:0:2::11")] != "h252" {
		t.Errorf(".11 is %s on the first segment, and ::11 %s on the third", owner[netip.MustParseAddr("10.77.0.11")], owner[netip.MustParseAddr("fd77:0:0:2::11")])
	}
	for i := range MaxHosts {
		topology.Segments[0].Hosts = append(topology.Segments[0].Hosts, fmt.Sprintf("x%d", i))
		topology.Hosts = append(topology.Hosts, fmt.Sprintf("x%d", i))
	}
	if err := topology.Validate(); err == nil || !strings.Contains(err.Error(), "at most 253") {
		t.Errorf("more hosts on a segment than it has numbers: %v", err)
	}
}
