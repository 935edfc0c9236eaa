package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab"
)

// What a host is set to follows from its topology: a router forwards, who is on several
// segments takes what comes the other way, and IPv6 is set where the host has it.
func TestSettings(t *testing.T) {
	topology := lab.Topology{
		Hosts:   []string{"client", "gateway", "server", lab.SnifferHost},
		Routers: []string{"gateway"},
		Segments: []lab.SegmentSpec{
			{Name: "lan", IP: lab.IPv4 | lab.IPv6, Hosts: []string{"client", "gateway"}},
			{Name: "dmz", Hosts: []string{"gateway", "server"}},
		},
	}
	of := func(host string) (four, six []string) {
		for _, s := range Settings(topology, host) {
			line := s.Sysctl() + "=" + s.Value
			if s.IsIPv6() {
				six = append(six, line)
			} else {
				four = append(four, line)
			}
		}
		return four, six
	}
	four, six := of("server")
	if diff := cmp.Diff([]string{"net.ipv4.ip_forward=0", "net.ipv4.icmp_ratelimit=0", "net.ipv4.tcp_wmem=4096 16384 131072"}, four); diff != "" || len(six) > 0 {
		t.Errorf("server, of IPv4 alone (-want +got):\n%s\n%v", diff, six)
	}
	four, six = of("gateway")
	want := []string{"net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0", "net.ipv4.tcp_wmem=4096 16384 131072", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.all.send_redirects=0"}
	if diff := cmp.Diff(want, four); diff != "" {
		t.Errorf("gateway (-want +got):\n%s", diff)
	}
	all := strings.Join(six, " ") + " "
	for _, setting := range []string{"conf.all.forwarding=1", "conf.default.force_mld_version=1", "conf.default.accept_dad=0", "conf.default.router_solicitations=0"} {
		if !strings.Contains(all, setting+" ") {
			t.Errorf("gateway lacks %s: %s", setting, all)
		}
	}
	if _, six = of("client"); !strings.Contains(strings.Join(six, " "), "conf.all.forwarding=0") {
		t.Errorf("client forwards: %v", six)
	}
}
