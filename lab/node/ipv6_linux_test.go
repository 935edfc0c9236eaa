package node

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

func sysctl6(t *testing.T, name, value string) {
	t.Helper()
	must(t, os.WriteFile("/proc/sys/net/ipv6/"+name, []byte(value), 0))
}

// address6 gives an interface an address that can be used at once.
func address6(t *testing.T, name, prefix string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	a, err := netlink.ParseAddr(prefix)
	must(t, err)
	a.Flags = unix.IFA_F_NODAD
	must(t, netlink.AddrAdd(l, a))
}

// TestPing6 pings itself, through a router, and where nobody is:
//
//	eth0 fd00:1::2 ---- r0 fd00:1::1 [router] r1 fd00:2::1
func TestPing6(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	veth(t, "eth0", "r0")
	address6(t, "eth0", "fd00:1::2/64")
	elsewhere(t, "r0", func() {
		sysctl6(t, "conf/all/forwarding", "1")
		veth(t, "r1", "r2")
		address6(t, "r0", "fd00:1::1/64")
		address6(t, "r1", "fd00:2::1/64")
		up(t, "r0")
	})
	_, beyond, err := net.ParseCIDR("fd00:2::/64")
	must(t, err)
	must(t, netlink.RouteAdd(&netlink.Route{Dst: beyond, Gw: net.ParseIP("fd00:1::1")}))
	sysctl6(t, "neigh/eth0/retrans_time_ms", "300") // three of them are what a busy router has to answer
	t.Setenv(hostnames.Variable, "router=fd00:1::1")
	one := quick
	one.count = 1
	for _, datagrams := range []bool{false, true} { // a new namespace allows no group
		if datagrams {
			sysctl(t, "ping_group_range", "0 0")
		}
		line := `64 bytes from router \(fd00:1::1\): icmp_seq=%d ttl=64 time=\d+(\.\d+)? ms\n`
		checkPing(t, "router", quick, exit.OK, `PING router \(fd00:1::1\) 56\(104\) bytes of data\.\n`+
			strings.ReplaceAll(line, "%d", "1")+strings.ReplaceAll(line, "%d", "2")+strings.ReplaceAll(line, "%d", "3")+
			`\n--- router ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time \d+ms\n.*\n`)
		near := one
		near.ttl = 1
		checkPing(t, "fd00:2::5", near, exit.Failed, `PING .*\nFrom fd00:1::1 icmp_seq=1 Time exceeded: Hop limit\n(.|\n)*\+1 errors(.|\n)*`)
		checkPing(t, "fd00:1::77", one, exit.Failed, `PING .*\nFrom fd00:1::2 icmp_seq=1 Destination unreachable: Address unreachable\n(.|\n)*`)
		checkPing(t, "2001:db8::1", one, exit.Usage, `PING .*\n`) // no route
		large := one
		large.size = 4000
		checkPing(t, "fd00:1::1", large, exit.OK, `(.|\n)*4008 bytes from fd00:1::1: icmp_seq=1(.|\n)*`)
	}
}

// TestMark6 reads the marker of a host without IPv4 from the other end of the wire.
func TestMark6(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	sysctl6(t, "conf/default/addr_gen_mode", "1") // link-local addresses would send, too
	veth(t, "eth0", "other")
	address6(t, "eth0", "fd00::5/64")
	ifi, err := net.InterfaceByName("other")
	must(t, err)
	wire, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_IPV6, nil)
	must(t, err)
	defer wire.Close()
	must(t, wire.SetReadDeadline(time.Now().Add(patience)))
	s, err := openMarkSocket("eth0", "client1", true)
	must(t, err)
	defer s.Close()
	must(t, s.Mark("cold"))
	b := make([]byte, 2048)
	for {
		n, _, err := wire.ReadFrom(b)
		must(t, err)
		p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: b[:n], Length: n}}
		p.Decode()
		if m, ok := trace.MarkerOf(&p); ok {
			if m.Label != "cold" || m.Host != "client1" || !m.Counted || p.Src != netip.MustParseAddr("fd00::5") {
				t.Errorf("marker %+v from %s", m, p.Src)
			}
			return
		}
		if p.Has(sniffer.UDP) {
			t.Errorf("a datagram that is no marker: % x", b[:n])
		}
	}
}

// A neighbour of IPv6 is set, shown and forgotten as one of IPv4 is; groups are none.
func TestNeigh6(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	veth(t, "eth0", "other")
	address6(t, "eth0", "fd00::5/64")
	must(t, addNeighbour("eth0", netip.MustParseAddr("fd00::7"), net.HardwareAddr{2, 0, 0, 0, 0, 7}))
	link, err := netlink.LinkByName("eth0")
	must(t, err)
	must(t, netlink.NeighSet(&netlink.Neigh{LinkIndex: link.Attrs().Index, Family: netlink.FAMILY_V6, State: netlink.NUD_STALE,
		IP: net.ParseIP("fd00::8"), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 8}}))
	for _, want := range []string{"fd00::7 02:00:00:00:00:07 PERMANENT\nfd00::8 02:00:00:00:00:08 STALE\n", "fd00::7 02:00:00:00:00:07 PERMANENT\n"} {
		var out bytes.Buffer
		must(t, showNeighbours(&out, "eth0"))
		lines := strings.SplitAfter(out.String(), "\n")
		for _, line := range strings.SplitAfter(want, "\n") {
			if !strings.Contains(out.String(), line) {
				t.Errorf("there is %q, want %q", lines, line)
			}
		}
		if strings.Contains(out.String(), "ff02:") || len(lines) != strings.Count(want, "\n")+1 {
			t.Errorf("there is %q, want %q", lines, want)
		}
		must(t, FlushNeighbours("eth0"))
	}
}
