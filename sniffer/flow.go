package sniffer

import "net/netip"

// Flow is the pair of ends of a conversation, the lower one first: the same for what
// either sends. Ports are 0 without TCP and UDP.
type Flow struct{ A, B netip.AddrPort }

// FlowOf returns the flow of a packet that has IP addresses, and which of its ends, 0 or
// 1, has sent it.
func FlowOf(p *Packet) (f Flow, from int) {
	src, dst := netip.AddrPortFrom(p.Src, p.SrcPort), netip.AddrPortFrom(p.Dst, p.DstPort)
	if dst.Compare(src) < 0 {
		return Flow{dst, src}, 1
	}
	return Flow{src, dst}, 0
}
