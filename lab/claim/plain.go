package claim

import (
	"encoding/binary"
	"net/netip"

	"wirelab/internal/pattern"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// loads and tags are what of tcpdump's language looks into TCP and UDP, of IPv4 alone, and
// behind tags.
var (
	loads = pattern.New(`\b(tcp|udp)\s*\[`)
	tags  = pattern.New(`\bvlan\b`)
)

// hides reports whether a packet that a filter does not match hides from it what the
// filter is about: tcpdump's language does not look behind a VLAN tag or an 802.2 SNAP
// header, into a tunnel or past an extension header of IPv6 where it is not told to, nor
// with "tcp[13]" into IPv6.
// It does if the filter matches the same packet made plain.
func (c *compiled) hides(p *sniffer.Packet) bool {
	inner := p.Innermost()
	v6 := inner.Has(sniffer.IPv6) && inner.TransportOffset > 0
	extended := v6 && inner.TransportOffset > inner.NetworkOffset+40
	old := v6 && loads().MatchString(c.expr)
	etherType, behind, snap := trace.BehindSNAP(inner)
	if inner == p && !extended && !old && !snap && (!p.Has(sniffer.VLAN) || tags().MatchString(c.expr)) {
		return false
	}
	frame := sniffer.Frame{Time: p.Time, Length: p.Length, Interface: p.Interface, Direction: p.Direction, LinkType: sniffer.LinkEthernet}
	switch {
	case snap:
		frame.Data = framed(inner, etherType, behind)
	case v6:
		frame.Data = ethernet(inner, withoutExtensions(inner))
	default:
		frame.Data = ethernet(inner, inner.Data[inner.NetworkOffset:])
	}
	if c.match(&sniffer.Packet{Frame: frame}) {
		return true
	}
	if !old {
		return false
	}
	frame.Data = ethernet(inner, c.asIPv4(inner))
	return c.match(&sniffer.Packet{Frame: frame})
}

// ethernet is a frame without tags.
func ethernet(p *sniffer.Packet, packet []byte) []byte {
	etherType := p.EtherType
	switch {
	case !p.Has(sniffer.IPv4) && !p.Has(sniffer.IPv6):
	case packet[0]>>4 == 4:
		etherType = sniffer.EtherTypeIPv4
	default:
		etherType = sniffer.EtherTypeIPv6
	}
	return framed(p, etherType, packet)
}

// framed is an Ethernet frame with the addresses of a packet.
func framed(p *sniffer.Packet, etherType uint16, packet []byte) []byte {
	b := append(append([]byte{}, p.DstMAC[:]...), p.SrcMAC[:]...)
	return append(binary.BigEndian.AppendUint16(b, etherType), packet...)
}

// withoutExtensions is an IPv6 packet whose transport stands behind the fixed header.
func withoutExtensions(p *sniffer.Packet) []byte {
	b := append([]byte{}, p.Data[p.NetworkOffset:p.NetworkOffset+40]...)
	b[6] = p.Protocol
	return append(b, p.Data[p.TransportOffset:]...)
}

// asIPv4 is an IPv6 packet with a header of IPv4, and the IPv4 addresses of its hosts.
func (c *compiled) asIPv4(p *sniffer.Packet) []byte {
	b := []byte{0x45, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(20+len(p.Data)-p.TransportOffset))
	b = append(b, 0, 0, 0, 0, p.TTL, p.Protocol, 0, 0)
	for _, addr := range []netip.Addr{p.Src, p.Dst} {
		four := netip.IPv4Unspecified()
		for _, a := range c.hosts[c.names[addr]] {
			if a.Is4() {
				four = a
			}
		}
		b = append(b, four.AsSlice()...)
	}
	return append(b, p.Data[p.TransportOffset:]...)
}
