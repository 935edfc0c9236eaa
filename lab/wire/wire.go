// Package wire makes a lab's Ethernet segments and the hosts' ports on them, of the
// kernel's bridges and veth pairs: a bridge for each segment, a veth pair for each port of
// a host, and cables that rules impair. Both backends have it.
//
// It acts in the network namespace of the calling thread and does not know who made that:
// a lab process (lab/netns) or a container (lab/docker).
package wire

import (
	"strings"

	"wirelab/lab"
	"wirelab/sniffer"
)

// Segment is a segment as found.
type Segment struct {
	Name    string        `json:"name"`
	Mode    lab.Mode      `json:"mode"` // as the bridge has it
	Machine []sniffer.MAC `json:"machine"`
}

// Setting is a setting of a host's network namespace, which is made before the host has
// devices: those take some of them over.
type Setting struct {
	Name  string // below /proc/sys, "net/ipv4/ip_forward"
	Value string
}

// Sysctl is the setting's name as sysctl(8) has it, "net.ipv4.ip_forward".
func (s Setting) Sysctl() string { return strings.ReplaceAll(s.Name, "/", ".") }

// IsIPv6 reports whether a host with IPv6 is not silent without the setting. A host does
// without the others where they cannot be made.
func (s Setting) IsIPv6() bool { return strings.HasPrefix(s.Name, "net/ipv6/") }

// Settings are those of a host of a topology, in the order in which they are made.
func Settings(t lab.Topology, host string) []Setting {
	router, ports := bit(t.IsRouter(host)), t.Ports(host)
	all := []Setting{
		// A new namespace copies the machine's setting, which often is 1. To write it
		// sets others, so it comes first.
		{"net/ipv4/ip_forward", router},
		// Whether an ICMP error is sent depends on the datagram, and not on when the one
		// before was (icmp(7)).
		{"net/ipv4/icmp_ratelimit", "0"},
		// On a hub each frame of a sender waits once for each port in a queue of 1000 frames
		// (net.core.netdev_max_backlog), and what finds no room is lost. So a connection may
		// have 128 KiB under way, and not 4 MiB (tcp(7)).
		{"net/ipv4/tcp_wmem", "4096 16384 131072"},
	}
	if len(ports) > 1 {
		// What comes in by one port may be answered by another, and a router that
		// tells a host of a better one would add a packet to every lesson (RFC 792).
		all = append(all, Setting{"net/ipv4/conf/all/rp_filter", "0"}, Setting{"net/ipv4/conf/all/send_redirects", "0"})
	}
	if !hasIPv6(ports...) {
		return all
	}
	all = append(all,
		Setting{"net/ipv6/conf/all/forwarding", router},            // only this makes a router of a host (ip-sysctl)
		Setting{"net/ipv6/icmp/ratelimit", "0"},                    // as of IPv4
		Setting{"net/ipv6/conf/default/disable_ipv6", "0"},         // which a machine's default may be
		Setting{"net/ipv6/conf/default/accept_dad", "0"},           // no solicitation for the own address (RFC 4862)
		Setting{"net/ipv6/conf/default/accept_ra", "0"},            // no router tells of addresses
		Setting{"net/ipv6/conf/default/accept_redirects", "0"},     // nor of better ways
		Setting{"net/ipv6/conf/default/router_solicitations", "0"}, // and none is asked for (RFC 4861)
		// The reports of the groups that an address brings leave at once, in
		// milliseconds, and not within some seconds (RFC 2710, section 7.10).
		Setting{"net/ipv6/conf/default/mldv1_unsolicited_report_interval", "1"},
		// With MLDv2 one cannot know how many reports there are: the machine may have
		// another robustness variable (RFC 3810, section 9.1), and those of a
		// link-local address count for nothing that come before the device is up.
		Setting{"net/ipv6/conf/default/force_mld_version", "1"},
	)
	return all
}

// hasIPv6 reports whether a port has an address of IPv6.
func hasIPv6(ports ...lab.Port) bool {
	for _, p := range ports {
		for _, prefix := range p.Addrs {
			if prefix.Addr().Is6() {
				return true
			}
		}
	}
	return false
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
