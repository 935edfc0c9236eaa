package lab

import (
	"net"
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// SnifferHost is the host on which the capture runs. Every topology has it.
const SnifferHost = trace.SnifferHost

// DefaultSegment is the one segment that today's topologies have.
const DefaultSegment = "lan"

// MaxHosts is the number of hosts that a segment can address (a /24 without
// its network, broadcast and gateway addresses).
const MaxHosts = 253

// Topology is what a lab is made of: hosts on one segment.
type Topology struct {
	Hosts []string // names, in the order of their lanes
}

// DefaultTopology is the lab of the course note: a server, two clients and
// the sniffer that watches them.
var DefaultTopology = Topology{Hosts: []string{"client1", "server", "client2", SnifferHost}}

// Validate checks the names and adds nothing.
func (t Topology) Validate() error {
	seen := map[string]bool{}
	for _, h := range t.Hosts {
		switch {
		case !trace.ValidLabel(h):
			return i18n.Errmsg("lab.host.form", "Host", h)
		case h == "localhost":
			return i18n.Errmsg("lab.host.own", "Host", h)
		case seen[h]:
			return i18n.Errmsg("lab.host.twice", "Host", h)
		}
		seen[h] = true
	}
	if !seen[SnifferHost] {
		return i18n.Errmsg("lab.host.sniffer", "Host", SnifferHost)
	}
	if len(t.Hosts) > MaxHosts {
		return i18n.Errmsg("lab.host.toomany", "Number", len(t.Hosts), "Most", MaxHosts)
	}
	return nil
}

// Judged returns the hosts whose frames are judged: all but the sniffer.
func (t Topology) Judged() []string {
	return slices.DeleteFunc(slices.Clone(t.Hosts), func(h string) bool { return h == SnifferHost })
}

// Address returns the address that the i-th host of a topology gets in a
// subnet: .10 for the first and so on, so that people know them by sight.
func Address(subnet netip.Prefix, i int) netip.Addr {
	base := subnet.Masked().Addr().As4()
	base[3] += byte((i+9)%MaxHosts + 1)
	return netip.AddrFrom4(base)
}

// HardwareAddress returns the locally administered address of the i-th host.
func HardwareAddress(i int) net.HardwareAddr {
	return net.HardwareAddr{0x02, 0, 0, 0, byte((i + 10) >> 8), byte(i + 10)}
}
