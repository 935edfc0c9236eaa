package sniffer

import "net/netip"

// Flow is the two ends of a conversation, the lower one in A. The packets of both
// directions have the same Flow. Ports are 0 for protocols other than TCP and UDP.
type Flow struct{ A, B netip.AddrPort }

// FlowOf returns the flow of a packet, and which end sent it: 0 for A, 1 for B. The packet
// must have IPv4 or IPv6.
func FlowOf(p *Packet) (f Flow, from int) {
	src, dst := netip.AddrPortFrom(p.Src, p.SrcPort), netip.AddrPortFrom(p.Dst, p.DstPort)
	if dst.Compare(src) < 0 {
		return Flow{dst, src}, 1
	}
	return Flow{src, dst}, 0
}
