package render

import (
	"net/netip"
	"slices"

	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// jsonField is a field prepared for JSON. Its operation is chosen once, and its
// key is an array of a fixed size, which is copied faster than a string.
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
	jsonPorts    = jsonFields("{", sniffer.UDPFields[:2])
	jsonTCP      = jsonFields("{", sniffer.TCPFields)
	jsonUDP      = jsonFields("{", sniffer.UDPFields)
	jsonHDLC     = jsonFields("{", sniffer.HDLCFields)
	jsonWLAN     = jsonFields("{", sniffer.WLANFields)
	jsonNFLOG    = jsonFields("{", sniffer.NFLOGFields)
	jsonMPLS     = jsonFields("{", sniffer.MPLSFields)
	jsonPPPoE    = jsonFields("{", sniffer.PPPoEFields)
	jsonGRE      = jsonFields("{", sniffer.GREFields)
	jsonVXLAN    = jsonFields("{", sniffer.VXLANFields)
	jsonGeneve   = jsonFields("{", sniffer.GeneveFields)
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
