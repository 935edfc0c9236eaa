package sniffer

import "encoding/binary"

// FieldKind says what a field's bytes hold.
type FieldKind uint8

// The kinds of fields.
const (
	KindNumber FieldKind = iota
	KindFlag             // one bit
	KindBytes
	KindMAC
	KindAddress // IPv4 of 4 bytes or IPv6 of 16
	KindEtherType
	KindEtherTypeOrLength // below 0x600 it is the length of an 802.3 frame (IEEE 802.3, section 3.2.6)
	KindProtocol          // IP protocol number
	KindTCPFlags
	KindAddressLength // how many bytes of the next field count
	KindPayloadLength // of IPv4: total length minus header length; the field has no bytes of its own
)

// Field describes a field of a header: its name, where it is, and what it holds.
type Field struct {
	Name   string
	Offset int // of its first byte in the header
	Length int // how many bytes it is in
	Kind   FieldKind

	// A number is in some bits of its bytes, which are a big-endian number: shift that
	// right by Shift bits and take the lowest Bits, all for 0. The value is that times
	// Unit; 0 is 1.
	Shift, Bits uint8
	Unit        uint8
}

// Number returns the value of a number or flag in a header, which must have all of the
// field's bytes.
func (f *Field) Number(header []byte) uint64 {
	var v uint64
	switch b := header[f.Offset:]; f.Length {
	case 1:
		v = uint64(b[0])
	case 2:
		v = uint64(binary.BigEndian.Uint16(b))
	case 4:
		v = uint64(binary.BigEndian.Uint32(b))
	}
	v >>= f.Shift
	if f.Bits > 0 {
		v &= 1<<f.Bits - 1
	}
	return v * uint64(max(f.Unit, 1))
}

// Fields are the fields of a header in the order in which outputs list them.
type Fields []Field

// Field returns the field of a name. It panics if there is none.
func (all Fields) Field(name string) *Field {
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	panic("sniffer: no field " + name)
}

