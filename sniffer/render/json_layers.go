package render

import (
	"net/netip"
	"slices"

	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// jsonField is a field as JSON has it. What is done with each is decided once,
// and its key is copied as a whole array, so that a table costs no time.
type jsonField struct {
	key     [keySize]byte // `,"ttl":`
	keyLen  int
	do      jsonOp
	shift   uint8
	offset  int
	end     int
	mask    uint64
	unit    uint64
	nameKey string // of the name that goes with its value: `,"protocol_name":`
}

const keySize = 32

// jsonOp is how a field is appended.
type jsonOp uint8

const (
	jsonByte jsonOp = iota // numbers, of one, two and four bytes
	jsonHalf
	jsonWord
	jsonByteBits // a part of them
	jsonHalfBits
	jsonWordBits
	jsonFlag // of two bytes
	jsonAddress4
	jsonAddress6
	jsonMAC
	jsonProtocol
	jsonEtherType
	jsonEtherTypeOrLength
	jsonTCPFlags
	jsonBytes
	jsonAddressLength
	jsonPayloadLength
)

// jsonOps are the ways to append all kinds but numbers.
var jsonOps = map[sniffer.FieldKind]jsonOp{
	sniffer.KindFlag: jsonFlag, sniffer.KindBytes: jsonBytes, sniffer.KindMAC: jsonMAC, sniffer.KindAddress: jsonAddress4,
	sniffer.KindEtherType: jsonEtherType, sniffer.KindEtherTypeOrLength: jsonEtherTypeOrLength, sniffer.KindProtocol: jsonProtocol,
	sniffer.KindTCPFlags: jsonTCPFlags, sniffer.KindAddressLength: jsonAddressLength, sniffer.KindPayloadLength: jsonPayloadLength,
}

// jsonFields are fields as JSON has them, the first behind begin, which is "{"
// or ",".
func jsonFields(begin string, fields sniffer.Fields) (all []jsonField) {
	for _, f := range fields {
		j := jsonField{
			do: jsonOps[f.Kind], shift: f.Shift, offset: f.Offset, end: f.Offset + f.Length, mask: 1<<64 - 1, unit: uint64(max(f.Unit, 1)),
			nameKey: `,"` + f.Name + `_name":`,
		}
		j.keyLen = copy(j.key[:], begin+`"`+f.Name+`":`)
		if f.Bits > 0 {
			j.mask = 1<<f.Bits - 1
		}
		switch part := f.Shift+f.Bits+f.Unit > 0; {
		case f.Kind == sniffer.KindAddress && f.Length == 16:
			j.do = jsonAddress6
		case f.Kind == sniffer.KindNumber:
			j.do = map[int]jsonOp{1: jsonByte, 2: jsonHalf, 4: jsonWord}[f.Length]
			if part {
				j.do += jsonByteBits
			}
		}
		all = append(all, j)
		begin = ","
	}
	return all
}

var (
	jsonEthernet = jsonFields("{", sniffer.EthernetFields)
	jsonSLL      = jsonFields(",", sniffer.SLLFields)
	jsonSLL2     = jsonFields(",", sniffer.SLL2Fields)
	jsonLoopback = jsonFields("{", sniffer.LoopbackFields)
	jsonVLAN     = jsonFields(",", sniffer.VLANFields)
	jsonARP      = jsonFields("{", sniffer.ARPFields)
	jsonIPv4     = jsonFields("{", sniffer.IPv4Fields)
	jsonIPv6     = jsonFields("{", sniffer.IPv6Fields)
	jsonFragment = jsonFields(",", sniffer.FragmentFields)
	jsonICMP     = jsonFields("{", sniffer.ICMPFields)
	jsonEcho     = jsonFields(",", sniffer.EchoFields)
	jsonRest     = jsonFields(",", sniffer.RestFields)
	jsonNeighbor = jsonFields(",", sniffer.NeighborFields)
	jsonTCP      = jsonFields("{", sniffer.TCPFields)
	jsonUDP      = jsonFields("{", sniffer.UDPFields)
)

// nameless appends addresses that have no key for a name.
var nameless = &jsonPrinter{}

// arpFixed are the fields of ARP that do not depend on its kind of addresses.
const arpFixed = 5

// appendFields appends the fields of a header, up to the first that h does not
// have whole.
func (j *jsonPrinter) appendFields(dst, h []byte, fields []jsonField) []byte {
	size := len(h)
	if size < 40 { // which no header's fields exceed
		for i := range fields {
			if size < fields[i].end {
				fields = fields[:i]
				break
			}
		}
	}
	for i := range fields {
		f := &fields[i]
		b := h[f.offset:]
		start := len(dst)
		if cap(dst)-start < keySize {
			dst = slices.Grow(dst, keySize)
		}
		dst = dst[:start+keySize]
		*(*[keySize]byte)(dst[start:]) = f.key
		dst = dst[:start+f.keyLen]
		switch f.do {
		case jsonByte:
			dst = digits.AppendByte(dst, b[0])
		case jsonHalf:
			dst = digits.AppendUint(dst, u16(b))
		case jsonWord:
			dst = digits.AppendUint(dst, u32(b))
		case jsonByteBits:
			dst = digits.AppendUint(dst, uint64(b[0])>>f.shift&f.mask*f.unit)
		case jsonHalfBits:
			dst = digits.AppendUint(dst, u16(b)>>f.shift&f.mask*f.unit)
		case jsonWordBits:
			dst = digits.AppendUint(dst, u32(b)>>f.shift&f.mask*f.unit)
		case jsonFlag:
			dst = appendBool(dst, u16(b)>>f.shift&1 != 0)
		case jsonAddress4:
			dst = j.appendAddress(dst, f, netip.AddrFrom4([4]byte(b)))
		case jsonAddress6:
			dst = j.appendAddress(dst, f, netip.AddrFrom16([16]byte(b)))
		case jsonMAC:
			dst = append(sniffer.MAC(b).AppendTo(append(dst, '"')), '"')
		case jsonProtocol:
			dst = appendName(digits.AppendByte(dst, b[0]), f, iana.Protocol(b[0]))
		case jsonEtherType, jsonEtherTypeOrLength:
			t := u16(b)
			if t < 0x600 && f.do == jsonEtherTypeOrLength {
				dst = append(dst[:start], `,"length":`...)
			}
			dst = appendName(digits.AppendUint(dst, t), f, iana.EtherType(uint16(t)))
		case jsonTCPFlags:
			dst = append(append(append(dst, '"'), sniffer.TCPFlags(b[0]).Letters()...), '"')
		case jsonBytes:
			dst = append(digits.AppendHex(append(dst, '"'), b[:min(f.end-f.offset, size)]), '"')
		case jsonAddressLength: // no key of its own
			dst, size = dst[:start], int(b[0])
			if f.end-f.offset == 2 {
				size = int(u16(b))
			}
		case jsonPayloadLength:
			dst = appendInt(dst, int(u16(h[2:]))-4*int(h[0]&15))
		}
	}
	return dst
}

// appendAddress appends an address, and its name if it has one.
func (j *jsonPrinter) appendAddress(dst []byte, f *jsonField, addr netip.Addr) []byte {
	dst = append(sniffer.AppendAddr(append(dst, '"'), addr), '"')
	if j.o.Names == nil {
		return dst
	}
	if name := j.o.Names.Name(addr); name != "" {
		dst = appendString(append(dst, f.nameKey...), name)
	}
	return dst
}

// appendName appends a name that a registry has for a field's value.
func appendName(dst []byte, f *jsonField, name string) []byte {
	if name == "" {
		return dst
	}
	dst = append(append(dst, f.nameKey...), '"')
	return append(append(dst, name...), '"')
}

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
	default:
		return dst
	}
	dst = append(dst, '}')
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
	case p.Has(sniffer.UDP):
		dst = j.appendFields(append(dst, `,"udp":`...), h, jsonUDP)
	case p.Has(sniffer.ICMPv4):
		dst = j.appendICMP(append(dst, `,"icmpv4":`...), p, h)
	case p.Has(sniffer.ICMPv6):
		dst = j.appendICMP(append(dst, `,"icmpv6":`...), p, h)
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
	if p.Has(sniffer.ICMPv6) && (p.ICMPType == 135 || p.ICMPType == 136) { // RFC 4861
		dst = nameless.appendFields(dst, h, jsonNeighbor)
	}
	return dst
}
