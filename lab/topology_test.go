package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// segments reads "lan: client1 r1; dmz: r1 server", with a subnet behind the name where
// one is given. Hosts whose names begin with r are routers.
func segments(s string) Topology {
	var t Topology
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ";") {
		name, hosts, _ := strings.Cut(part, ":")
		words := strings.Fields(name)
		spec := SegmentSpec{Name: words[0], Hosts: strings.Fields(hosts)}
		if len(words) > 1 {
			spec.Subnet = netip.MustParsePrefix(words[1])
		}
		for _, h := range spec.Hosts {
			if seen[h] {
				continue
			}
			seen[h] = true
			t.Hosts = append(t.Hosts, h)
			if strings.HasPrefix(h, "r") {
				t.Routers = append(t.Routers, h)
			}
		}
		t.Segments = append(t.Segments, spec)
	}
	t.Hosts = append(t.Hosts, SnifferHost)
	return t
}

// describe writes a host's ports: "eth0 lan 02:00:00:00:00:0a 10.77.0.10/24".
func describe(ports []Port) string {
	var out []string
	for _, p := range ports {
		out = append(out, fmt.Sprint(p.Device, " ", p.Segment, " ", p.MAC, " ", p.Addrs[0]))
	}
	return strings.Join(out, ", ")
}

func TestPorts(t *testing.T) {
	two := segments("lan: client1 client2 r1; dmz 10.9.9.0/24: r1 server")
	two.Segments[1].Addresses = map[string]netip.Addr{"server": netip.MustParseAddr("10.9.9.9")}
	for _, test := range []struct {
		topology   Topology
		host, want string
	}{
		{DefaultTopology, "client1", "eth0 lan 02:00:00:00:00:0a 10.77.0.10/24"},
		{DefaultTopology, "sniffer", "eth0 lan 02:00:00:00:00:0d 10.77.0.13/24"},
		{Hosts("client", "server"), "server", "eth0 lan 02:00:00:00:00:0b 10.77.0.11/24"},
		{two, "client2", "eth0 lan 02:00:00:00:00:0b 10.77.0.11/24"},
		{two, "r1", "eth0 lan 02:00:00:00:00:0c 10.77.0.12/24, eth1 dmz 02:00:00:01:00:0c 10.9.9.12/24"},
		{two, "server", "eth0 dmz 02:00:00:01:00:0d 10.9.9.9/24"},
		{two, "sniffer", "eth0 lan 02:00:00:00:00:0e 10.77.0.14/24, eth1 dmz 02:00:00:01:00:0e 10.9.9.14/24"},
		{segments("a: x; b: y; c: x"), "x", "eth0 a 02:00:00:00:00:0a 10.77.0.10/24, eth1 c 02:00:00:02:00:0a 10.77.2.10/24"},
	} {
		if err := test.topology.Validate(); err != nil {
			t.Errorf("%v: %v", test.topology, err)
		}
		if got := describe(test.topology.Ports(test.host)); got != test.want {
			t.Errorf("%s has %s, want %s", test.host, got, test.want)
		}
	}
}

// Hardware addresses are one port's alone, however many hosts and segments there are.
func TestPortsAreDistinct(t *testing.T) {
	var topology Topology
	for i := range 30 {
		topology.Hosts = append(topology.Hosts, fmt.Sprintf("h%d", i))
	}
	for i := range MaxSegments {
		topology.Segments = append(topology.Segments, SegmentSpec{Name: fmt.Sprintf("s%d", i), Hosts: topology.Hosts[:30]})
	}
	topology.Hosts = append(topology.Hosts, SnifferHost)
	if err := topology.Validate(); err != nil {
		t.Fatal(err)
	}
	macs, addrs := map[string]bool{}, map[string]bool{}
	for _, h := range topology.Hosts {
		for _, p := range topology.Ports(h) {
			macs[p.MAC.String()], addrs[p.Addrs[0].String()] = true, true
		}
	}
	if want := 31 * MaxSegments; len(macs) != want || len(addrs) != want {
		t.Errorf("%d hardware and %d IP addresses of %d ports", len(macs), len(addrs), want)
	}
}

