package netns

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab"
	"wirelab/lab/wire"
)

// client ── lan ── r1 ── mid ── r2 ── dmz ── server        and both on lan and dmz
func chain() lab.Topology {
	return lab.Topology{
		Hosts: []string{"client", "r1", "r2", "server", "both", lab.SnifferHost},
		Segments: []lab.SegmentSpec{
			{Name: "lan", Hosts: []string{"client", "r1", "both"}},
			{Name: "mid", Hosts: []string{"r1", "r2"}},
			{Name: "dmz", Subnet: netip.MustParsePrefix("10.9.9.0/24"), Hosts: []string{"r2", "server", "both"}, Addresses: map[string]netip.Addr{"server": netip.MustParseAddr("10.9.9.9")}},
		},
		Routers: []string{"r1", "r2"},
	}
}

// What was made is what the topology says, and so are names and what forwards.
func TestHostsOnSegments(t *testing.T) {
	topology := chain()
	n := upWith(t, topology)
	for _, name := range topology.Hosts {
		h := n.Host(name)
		if diff := cmp.Diff(topology.Ports(name), h.Ports(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		want := "0"
		if topology.IsRouter(name) {
			want = "1"
		}
		for _, port := range h.Ports() {
			if out, _ := sh(t, h, "cat /proc/sys/net/ipv4/conf/"+port.Device+"/forwarding"); strings.TrimSpace(out) != want {
				t.Errorf("%s forwards on %s: %q, want %s", name, port.Device, out, want)
			}
			if out, _ := sh(t, h, "cat /proc/sys/net/ipv4/neigh/"+port.Device+"/delay_first_probe_time"); strings.TrimSpace(out) != "3600" {
				t.Errorf("%s probes neighbours on %s after %q seconds", name, port.Device, out)
			}
		}
		for other, addrs := range topology.Names(name) {
			out, _ := sh(t, h, "grep -w "+other+" /etc/hosts | cut -f 1")
			var want string
			for _, addr := range addrs {
				want += addr.String() + "\n"
			}
			if out != want {
				t.Errorf("%s knows %s as %q, want %q", name, other, out, want)
			}
		}
	}
	// The resolver takes the nearest, however many there are.
	if out, _ := sh(t, n.Host("server"), "getent ahostsv4 both | head -n 1"); !strings.HasPrefix(out, "10.9.9.14 ") {
		t.Errorf("server knows both as %q", out)
	}
}

// A segment's bridge has its own ports, and its own mode.
func TestSegmentsAreTheirOwn(t *testing.T) {
	n := upWith(t, chain())
	if n.Segment("wan") != nil || n.Segment(lab.DefaultSegment) == nil {
		t.Error("segments are not those of the topology")
	}
	lan, mid := n.Segment("lan").MachinePorts(), n.Segment("mid").MachinePorts()
	if len(lan) != 1+4 || len(mid) != 1+3 {
		t.Errorf("%d and %d addresses of the machine, want the bridge and a port for each host and the sniffer", len(lan), len(mid))
	}
	for _, mac := range mid {
		if slices.Contains(lan, mac) {
			t.Errorf("%v is on both", mac)
		}
	}
	if err := n.Segment("mid").SetMode(t.Context(), lab.Switch); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]lab.Mode{"lan": lab.Hub, "mid": lab.Switch, "dmz": lab.Hub} {
		found, err := callVia(t.Context(), n.(*network), request{Op: "hosts"})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(found.Segments, func(s wire.Segment) bool { return s.Name == name })
		if at < 0 || found.Segments[at].Mode != want {
			t.Errorf("%s: %+v, want a %s", name, found.Segments, want)
		}
	}
	if _, err := callVia(t.Context(), n.(*network), request{Op: "mode", Segment: "wan", Mode: lab.Hub}); err == nil || !strings.Contains(err.Error(), `no segment "wan"`) {
		t.Errorf("the mode of a segment that is not there: %v", err)
	}
}
