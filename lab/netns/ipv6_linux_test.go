package netns

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// sixes is a network of IPv6 alone, of both versions and of IPv4 alone, with a router
// between each two of them:
//
//	client ── lan ── r1 ── both ── r2 ── old ── server
var sixes = lab.Topology{
	Hosts:   []string{"client", "r1", "r2", "server", lab.SnifferHost},
	Routers: []string{"r1", "r2"},
	Segments: []lab.SegmentSpec{
		{Name: "lan", IP: lab.IPv6, Hosts: []string{"client", "r1"}},
		{Name: "both", IP: lab.IPv4 | lab.IPv6, Hosts: []string{"r1", "r2"}},
		{Name: "old", Hosts: []string{"r2", "server"}},
	},
}

// Hosts have the addresses of IPv6 that their topology says, no others, and names for
// them; they forward, or do not; and they have said all that they say by themselves.
func TestIPv6(t *testing.T) {
	n := upWith(t, sixes)
	for _, host := range sixes.Hosts {
		h := n.Host(host)
		out, _ := sh(t, h, "awk '$6 != \"lo\" {print $1}' /proc/net/if_inet6 | sort")
		var want []string
		for _, p := range h.Ports() {
			for _, prefix := range p.Addrs {
				if prefix.Addr().Is6() {
					want = append(want, strings.ReplaceAll(prefix.Addr().StringExpanded(), ":", ""))
				}
			}
		}
		for _, addr := range want {
			if !strings.Contains(out, addr) {
				t.Errorf("%s lacks %s, it has\n%s", host, addr, out)
			}
		}
		if len(strings.Fields(out)) != len(want) {
			t.Errorf("%s has\n%swant %s", host, out, want)
		}
		forwards := "0"
		if sixes.IsRouter(host) {
			forwards = "1"
		}
		if host != "server" { // which has IPv4 alone
			if out, _ := sh(t, h, "cat /proc/sys/net/ipv6/conf/all/forwarding"); strings.TrimSpace(out) != forwards {
				t.Errorf("%s: forwarding is %s, want %s", host, out, forwards)
			}
			if out, _ := sh(t, h, "cat /proc/sys/net/ipv6/neigh/eth0/delay_first_probe_time"); strings.TrimSpace(out) != "3600" {
				t.Errorf("%s probes neighbours after %q seconds", host, out)
			}
		}
		// No solicitation (133, 135), no advertisement (134, 136); and what is reported is
		// all: once or twice it would be on its way.
		if out, _ := sh(t, h, "grep -h OutType /proc/net/dev_snmp6/eth* | grep -v 'Type131\\|Type143'"); out != "" {
			t.Errorf("%s has sent\n%s", host, out)
		}
	}
	if out, code := sh(t, n.Host("client"), "cat /etc/hosts"); code != 0 || !strings.Contains(out, "fd77:0:0:1::12\tr2\n") {
		t.Errorf("the client's names are\n%s", out)
	}
}

// What is forgotten is all that was learnt, of IPv6 too.
func TestFlushNeighbours6(t *testing.T) {
	n := upWith(t, sixes)
	client := n.Host("client").(*remoteHost)
	l, err := n.Host("r2").(lab.SocketHost).Listen(t.Context(), "tcp6", "[fd77:0:0:1::12]:7")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := client.Dial(t.Context(), "tcp6", l.Addr().String()) // by r1, which is found first
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if from := c.LocalAddr().(*net.TCPAddr).IP.String(); from != "fd77::10" {
		t.Errorf("dialled from %s", from)
	}
	known := func() string {
		out, _ := sh(t, client, "ip -6 neigh show nud reachable nud stale nud delay nud probe 2>/dev/null")
		return out
	}
	if _, code := sh(t, client, "ip -V"); code != 0 {
		require.Missing(t, "iproute2", "no ip to look at neighbours with")
	}
	if before := known(); !strings.Contains(before, "fd77::11") {
		t.Fatalf("the client has dialled by way of r1, and knows\n%s", before)
	}
	if err := client.FlushNeighbours(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := known(); left != "" {
		t.Errorf("after the flush there is still\n%s", left)
	}
}

// Where IPv6 cannot be kept silent, or is not there, it is told what can be done.
func TestIPv6Unavailable(t *testing.T) {
	for _, code := range []string{"netns.ipv6.none", "netns.ipv6.settings"} {
		told := &wire.Refusal{Text: "x", Errno: 30, Told: i18n.Msg(code, "Cause", "read-only file system")}
		u, ok := explain(fmt.Errorf("up: %w", told)).(*lab.Unavailable)
		if !ok || u.Cause.Code != code || len(u.Advice) != 2 {
			t.Errorf("%s: %v", code, u)
		}
	}
}