// The fields of headers. docs/sniff-json.md describes each under its name.
var (
	EthernetFields = Fields{
		{Name: "dst", Offset: 0, Length: 6, Kind: KindMAC},
		{Name: "src", Offset: 6, Length: 6, Kind: KindMAC},
		{Name: "type", Offset: 12, Length: 2, Kind: KindEtherTypeOrLength},
	}

	// SLLFields are of LINKTYPE_LINUX_SLL.
	SLLFields = Fields{
		{Name: "type", Offset: 14, Length: 2, Kind: KindEtherType},
		{Name: "arphrd", Offset: 2, Length: 2},
		{Name: "packet_type", Offset: 0, Length: 2},
		{Name: "address_length", Offset: 4, Length: 2, Kind: KindAddressLength},
		{Name: "address", Offset: 6, Length: 8, Kind: KindBytes},
	}

	// SLL2Fields are of LINKTYPE_LINUX_SLL2.
	SLL2Fields = Fields{
		{Name: "type", Offset: 0, Length: 2, Kind: KindEtherType},
		{Name: "interface_index", Offset: 4, Length: 4},
		{Name: "arphrd", Offset: 8, Length: 2},
		{Name: "packet_type", Offset: 10, Length: 1},
		{Name: "address_length", Offset: 11, Length: 1, Kind: KindAddressLength},
		{Name: "address", Offset: 12, Length: 8, Kind: KindBytes},
	}

	LoopbackFields = Fields{
		{Name: "family", Offset: 0, Length: 4, Kind: KindBytes},
	}

	// VLANFields are of a tag's control information and what follows it (IEEE
	// 802.1Q, 9.3).
	VLANFields = Fields{
		{Name: "priority", Offset: 0, Length: 2, Shift: 13},
		{Name: "drop_eligible", Offset: 0, Length: 2, Kind: KindFlag, Shift: 12, Bits: 1},
		{Name: "id", Offset: 0, Length: 2, Bits: 12},
		{Name: "type", Offset: 2, Length: 2, Kind: KindEtherType},
	}

	// ARPFields are of RARP too. Those behind the operation are of IPv4 over
	// Ethernet alone.
	ARPFields = Fields{
		{Name: "hardware_type", Offset: 0, Length: 2},
		{Name: "protocol_type", Offset: 2, Length: 2},
		{Name: "hardware_length", Offset: 4, Length: 1},
		{Name: "protocol_length", Offset: 5, Length: 1},
		{Name: "operation", Offset: 6, Length: 2},
		{Name: "sender_mac", Offset: 8, Length: 6, Kind: KindMAC},
		{Name: "sender", Offset: 14, Length: 4, Kind: KindAddress},
		{Name: "target_mac", Offset: 18, Length: 6, Kind: KindMAC},
		{Name: "target", Offset: 24, Length: 4, Kind: KindAddress},
	}

	IPv4Fields = Fields{
		{Name: "version", Offset: 0, Length: 1, Shift: 4},
		{Name: "header_length", Offset: 0, Length: 1, Bits: 4, Unit: 4},
		{Name: "dscp", Offset: 1, Length: 1, Shift: 2},
		{Name: "ecn", Offset: 1, Length: 1, Bits: 2},
		{Name: "total_length", Offset: 2, Length: 2},
		{Name: "payload_length", Kind: KindPayloadLength},
		{Name: "id", Offset: 4, Length: 2},
		{Name: "reserved", Offset: 6, Length: 2, Kind: KindFlag, Shift: 15},
		{Name: "dont_fragment", Offset: 6, Length: 2, Kind: KindFlag, Shift: 14, Bits: 1},
		{Name: "more_fragments", Offset: 6, Length: 2, Kind: KindFlag, Shift: 13, Bits: 1},
		{Name: "fragment_offset", Offset: 6, Length: 2, Bits: 13, Unit: 8},
		{Name: "ttl", Offset: 8, Length: 1},
		{Name: "protocol", Offset: 9, Length: 1, Kind: KindProtocol},
		{Name: "checksum", Offset: 10, Length: 2},
		{Name: "src", Offset: 12, Length: 4, Kind: KindAddress},
		{Name: "dst", Offset: 16, Length: 4, Kind: KindAddress},
	}

	IPv6Fields = Fields{
		{Name: "version", Offset: 0, Length: 1, Shift: 4},
		{Name: "dscp", Offset: 0, Length: 2, Shift: 6, Bits: 6},
		{Name: "ecn", Offset: 0, Length: 2, Shift: 4, Bits: 2},
		{Name: "flow_label", Offset: 0, Length: 4, Bits: 20},
		{Name: "payload_length", Offset: 4, Length: 2},
		{Name: "next_header", Offset: 6, Length: 1, Kind: KindProtocol},
		{Name: "hop_limit", Offset: 7, Length: 1},
		{Name: "src", Offset: 8, Length: 16, Kind: KindAddress},
		{Name: "dst", Offset: 24, Length: 16, Kind: KindAddress},
	}

	// FragmentFields are of IPv6's fragment header (RFC 8200, section 4.5).
	FragmentFields = Fields{
		{Name: "fragment_offset", Offset: 2, Length: 2, Shift: 3, Unit: 8},
		{Name: "more_fragments", Offset: 2, Length: 2, Kind: KindFlag, Bits: 1},
		{Name: "id", Offset: 4, Length: 4},
	}

	// ICMPFields are what every message of ICMPv4 and ICMPv6 has.
	ICMPFields = Fields{
		{Name: "type", Offset: 0, Length: 1},
		{Name: "code", Offset: 1, Length: 1},
		{Name: "checksum", Offset: 2, Length: 2},
	}

	// EchoFields follow ICMPFields in an echo, RestFields in other messages.
	EchoFields = Fields{
		{Name: "id", Offset: 4, Length: 2},
		{Name: "seq", Offset: 6, Length: 2},
	}
	RestFields = Fields{
		{Name: "rest", Offset: 4, Length: 4, Kind: KindBytes},
	}

	// NeighborFields follow RestFields in a neighbor solicitation and
	// advertisement (RFC 4861, section 4.3).
	NeighborFields = Fields{
		{Name: "target", Offset: 8, Length: 16, Kind: KindAddress},
	}

	TCPFields = Fields{
		{Name: "src_port", Offset: 0, Length: 2},
		{Name: "dst_port", Offset: 2, Length: 2},
		{Name: "seq", Offset: 4, Length: 4},
		{Name: "ack", Offset: 8, Length: 4},
		{Name: "header_length", Offset: 12, Length: 1, Shift: 4, Unit: 4},
		{Name: "flags", Offset: 13, Length: 1, Kind: KindTCPFlags},
		{Name: "flag_bits", Offset: 12, Length: 2, Bits: 12},
		{Name: "window", Offset: 14, Length: 2},
		{Name: "checksum", Offset: 16, Length: 2},
		{Name: "urgent", Offset: 18, Length: 2},
	}

	HDLCFields = Fields{
		{Name: "address", Offset: 0, Length: 1},
		{Name: "control", Offset: 1, Length: 1},
		{Name: "type", Offset: 2, Length: 2, Kind: KindEtherType},
	}

	// WLANFields are of the 802.11 header, as far as its kind has them.
	WLANFields = Fields{
		{Name: "type", Offset: 0, Length: 2, Shift: 10, Bits: 2},
		{Name: "subtype", Offset: 0, Length: 2, Shift: 12},
		{Name: "to_ds", Offset: 0, Length: 2, Kind: KindFlag, Bits: 1},
		{Name: "from_ds", Offset: 0, Length: 2, Kind: KindFlag, Shift: 1, Bits: 1},
		{Name: "retry", Offset: 0, Length: 2, Kind: KindFlag, Shift: 3, Bits: 1},
		{Name: "protected", Offset: 0, Length: 2, Kind: KindFlag, Shift: 6, Bits: 1},
		{Name: "receiver", Offset: 4, Length: 6, Kind: KindMAC},
		{Name: "transmitter", Offset: 10, Length: 6, Kind: KindMAC},
	}

	NFLOGFields = Fields{
		{Name: "family", Offset: 0, Length: 1},
		{Name: "group", Offset: 2, Length: 2},
	}

	// MPLSFields are of an entry of the label stack.
	MPLSFields = Fields{
		{Name: "label", Offset: 0, Length: 4, Shift: 12},
		{Name: "traffic_class", Offset: 0, Length: 4, Shift: 9, Bits: 3},
		{Name: "bottom", Offset: 2, Length: 2, Kind: KindFlag, Shift: 8, Bits: 1},
		{Name: "ttl", Offset: 3, Length: 1},
	}

	PPPoEFields = Fields{
		{Name: "version", Offset: 0, Length: 1, Shift: 4},
		{Name: "type", Offset: 0, Length: 1, Bits: 4},
		{Name: "code", Offset: 1, Length: 1},
		{Name: "session_id", Offset: 2, Length: 2},
		{Name: "length", Offset: 4, Length: 2},
	}

	// GREFields are of every GRE header; Packet.GREKey tells the key.
	GREFields = Fields{
		{Name: "version", Offset: 0, Length: 2, Bits: 3},
		{Name: "protocol", Offset: 2, Length: 2, Kind: KindEtherType},
	}

	VXLANFields = Fields{
		{Name: "vni", Offset: 4, Length: 4, Shift: 8},
	}

	GeneveFields = Fields{
		{Name: "options_length", Offset: 0, Length: 1, Bits: 6, Unit: 4},
		{Name: "protocol", Offset: 2, Length: 2, Kind: KindEtherType},
		{Name: "vni", Offset: 4, Length: 4, Shift: 8},
	}

	UDPFields = Fields{
		{Name: "src_port", Offset: 0, Length: 2},
		{Name: "dst_port", Offset: 2, Length: 2},
		{Name: "length", Offset: 4, Length: 2},
		{Name: "checksum", Offset: 6, Length: 2},
	}
)

