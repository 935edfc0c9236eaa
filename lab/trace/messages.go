package trace

import (
	"bytes"
	"net/netip"

	"wirelab/sniffer"
)

// messages are the lines of ARP and ICMP and of fragments that are alone, each
// a group of its own, and the numbers of the probes that were left out.
func (v view) messages() (groups [][]placed, left map[int]bool) {
	left = map[int]bool{}
	probed := map[arpPair]bool{} // asked by a unicast probe, not yet answered
	for _, d := range v.index.messages {
		if len(d.numbers) == 0 { // moved
			continue
		}
		p := d.packet()
		if !v.onSegment(p) || !v.Projection.covers(p) || !v.Judged(p, v.plan) {
			continue
		}
		probe := p.Has(sniffer.ARP) && v.probe(p, probed)
		if !v.contains(v.packet(d.number())) {
			continue
		}
		if probe && !v.Probes {
			left[p.Number] = true
			continue
		}
		groups = append(groups, []placed{v.line(nil, d, v.what(d), d.numbers, d.number())})
	}
	return groups, left
}

// arpPair is who asks, or answers, whom.
type arpPair struct {
	from, to netip.Addr
	segment  int
}

// probe reports whether an ARP packet is a unicast probe, with which a kernel
// checks an entry of its cache, or the one answer to it by whom it asked.
func (v view) probe(p *sniffer.Packet, probed map[arpPair]bool) bool {
	asked := arpPair{p.ARPSender, p.ARPTarget, v.Hosts.segment(p)}
	answers := arpPair{p.ARPTarget, p.ARPSender, asked.segment}
	if !bare(p) {
		return false
	}
	switch p.ARPOperation {
	case sniffer.ARPRequest:
		// A kernel asks whom it asks about, whose hardware address it leaves out.
		probed[asked] = p.ARPTgtMAC == (sniffer.MAC{}) && !p.DstMAC.Multicast() && v.honest(p) && (!v.Hosts.ByPort() || v.Hosts.port(p.DstMAC, p) == v.Hosts.Names[p.ARPTarget])
		return probed[asked]
	case sniffer.ARPReply:
		if probed[answers] && v.honest(p) {
			delete(probed, answers)
			return true
		}
	}
	return false
}

// bare reports whether nothing but padding follows an ARP packet (RFC 826: 28 bytes
// for IPv4 on Ethernet).
func bare(p *sniffer.Packet) bool {
	return len(bytes.TrimRight(p.Data[min(len(p.Data), 14+28):], "\x00")) == 0
}

// honest reports whether an ARP packet's sender is its port's host.
func (v view) honest(p *sniffer.Packet) bool {
	return !v.Hosts.ByPort() || v.Hosts.Names[p.ARPSender] == v.Hosts.Sender(p) && p.ARPSenderMAC == p.SrcMAC
}

// unasked reports whether a packet is an echo reply and no request for it came before.
func (v view) unasked(p *sniffer.Packet) bool {
	if !(p.Has(sniffer.ICMPv4) && p.ICMPType == sniffer.ICMPEchoReply || p.Has(sniffer.ICMPv6) && p.ICMPType == sniffer.ICMPv6EchoReply) {
		return false
	}
	asked := v.index.asked[v.echoOf(p.Dst, p.Src, p)]
	return asked == 0 || asked > p.Number
}

// what says what a message is.
func (v view) what(d *datagram) string {
	p := d.packet()
	switch {
	case p.Has(sniffer.ARP):
		target := p.ARPTarget
		if p.ARPOperation != sniffer.ARPRequest {
			target = p.ARPSender
		}
		what := sniffer.ARPWords(p)
		if name := v.Hosts.name(target); name != "" {
			what += " " + name
		}
		// A sender that claims a hardware address which is not its own.
		if p.ARPSenderMAC != p.SrcMAC && p.Has(sniffer.Ethernet) {
			what += " mac=" + p.ARPSenderMAC.String()
		}
		return what
	case d.complete && v.unasked(p):
		return sniffer.ICMPWords(p) + " " + Unasked
	case p.Has(sniffer.ICMPv4) && d.complete:
		return sniffer.ICMPWords(p)
	case p.Has(sniffer.ICMPv4):
		return sniffer.ICMPWords(p) + " " + Fragment
	}
	for name, number := range protocolNumbers {
		if p.Fragment && p.Protocol == number {
			return name + " " + Fragment
		}
	}
	return string(sniffer.Notation{}.AppendWhat(nil, p))
}
