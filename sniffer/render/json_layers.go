package render

import (
	"net/netip"

	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// appendLink appends the link header and its VLAN tags.
func (j *jsonPrinter) appendLink(dst []byte, p *sniffer.Packet) []byte {
	d := p.Data
	switch {
	case p.Has(sniffer.Ethernet):
		dst = p.DstMAC.AppendTo(append(dst, `,"ethernet":{"dst":"`...))
		dst = p.SrcMAC.AppendTo(append(dst, `","src":"`...))
		dst = append(dst, `",`...)
		if t := u16(d[12:]); t < 0x600 { // a length, IEEE 802.3, section 3.2.6
			dst = digits.AppendUint(append(dst, `"length":`...), t)
		} else {
			dst = appendEtherType(dst, t)
		}
		dst = append(dst, '}')
	case p.Has(sniffer.SLL) && p.LinkType == sniffer.LinkLinuxSLL2:
		dst = appendEtherType(append(dst, `,"sll":{"version":2,`...), u16(d))
		dst = digits.AppendUint(append(dst, `,"interface_index":`...), u32(d[4:]))
		dst = digits.AppendUint(append(dst, `,"arphrd":`...), u16(d[8:]))
		dst = digits.AppendUint(append(dst, `,"packet_type":`...), uint64(d[10]))
		dst = digits.AppendHex(append(dst, `,"address":"`...), d[12:12+min(int(d[11]), 8)])
		dst = append(dst, `"}`...)
	case p.Has(sniffer.SLL):
		dst = appendEtherType(append(dst, `,"sll":{"version":1,`...), u16(d[14:]))
		dst = digits.AppendUint(append(dst, `,"arphrd":`...), u16(d[2:]))
		dst = digits.AppendUint(append(dst, `,"packet_type":`...), u16(d))
		dst = digits.AppendHex(append(dst, `,"address":"`...), d[6:6+min(u16(d[4:]), 8)])
		dst = append(dst, `"}`...)
	case p.Has(sniffer.Loopback):
		dst = digits.AppendHex(append(dst, `,"loopback":{"family":"`...), d[:4])
		dst = append(dst, `"}`...)
	}
	if !p.Has(sniffer.VLAN) {
		return dst
	}
	dst = append(dst, `,"vlan":[`...)
	tags(p, func(t tag) {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		control := u16(d[t.control:])
		dst = digits.AppendUint(append(dst, `{"tpid":`...), u16(d[t.tpid:]))
		dst = digits.AppendUint(append(dst, `,"priority":`...), control>>13)
		dst = appendBool(append(dst, `,"drop_eligible":`...), control&0x1000 != 0)
		dst = digits.AppendUint(append(dst, `,"id":`...), control&0xfff)
		dst = appendEtherType(append(dst, ','), u16(d[t.control+2:]))
		dst = append(dst, '}')
	})
	return append(dst, ']')
}

// appendHost appends an address under a key, and its name if it has one.
func (j *jsonPrinter) appendHost(dst []byte, key string, addr netip.Addr) []byte {
	dst = append(append(append(dst, `,"`...), key...), `":"`...)
	dst = append(sniffer.AppendAddr(dst, addr), '"')
	if j.o.Names != nil {
		if name := j.o.Names.Name(addr); name != "" {
			dst = append(append(append(dst, `,"`...), key...), `_name":`...)
			dst = appendString(dst, name)
		}
	}
	return dst
}

func (j *jsonPrinter) appendARP(dst []byte, p *sniffer.Packet) []byte {
	h := p.Data[p.NetworkOffset:]
	dst = digits.AppendUint(append(dst, `{"hardware_type":`...), u16(h))
	dst = digits.AppendUint(append(dst, `,"protocol_type":`...), u16(h[2:]))
	dst = digits.AppendUint(append(dst, `,"hardware_length":`...), uint64(h[4]))
	dst = digits.AppendUint(append(dst, `,"protocol_length":`...), uint64(h[5]))
	dst = digits.AppendUint(append(dst, `,"operation":`...), u16(h[6:]))
	if p.ARPSender.IsValid() {
		dst = p.ARPSenderMAC.AppendTo(append(dst, `,"sender_mac":"`...))
		dst = j.appendHost(append(dst, '"'), "sender", p.ARPSender)
		dst = p.ARPTgtMAC.AppendTo(append(dst, `,"target_mac":"`...))
		dst = j.appendHost(append(dst, '"'), "target", p.ARPTarget)
	}
	return append(dst, '}')
}

func (j *jsonPrinter) appendIPv4(dst []byte, p *sniffer.Packet) []byte {
	h := p.Data[p.NetworkOffset:]
	size, total, fragment := 4*int(h[0]&15), int(u16(h[2:])), u16(h[6:])
	dst = appendInt(append(dst, `{"version":4,"header_length":`...), size)
	dst = digits.AppendUint(append(dst, `,"dscp":`...), uint64(h[1]>>2))
	dst = digits.AppendUint(append(dst, `,"ecn":`...), uint64(h[1]&3))
	dst = appendInt(append(dst, `,"total_length":`...), total)
	dst = appendInt(append(dst, `,"payload_length":`...), total-size)
	dst = digits.AppendUint(append(dst, `,"id":`...), u16(h[4:]))
	dst = appendBool(append(dst, `,"reserved":`...), fragment&0x8000 != 0)
	dst = appendBool(append(dst, `,"dont_fragment":`...), fragment&0x4000 != 0)
	dst = appendBool(append(dst, `,"more_fragments":`...), fragment&0x2000 != 0)
	dst = digits.AppendUint(append(dst, `,"fragment_offset":`...), 8*(fragment&0x1fff))
	dst = digits.AppendUint(append(dst, `,"ttl":`...), uint64(h[8]))
	dst = appendProtocol(dst, "protocol", h[9])
	dst = digits.AppendUint(append(dst, `,"checksum":`...), u16(h[10:]))
	dst = j.appendHost(dst, "src", p.Src)
	dst = j.appendHost(dst, "dst", p.Dst)
	if size > 20 {
		dst = append(dst, `,"options":[`...)
		options(p, p.NetworkOffset+20, p.NetworkOffset+size, func(o option) {
			dst = appendOption(dst, p, o, iana.IPOption(o.kind))
			dst = append(dst, '}')
		})
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendOption appends the common part of an option, without its brace.
func appendOption(dst []byte, p *sniffer.Packet, o option, name string) []byte {
	if dst[len(dst)-1] != '[' {
		dst = append(dst, ',')
	}
	dst = digits.AppendUint(append(dst, `{"type":`...), uint64(o.kind))
	if name != "" {
		dst = append(dst, `,"name":"`...)
		dst = append(append(dst, name...), '"')
	}
	if o.malformed {
		dst = append(dst, `,"malformed":true`...)
	}
	if o.kind > 1 {
		dst = digits.AppendHex(append(dst, `,"data":"`...), span(p, o.start+2, o.end))
		dst = append(dst, '"')
	}
	return dst
}

func (j *jsonPrinter) appendIPv6(dst []byte, p *sniffer.Packet) []byte {
	h := p.Data[p.NetworkOffset:]
	word := u32(h)
	dst = digits.AppendUint(append(dst, `{"version":6,"dscp":`...), word>>22&0x3f)
	dst = digits.AppendUint(append(dst, `,"ecn":`...), word>>20&3)
	dst = digits.AppendUint(append(dst, `,"flow_label":`...), word&0xfffff)
	dst = digits.AppendUint(append(dst, `,"payload_length":`...), u16(h[4:]))
	dst = appendProtocol(dst, "next_header", h[6])
	dst = digits.AppendUint(append(dst, `,"hop_limit":`...), uint64(h[7]))
	dst = j.appendHost(dst, "src", p.Src)
	dst = j.appendHost(dst, "dst", p.Dst)
	list := len(dst)
	extensions(p, func(e extension) {
		if len(dst) == list {
			dst = append(dst, `,"extensions":[`...)
		} else {
			dst = append(dst, ',')
		}
		x := p.Data[e.start:e.end]
		dst = digits.AppendUint(append(dst, `{"type":`...), uint64(e.kind))
		dst = append(append(dst, `,"name":"`...), iana.Protocol(e.kind)...)
		dst = appendInt(append(dst, `","length":`...), len(x))
		if e.kind == 44 { // RFC 8200, section 4.5
			dst = digits.AppendUint(append(dst, `,"fragment_offset":`...), u16(x[2:])&^7)
			dst = appendBool(append(dst, `,"more_fragments":`...), x[3]&1 != 0)
			dst = digits.AppendUint(append(dst, `,"id":`...), u32(x[4:]))
		}
		dst = digits.AppendHex(append(dst, `,"data":"`...), x)
		dst = append(dst, `"}`...)
	})
	if len(dst) > list {
		dst = append(dst, ']')
	}
	dst = appendProtocol(dst, "protocol", p.Protocol)
	return append(dst, '}')
}

func appendTransport(dst []byte, p *sniffer.Packet) []byte {
	if p.TransportOffset == 0 {
		return dst
	}
	h := p.Data[p.TransportOffset:]
	switch {
	case p.Has(sniffer.TCP):
		size := 4 * int(h[12]>>4)
		dst = appendPorts(append(dst, `,"tcp":{`...), p)
		dst = digits.AppendUint(append(dst, `,"seq":`...), uint64(p.Seq))
		dst = digits.AppendUint(append(dst, `,"ack":`...), uint64(p.Ack))
		dst = appendInt(append(dst, `,"header_length":`...), size)
		dst = append(dst, `,"flags":"`...)
		dst = append(append(dst, p.Flags.Letters()...), '"')
		dst = digits.AppendUint(append(dst, `,"flag_bits":`...), u16(h[12:])&0xfff)
		dst = digits.AppendUint(append(dst, `,"window":`...), uint64(p.Window))
		dst = digits.AppendUint(append(dst, `,"checksum":`...), u16(h[16:]))
		dst = digits.AppendUint(append(dst, `,"urgent":`...), u16(h[18:]))
		if size > 20 {
			dst = append(dst, `,"options":[`...)
			options(p, p.TransportOffset+20, p.TransportOffset+size, func(o option) {
				dst = appendTCPOption(dst, p, o)
			})
			dst = append(dst, ']')
		}
		dst = append(dst, '}')
	case p.Has(sniffer.UDP):
		dst = appendPorts(append(dst, `,"udp":{`...), p)
		dst = digits.AppendUint(append(dst, `,"length":`...), u16(h[4:]))
		dst = digits.AppendUint(append(dst, `,"checksum":`...), u16(h[6:]))
		dst = append(dst, '}')
	case p.Has(sniffer.ICMPv4):
		dst = appendICMP(append(dst, `,"icmpv4":{`...), p, h)
	case p.Has(sniffer.ICMPv6):
		dst = appendICMP(append(dst, `,"icmpv6":{`...), p, h)
	}
	return dst
}

func appendPorts(dst []byte, p *sniffer.Packet) []byte {
	dst = digits.AppendUint(append(dst, `"src_port":`...), uint64(p.SrcPort))
	return digits.AppendUint(append(dst, `,"dst_port":`...), uint64(p.DstPort))
}

func appendTCPOption(dst []byte, p *sniffer.Packet, o option) []byte {
	dst = appendOption(dst, p, o, iana.TCPOption(o.kind))
	data := span(p, o.start+2, o.end)
	switch {
	case o.malformed:
	case o.kind == 2 && len(data) == 2:
		dst = digits.AppendUint(append(dst, `,"value":`...), u16(data))
	case o.kind == 3 && len(data) == 1:
		dst = digits.AppendUint(append(dst, `,"value":`...), uint64(data[0]))
	case o.kind == 8 && len(data) == 8:
		dst = digits.AppendUint(append(dst, `,"value":`...), u32(data))
		dst = digits.AppendUint(append(dst, `,"echo":`...), u32(data[4:]))
	}
	return append(dst, '}')
}

func appendICMP(dst []byte, p *sniffer.Packet, h []byte) []byte {
	dst = digits.AppendUint(append(dst, `"type":`...), uint64(p.ICMPType))
	dst = digits.AppendUint(append(dst, `,"code":`...), uint64(p.ICMPCode))
	dst = digits.AppendUint(append(dst, `,"checksum":`...), u16(h[2:]))
	request, reply := uint8(sniffer.ICMPEchoRequest), uint8(sniffer.ICMPEchoReply)
	six := p.Has(sniffer.ICMPv6)
	if six {
		request, reply = sniffer.ICMPv6EchoRequest, sniffer.ICMPv6EchoReply
	}
	switch echo := p.ICMPType == request || p.ICMPType == reply; {
	case echo && len(h) >= 8:
		dst = digits.AppendUint(append(dst, `,"id":`...), u16(h[4:]))
		dst = digits.AppendUint(append(dst, `,"seq":`...), u16(h[6:]))
	case echo && len(h) >= 6:
		dst = digits.AppendUint(append(dst, `,"id":`...), u16(h[4:]))
	case !echo && len(h) >= 8:
		dst = digits.AppendHex(append(dst, `,"rest":"`...), h[4:8])
		dst = append(dst, '"')
	}
	// The target of a neighbour's solicitation and advertisement (RFC 4861, section 4.3).
	if six && (p.ICMPType == 135 || p.ICMPType == 136) && len(h) >= 24 {
		dst = sniffer.AppendAddr(append(dst, `,"target":"`...), netip.AddrFrom16([16]byte(h[8:24])))
		dst = append(dst, '"')
	}
	return append(dst, '}')
}
