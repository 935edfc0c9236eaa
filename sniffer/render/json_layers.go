package render

import (
	"strings"

	"wirelab/sniffer"
	"wirelab/sniffer/dissect"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// appendLink appends the link header and its VLAN tags.
func (j *jsonPrinter) appendLink(dst []byte, p *sniffer.Packet) []byte {
	switch {
	case p.Has(sniffer.Ethernet):
		dst = j.appendFields(append(dst, `,"ethernet":`...), p.Data, jsonEthernet)
	case p.Has(sniffer.SLL) && p.LinkType == sniffer.LinkLinuxSLL2:
		dst = j.appendFields(append(dst, `,"sll":{"version":2`...), p.Data, jsonSLL2)
	case p.Has(sniffer.SLL):
		dst = j.appendFields(append(dst, `,"sll":{"version":1`...), p.Data, jsonSLL)
	case p.Has(sniffer.Loopback):
		dst = j.appendFields(append(dst, `,"loopback":`...), p.Data, jsonLoopback)
	case p.Has(sniffer.HDLC):
		dst = j.appendFields(append(dst, `,"hdlc":`...), p.Data, jsonHDLC)
	default:
		return j.appendCarriers(dst, p)
	}
	dst = append(dst, '}')
	if p.Layers&carriers != 0 {
		dst = j.appendCarriers(dst, p)
	}
	if !p.Has(sniffer.VLAN) {
		return dst
	}
	dst = append(dst, `,"vlan":[`...)
	p.Tags(func(t sniffer.Tag) {
		dst = digits.AppendUint(append(comma(dst), `{"tpid":`...), u16(p.Data[t.TPID:]))
		dst = append(j.appendFields(dst, p.Data[t.Offset:], jsonVLAN), '}')
	})
	return append(dst, ']')
}

// comma appends a comma behind an element of an array.
func comma(dst []byte) []byte {
	if dst[len(dst)-1] != '[' {
		dst = append(dst, ',')
	}
	return dst
}

func (j *jsonPrinter) appendARP(dst []byte, p *sniffer.Packet) []byte {
	fields := jsonARP
	if !p.ARPSender.IsValid() {
		fields = fields[:arpFixed]
	}
	return append(j.appendFields(dst, p.Data[p.NetworkOffset:], fields), '}')
}

func (j *jsonPrinter) appendIPv4(dst []byte, p *sniffer.Packet) []byte {
	h := p.Data[p.NetworkOffset:]
	dst = j.appendFields(dst, h, jsonIPv4)
	dst = appendOptions(dst, p, p.NetworkOffset, 4*int(h[0]&15), iana.IPOption)
	return append(dst, '}')
}

// appendOptions appends the options of IPv4 or TCP, if the header is longer
// than 20 bytes.
func appendOptions(dst []byte, p *sniffer.Packet, at, size int, name func(uint8) string) []byte {
	if size <= 20 {
		return dst
	}
	dst = append(dst, `,"options":[`...)
	p.Options(at+20, at+size, func(o sniffer.Option) {
		dst = digits.AppendUint(append(comma(dst), `{"type":`...), uint64(o.Type))
		if name := name(o.Type); name != "" {
			dst = append(append(append(dst, `,"name":"`...), name...), '"')
		}
		if o.Malformed {
			dst = append(dst, `,"malformed":true`...)
		}
		if o.Type > 1 {
			data := span(p, o.Start+2, o.End)
			dst = append(digits.AppendHex(append(dst, `,"data":"`...), data), '"')
			if !o.Malformed && p.Has(sniffer.TCP) && at == p.TransportOffset {
				dst = appendTCPOption(dst, o.Type, data)
			}
		}
		dst = append(dst, '}')
	})
	return append(dst, ']')
}

// appendTCPOption appends what the data of an option means.
func appendTCPOption(dst []byte, kind uint8, data []byte) []byte {
	switch {
	case kind == 2 && len(data) == 2:
		dst = digits.AppendUint(append(dst, `,"value":`...), u16(data))
	case kind == 3 && len(data) == 1:
		dst = digits.AppendUint(append(dst, `,"value":`...), uint64(data[0]))
	case kind == 8 && len(data) == 8:
		dst = digits.AppendUint(append(dst, `,"value":`...), u32(data))
		dst = digits.AppendUint(append(dst, `,"echo":`...), u32(data[4:]))
	}
	return dst
}

func (j *jsonPrinter) appendIPv6(dst []byte, p *sniffer.Packet) []byte {
	dst = j.appendFields(dst, p.Data[p.NetworkOffset:], jsonIPv6)
	list := len(dst)
	p.Extensions(func(e sniffer.Extension) {
		if len(dst) == list {
			dst = append(dst, `,"extensions":[`...)
		}
		x := p.Data[e.Start:e.End]
		dst = digits.AppendUint(append(comma(dst), `{"type":`...), uint64(e.Protocol))
		dst = append(append(dst, `,"name":"`...), iana.Protocol(e.Protocol)...)
		dst = appendInt(append(dst, `","length":`...), len(x))
		if e.Protocol == 44 {
			dst = j.appendFields(dst, x, jsonFragment)
		}
		dst = digits.AppendHex(append(dst, `,"data":"`...), x)
		dst = append(dst, `"}`...)
	})
	if len(dst) > list {
		dst = append(dst, ']')
	}
	dst = digits.AppendUint(append(dst, `,"protocol":`...), uint64(p.Protocol))
	if name := iana.Protocol(p.Protocol); name != "" {
		dst = append(append(append(dst, `,"protocol_name":"`...), name...), '"')
	}
	return append(dst, '}')
}

func (j *jsonPrinter) appendTransport(dst []byte, p *sniffer.Packet) []byte {
	if p.TransportOffset == 0 {
		return dst
	}
	h := p.Data[p.TransportOffset:]
	switch {
	case p.Has(sniffer.TCP):
		dst = j.appendFields(append(dst, `,"tcp":`...), h, jsonTCP)
		dst = appendOptions(dst, p, p.TransportOffset, 4*int(h[12]>>4), iana.TCPOption)
		if p.Marks != 0 {
			dst = append(append(append(dst, `,"marks":["`...), strings.Join(p.Marks.Words(), `","`)...), `"]`...)
		}
	case p.Has(sniffer.UDP):
		dst = j.appendFields(append(dst, `,"udp":`...), h, jsonUDP)
		if p.Layers&(sniffer.VXLAN|sniffer.Geneve) != 0 {
			dst = j.appendUDPTunnel(append(dst, '}'), p, h[8:])
		}
	case p.Has(sniffer.ICMPv4):
		dst = j.appendICMP(append(dst, `,"icmpv4":`...), p, h)
	case p.Has(sniffer.ICMPv6):
		dst = j.appendICMP(append(dst, `,"icmpv6":`...), p, h)
	case p.Has(sniffer.GRE):
		dst = j.appendFields(append(dst, `,"gre":`...), h, jsonGRE)
		if key, ok := p.GREKey(); ok {
			dst = digits.AppendUint(append(dst, `,"key":`...), uint64(key))
		}
	case p.PortsOnly:
		dst = j.appendFields(append(dst, `,"ports":`...), h, jsonPorts)
	default:
		return dst
	}
	return append(dst, '}')
}

func (j *jsonPrinter) appendICMP(dst []byte, p *sniffer.Packet, h []byte) []byte {
	dst = j.appendFields(dst, h, jsonICMP)
	request, reply := uint8(sniffer.ICMPEchoRequest), uint8(sniffer.ICMPEchoReply)
	if p.Has(sniffer.ICMPv6) {
		request, reply = sniffer.ICMPv6EchoRequest, sniffer.ICMPv6EchoReply
	}
	if p.ICMPType == request || p.ICMPType == reply {
		return j.appendFields(dst, h, jsonEcho)
	}
	dst = j.appendFields(dst, h, jsonRest)
	if mtu, ok := dissect.MTU(p); ok {
		dst = digits.AppendUint(append(dst, `,"mtu":`...), uint64(mtu))
	} else if gateway, ok := dissect.Gateway(p); ok {
		dst = append(sniffer.AppendAddr(append(dst, `,"gateway":"`...), gateway), '"')
	}
	if p.Has(sniffer.ICMPv6) && (p.ICMPType == 135 || p.ICMPType == 136) { // RFC 4861
		dst = nameless.appendFields(dst, h, jsonNeighbor)
	}
	return dst
}