func TestRoutes(t *testing.T) {
	chain := "lan: client r1; mid: r1 r2 printer; dmz: r2 server"
	for _, test := range []struct{ topology, host, want string }{
		// One router: everybody's way out.
		{"lan: client r1; dmz: r1 server", "client", "0.0.0.0/0 via 10.77.0.11"},
		{"lan: client r1; dmz: r1 server", "server", "0.0.0.0/0 via 10.77.1.11"},
		{"lan: client r1; dmz: r1 server", "r1", ""},
		{"lan: client r1; dmz: r1 server", "sniffer", ""},
		// None, or a host on both segments that does not forward: no way out.
		{"lan: client; dmz: server", "client", ""},
		{"lan: client both; dmz: both server", "client", ""},
		{"lan: client both; dmz: both server", "both", ""},
		// Two: which of them is not for the lab to say.
		{"lan: client r1 r2; dmz: r1 server; wan: r2 web", "client", ""},
		{"lan: client r1 r2; dmz: r1 server; wan: r2 web", "server", "0.0.0.0/0 via 10.77.1.11"},
		{"lan: client r1 r2; dmz: r1 server; wan: r2 web", "r1", "10.77.2.0/24 via 10.77.0.12"},
		// One router on one of two segments.
		{"lan: both; dmz: both r1; wan: r1 web", "both", "0.0.0.0/0 via 10.77.1.11"},
		// A chain.
		{chain, "client", "0.0.0.0/0 via 10.77.0.11"},
		{chain, "r1", "10.77.2.0/24 via 10.77.1.12"},
		{chain, "printer", ""},
		{chain, "r2", "10.77.0.0/24 via 10.77.1.11"},
		{chain, "server", "0.0.0.0/0 via 10.77.2.12"},
		{"a: r1; b: r1 r2; c: r2 r3; d: r3 server", "r1", "10.77.2.0/24 via 10.77.1.11, 10.77.3.0/24 via 10.77.1.11"},
		// A ring: the shorter way, and none where both are as long.
		{"a: r1 r2; b: r2 r3; c: r3 r1", "r1", ""},
		{"a: r1 r2; b: r2 r3; c: r3 r4; d: r4 r1", "r1", "10.77.1.0/24 via 10.77.0.11, 10.77.2.0/24 via 10.77.3.13"},
		{"a: r1 r2; b: r2 r3; c: r3 r4; d: r4 r5; e: r5 r1", "r1", "10.77.1.0/24 via 10.77.0.11, 10.77.3.0/24 via 10.77.4.14"},
		// Two cables between two routers are two ways.
		{"a: r1 r2; b: r1 r2; c: r2 server", "r1", ""},
		// Parts that nothing connects.
		{"a: r1 x; b: r1 y; c: r2 z; d: r2 w", "r1", ""},
	} {
		topology := segments(test.topology)
		if err := topology.Validate(); err != nil {
			t.Errorf("%s: %v", test.topology, err)
		}
		var got []string
		for _, r := range topology.Routes(test.host) {
			got = append(got, fmt.Sprint(r.To, " via ", r.Via))
		}
		if got := strings.Join(got, ", "); got != test.want {
			t.Errorf("%s: %s has %q, want %q", test.topology, test.host, got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	chain := segments("lan: client r1; mid: r1 r2; dmz: r2 server; far: alone")
	for _, test := range []struct{ viewer, host, want string }{
		{"client", "server", "10.77.2.13"},
		{"client", "r1", "10.77.0.11 10.77.1.11"},
		{"server", "r1", "10.77.1.11 10.77.0.11"},
		{"client", "r2", "10.77.1.12 10.77.2.12"},
		{"r1", "r2", "10.77.1.12 10.77.2.12"},
		{"server", "r2", "10.77.2.12 10.77.1.12"},
		{"client", "client", "10.77.0.10"},
		{"client", "alone", "10.77.3.14"},
		{"alone", "r1", "10.77.0.11 10.77.1.11"},
		{"client", "sniffer", "10.77.0.15 10.77.1.15 10.77.2.15 10.77.3.15"},
		{"server", "sniffer", "10.77.2.15 10.77.1.15 10.77.0.15 10.77.3.15"},
	} {
		got := strings.Trim(fmt.Sprint(chain.Names(test.viewer)[test.host]), "[]")
		if got != test.want {
			t.Errorf("%s knows %s as %s, want %s", test.viewer, test.host, got, test.want)
		}
	}
}

func TestTopologyMistakes(t *testing.T) {
	with := func(s string, change func(*Topology)) Topology {
		topology := segments(s)
		change(&topology)
		return topology
	}
	given := func(host, addr string) func(*Topology) {
		return func(t *Topology) { t.Segments[0].Addresses = map[string]netip.Addr{host: netip.MustParseAddr(addr)} }
	}
	many := Topology{Hosts: []string{"x", SnifferHost}}
	for i := range MaxSegments + 1 {
		many.Segments = append(many.Segments, SegmentSpec{Name: fmt.Sprintf("s%d", i), Hosts: []string{"x"}})
	}
	crowd := Topology{}
	for i := range 200 {
		crowd.Hosts = append(crowd.Hosts, fmt.Sprintf("h%d", i))
	}
	for i := range 6 {
		crowd.Segments = append(crowd.Segments, SegmentSpec{Name: fmt.Sprintf("s%d", i), Hosts: crowd.Hosts[:200]})
	}
	crowd.Hosts = append(crowd.Hosts, SnifferHost)
	for _, test := range []struct {
		topology Topology
		want     string // in the error
	}{
		{Topology{Hosts: []string{"a", "a", SnifferHost}}, "named twice"},
		{Topology{Hosts: []string{"a"}}, `no host "sniffer"`},
		{Topology{Hosts: []string{"Server", SnifferHost}}, "lower-case"},
		{Topology{Hosts: []string{"localhost", SnifferHost}}, "every host's own"},
		{with("lan: a; dmz: b", func(t *Topology) { t.Hosts = append(t.Hosts, "c") }), `host "c" is on no segment`},
		{with("lan: a; dmz: b", func(t *Topology) { t.Hosts = t.Hosts[1:] }), `host "a" is on no segment`},
		{with("lan: a; dmz: b", func(t *Topology) { t.Routers = []string{"a"} }), `router "a" is on one segment alone`},
		{with("lan: a; dmz: b", func(t *Topology) { t.Routers = []string{"nobody"} }), `host "nobody" is on no segment`},
		{with("lan: a; dmz: b", func(t *Topology) { t.Routers = []string{SnifferHost} }), "does not forward"},
		{with("lan: a; lan: b", func(t *Topology) {}), "twice"},
		{with("LAN: a", func(t *Topology) {}), "lower-case"},
		{with("a: a", func(t *Topology) {}), "of a host and of a segment"},
		{with("lan: a; dmz:", func(t *Topology) {}), `"dmz" has no host`},
		{with("lan: a a", func(t *Topology) {}), `twice on segment "lan"`},
		{with("lan: a", func(t *Topology) { t.Segments[0].Hosts = []string{"a", SnifferHost} }), "every segment by itself"},
		{with("lan 10.9.9.5/24: a", func(t *Topology) {}), "write 10.9.9.0/24"},
		{with("lan: a", func(t *Topology) { t.Segments[0].Subnet = netip.MustParsePrefix("fd00::/64") }), "want IPv4"},
		{with("lan 10.9.9.9/32: a", func(t *Topology) {}), "/8 to /30"},
		{with("lan 0.0.0.0/0: a", func(t *Topology) {}), "/8 to /30"},
		{with("lan 127.0.0.0/24: a", func(t *Topology) {}), "not for hosts"},
		{with("lan 224.0.0.0/24: a", func(t *Topology) {}), "not for hosts"},
		{with("lan 169.254.0.0/16: a", func(t *Topology) {}), "not for hosts"},
		{with("lan: a; dmz 10.0.0.0/8: b", func(t *Topology) {}), "overlaps 10.77.0.0/24"},
		{with("lan 10.9.9.0/29: a", func(t *Topology) {}), "no address by rule for a"},
		{with("lan: a b", given("a", "10.9.9.9")), "none of subnet 10.77.0.0/24"},
		{with("lan: a b", given("a", "10.77.0.0")), "none of subnet"},
		{with("lan: a b", given("a", "10.77.0.255")), "none of subnet"},
		{with("lan: a b", given("a", "10.77.0.11")), "that of a and of b"},
		{with("lan: a b", given("nobody", "10.77.0.11")), `"nobody" is not on segment "lan"`},
		{many, "at most 32"},
		{crowd, "at most 1000"},
	} {
		if err := test.topology.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: error %v, want one with %q", test.topology, err, test.want)
		}
	}
}

// Who is on which segment does not depend on the form in which the topology is written.
func TestOneSegmentInBothForms(t *testing.T) {
	short, long := Hosts("a", "b"), segments("lan: a b")
	for _, h := range short.Hosts {
		if diff := cmp.Diff(describe(short.Ports(h)), describe(long.Ports(h))); diff != "" {
			t.Errorf("%s (-short +long):\n%s", h, diff)
		}
	}
}
