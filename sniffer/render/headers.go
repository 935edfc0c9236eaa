package render

import "wirelab/sniffer"

// part is a header of a frame, or a part of one, with its fields.
type part struct {
	name     string // that JSON has for it
	from, to int    // offsets in Data; to may be beyond its end
	fields   sniffer.Fields
}

// headers calls do for each header of a packet, but not for those of the frame that
// it carries, in their order.
func headers(p *sniffer.Packet, do func(part)) {
	link(p, do)
	at := p.NetworkOffset
	switch {
	case p.Has(sniffer.ARP), p.Has(sniffer.RARP):
		fields, name := sniffer.ARPFields, "arp"
		if p.Has(sniffer.RARP) {
			name = "rarp"
		}
		if !p.ARPSender.IsValid() {
			fields = fields[:arpFixed]
		}
		do(part{name, at, at + 28, fields})
	case p.Has(sniffer.IPv4):
		do(part{"ipv4", at, at + max(20, 4*int(p.Data[at]&15)), sniffer.IPv4Fields})
	case p.Has(sniffer.IPv6):
		do(part{"ipv6", at, at + 40, sniffer.IPv6Fields})
		p.Extensions(func(e sniffer.Extension) {
			x := part{"extension", e.Start, e.End, sniffer.Fields{nextHeader}}
			if e.Protocol == 44 {
				x.fields = append(x.fields, sniffer.FragmentFields...)
			}
			do(x)
		})
	}
	if p.TransportOffset > 0 {
		transport(p, do)
	}
}

// nextHeader begins every extension header of IPv6 (RFC 8200, section 4).
var nextHeader = sniffer.Field{Name: "next_header", Length: 1, Kind: sniffer.KindProtocol}

// link is headers up to the network layer.
func link(p *sniffer.Packet, do func(part)) {
	if p.Has(sniffer.PKTAP) {
		do(part{"pktap", 0, p.NetworkOffset, nil})
	}
	if p.Has(sniffer.Radiotap) {
		do(part{"radiotap", 0, p.WLANOffset(), nil})
	}
	if p.Has(sniffer.WLAN) {
		do(part{"wlan", p.WLANOffset(), p.WLANOffset() + len(p.WLANHeader()), sniffer.WLANFields})
	}
	if p.Has(sniffer.NFLOG) {
		do(part{"nflog", 0, p.NetworkOffset, sniffer.NFLOGFields})
	}
	if fields, size := p.LinkFields(); size > 0 {
		names := LayerNames(p.Layers & (sniffer.Ethernet | sniffer.SLL | sniffer.Loopback | sniffer.HDLC))
		do(part{names[0], 0, size, fields})
	}
	if p.Has(sniffer.PPP) {
		do(part{"ppp", 0, p.NetworkOffset, nil})
	}
	p.Tags(func(t sniffer.Tag) { do(part{"vlan", t.Offset, t.Offset + 4, sniffer.VLANFields}) })
	if p.Has(sniffer.PPPoE) {
		do(part{"pppoe", p.NetworkOffset, p.NetworkOffset + 6, sniffer.PPPoEFields})
	}
	p.Labels(func(at int) { do(part{"mpls", at, at + 4, sniffer.MPLSFields}) })
}

// transport is headers behind the network layer.
func transport(p *sniffer.Packet, do func(part)) {
	at := p.TransportOffset
	switch {
	case p.Has(sniffer.TCP):
		do(part{"tcp", at, at + max(20, 4*int(p.Data[at+12]>>4)), sniffer.TCPFields})
	case p.Has(sniffer.UDP):
		do(part{"udp", at, at + 8, sniffer.UDPFields})
		switch {
		case p.Has(sniffer.VXLAN):
			do(part{"vxlan", at + 8, at + 16, sniffer.VXLANFields})
		case p.Has(sniffer.Geneve):
			do(part{"geneve", at + 8, at + 16 + 4*int(p.Data[at+8]&0x3f), sniffer.GeneveFields})
		}
	case p.Has(sniffer.ICMPv4), p.Has(sniffer.ICMPv6):
		do(icmpPart(p))
	case p.Has(sniffer.GRE):
		end := at + 4
		if p.Inner != nil {
			end = p.InnerOffset()
		}
		do(part{"gre", at, end, sniffer.GREFields})
	case p.PortsOnly:
		do(part{"ports", at, at + 4, sniffer.UDPFields[:2]})
	}
}

func icmpPart(p *sniffer.Packet) part {
	at, name, request, reply := p.TransportOffset, "icmpv4", uint8(sniffer.ICMPEchoRequest), uint8(sniffer.ICMPEchoReply)
	if p.Has(sniffer.ICMPv6) {
		name, request, reply = "icmpv6", sniffer.ICMPv6EchoRequest, sniffer.ICMPv6EchoReply
	}
	rest, end := sniffer.RestFields, at+8
	switch {
	case p.ICMPType == request || p.ICMPType == reply:
		rest = sniffer.EchoFields
	case p.Has(sniffer.ICMPv6) && (p.ICMPType == 135 || p.ICMPType == 136): // RFC 4861
		rest, end = append(rest[:1:1], sniffer.NeighborFields...), at+24
	}
	return part{name, at, end, append(sniffer.ICMPFields[:3:3], rest...)}
}