// LinkFields returns the fields of the link header with which the frame begins, and its
// length in bytes. It returns nil and 0 if there is none, or one without fixed fields.
func (p *Packet) LinkFields() (Fields, int) {
	switch {
	case p.Has(Ethernet):
		return EthernetFields, 14
	case p.Has(SLL) && p.LinkType == LinkLinuxSLL2:
		return SLL2Fields, 20
	case p.Has(SLL):
		return SLLFields, 16
	case p.Has(Loopback):
		return LoopbackFields, 4
	case p.Has(HDLC):
		return HDLCFields, 4
	}
	return nil, 0
}

// Tag says where a VLAN tag is.
type Tag struct {
	TPID   int // offset in Data of its own EtherType
	Offset int // offset in Data of its VLANFields
}

// Tags calls do for each VLAN tag, the outermost first.
func (p *Packet) Tags(do func(Tag)) {
	if !p.Has(VLAN) {
		return
	}
	fields, at := p.LinkFields()
	tpid := fields.Field("type").Offset
	for at+4 <= min(p.NetworkOffset, len(p.Data)) {
		do(Tag{tpid, at})
		tpid, at = at+2, at+4
	}
}

// Option is an option of IPv4 or TCP. Every option has a type, and all but types 0
// and 1 a length (RFC 791, section 3.1; RFC 9293, section 3.1).
type Option struct {
	Type       uint8
	Start, End int  // offsets in Data of the option with its type and length
	Malformed  bool // its length is missing or wrong; End is the end of the list then
}

// Options calls do for each option in Data[from:to], up to the end of the list
// or the first that is malformed.
func (p *Packet) Options(from, to int, do func(Option)) {
	to = min(to, len(p.Data))
	for from < to {
		o := Option{Type: p.Data[from], Start: from, End: from + 1}
		if o.Type > 1 {
			o.Malformed = from+1 >= to || p.Data[from+1] < 2 || from+int(p.Data[from+1]) > to
			if o.Malformed {
				o.End = to
			} else {
				o.End = from + int(p.Data[from+1])
			}
		}
		do(o)
		if o.Type == 0 {
			return
		}
		from = o.End
	}
}

// Extension is an extension header of IPv6 (RFC 8200, section 4).
type Extension struct {
	Protocol   uint8 // its own number
	Start, End int   // offsets in Data; the byte at Start is the number of the next header
}

// Extensions calls do for each extension header of an IPv6 packet, in their order. It ends
// at an encrypted header (ESP) and at a later fragment, as what follows cannot be read.
// The packet must have IPv6.
func (p *Packet) Extensions(do func(Extension)) {
	next, at := p.Data[p.NetworkOffset+6], p.NetworkOffset+40
	for at+8 <= len(p.Data) {
		size := 8
		switch next {
		case protocolHopByHop, protocolRouting, protocolDestination, protocolAH, 135, 139, 140:
			size = extensionSize(next, p.Data[at+1])
		case protocolFragment:
		default:
			return
		}
		if at+size > len(p.Data) {
			return
		}
		do(Extension{next, at, at + size})
		if next == protocolFragment && FragmentFields[0].Number(p.Data[at:]) != 0 {
			return
		}
		next, at = p.Data[at], at+size
	}
}
