package trace

import (
	"bytes"
	"net/netip"

	"wirelab/sniffer"
)

// messages are the lines of ARP, NDP and ICMP and of fragments that are alone, each
// a group of its own, and the numbers of the probes that were left out.
func (v view) messages() (groups [][]placed, left map[int]bool) {
	left = map[int]bool{}
	probed := map[neighbors]bool{} // asked by a unicast probe, not yet answered
	for _, n := range v.index.messages {
		if n == 0 { // moved
			continue
		}
		if p := v.like(n); !v.onSegment(p) || !v.Projection.covers(p) || !v.judged(n) {
			continue
		}
		p := v.Packet(n)
		probe := v.probe(p, probed)
		if !v.contains(v.completes(n)) {
			continue
		}
		if probe && !v.Probes {
			left[p.Number] = true
			continue
		}
		d := v.datagram(n)
		groups = append(groups, []placed{v.line(nil, d, v.what(d), d.numbers, d.number())})
	}
	return groups, left
}

// neighbors are who asks, or answers, whom.
type neighbors struct {
	from, to netip.Addr
	segment  int
}

// probe reports whether a packet of ARP or neighbor discovery is a unicast probe, with
// which a kernel checks an entry of its cache, or the one answer to it by whom it asked.
func (v view) probe(p *sniffer.Packet, probed map[neighbors]bool) bool {
	asks, answers, bare := resolves(p)
	if !bare {
		return false
	}
	from, to := addresses(p)
	pair := neighbors{from, to, v.Hosts.segment(p)}
	switch {
	case asks:
		// A kernel asks whom it asks about.
		probed[pair] = !p.DstMAC.Multicast() && v.honest(p) && (p.Has(sniffer.ARP) || p.Dst == to) && (!v.Hosts.ByPort() || v.Hosts.port(p.DstMAC, p) == v.Hosts.Names[to])
		return probed[pair]
	case answers:
		asked := neighbors{to, from, pair.segment}
		if probed[asked] && v.honest(p) {
			delete(probed, asked)
			return true
		}
	}
	return false
}

// resolves reports whether a packet asks for a neighbour's hardware address or answers
// that, by ARP or neighbor discovery, and whether it carries nothing but that.
func resolves(p *sniffer.Packet) (asks, answers, bare bool) {
	if n, ok := p.Neighbor(); ok {
		asks = p.ICMPType == sniffer.NDPNeighborSolicitation
		return asks, !asks, n.Bare && p.TTL == sniffer.NDPHopLimit && p.TransportOffset == p.NetworkOffset+40
	}
	if !p.Has(sniffer.ARP) {
		return false, false, false
	}
	asks, answers = p.ARPOperation == sniffer.ARPRequest, p.ARPOperation == sniffer.ARPReply
	// 28 bytes for IPv4 on Ethernet (RFC 826), and padding. Who asks leaves out the
	// hardware address that it asks for.
	bare = len(bytes.TrimRight(p.Data[min(len(p.Data), 14+28):], "\x00")) == 0 && !(asks && p.ARPTgtMAC != sniffer.MAC{})
	return asks, answers, bare
}

// honest reports whether the sender that a packet of ARP or neighbor discovery names is
// its port's host.
func (v view) honest(p *sniffer.Packet) bool {
	from, _ := addresses(p)
	return !v.Hosts.ByPort() || v.Hosts.Names[from] == v.Hosts.Sender(p) && claimedMAC(p) == p.SrcMAC
}

// claimedMAC is the hardware address that a packet of ARP or neighbor discovery gives of
// its sender.
func claimedMAC(p *sniffer.Packet) sniffer.MAC {
	if n, ok := p.Neighbor(); ok {
		if n.MAC == (sniffer.MAC{}) { // it may leave it out
			return p.SrcMAC
		}
		return n.MAC
	}
	return p.ARPSenderMAC
}

// what says what a message is.
func (v view) what(d *datagram) string {
	p := d.packet()
	neighbor, discovers := p.Neighbor()
	switch {
	case p.Has(sniffer.ARP):
		target := p.ARPTarget
		if p.ARPOperation != sniffer.ARPRequest {
			target = p.ARPSender
		}
		return v.resolution(p, sniffer.ARPWords(p), target)
	case discovers:
		word, behind := sniffer.NeighborWords(p)
		return v.resolution(p, word, neighbor.Target) + behind
	case d.complete && v.row(p.Number).facts&unasked != 0:
		return sniffer.ICMPWords(p) + " " + Unasked
	case p.Layers&icmp != 0 && d.complete:
		return sniffer.ICMPWords(p)
	case p.Layers&icmp != 0:
		return sniffer.ICMPWords(p) + " " + Fragment
	}
	for _, name := range []string{"icmp", "tcp", "udp"} { // neighbor discovery is never in fragments (RFC 6980)
		if p.Fragment && numbered(p, name) {
			return name + " " + Fragment
		}
	}
	return string(sniffer.Notation{}.AppendWhat(nil, p))
}

// resolution says what a packet of ARP or neighbor discovery does, and about whom.
func (v view) resolution(p *sniffer.Packet, word string, target netip.Addr) string {
	if name := v.Hosts.name(target); name != "" {
		word += " " + name
	}
	// A sender that claims a hardware address which is not its own.
	if mac := claimedMAC(p); mac != p.SrcMAC && p.Has(sniffer.Ethernet) {
		word += " mac=" + mac.String()
	}
	return word
}
