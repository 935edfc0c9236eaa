package fault

import (
	"encoding/binary"
	"slices"

	"wirelab/sniffer"
)

// span is where a layer's bytes are in a frame.
type span struct{ begin, end int }

func (s span) has(at int) bool { return at >= s.begin && at < s.end }

// IP protocol numbers (IANA).
const (
	protocolICMP = 1
	protocolTCP  = 6
	protocolUDP  = 17
)

// parts are the layers of a frame, as far as it has them. A later fragment has no
// transport's header, and so no layer above IP.
type parts struct {
	ether, ip, header, transport span
	protocol                     byte
}

func partsOf(frame []byte) (p parts) {
	p.ether = span{0, len(frame)}
	at := 12
	for at+4 <= len(frame) && slices.Contains([]uint16{sniffer.EtherTypeVLAN, sniffer.EtherTypeQinQ}, binary.BigEndian.Uint16(frame[at:])) {
		at += 4
	}
	if at+2+20 > len(frame) || binary.BigEndian.Uint16(frame[at:]) != sniffer.EtherTypeIPv4 {
		return p
	}
	at += 2
	ip := frame[at:]
	size, length := int(ip[0]&0x0f)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if ip[0]>>4 != 4 || size < 20 || length < size || length > len(ip) {
		return p
	}
	p.ip, p.header = span{at, at + length}, span{at, at + size}
	if binary.BigEndian.Uint16(ip[6:])&0x1fff == 0 { // no later fragment
		p.transport, p.protocol = span{at + size, at + length}, ip[9]
	}
	return p
}

// find returns where a byte is in the frame.
func (p parts) find(b Byte) (at int, ok bool) {
	var s span
	switch {
	case b.Layer == "ether":
		s = p.ether
	case b.Layer == "ip":
		s = p.ip
	case b.Layer == "tcp" && p.protocol == protocolTCP, b.Layer == "udp" && p.protocol == protocolUDP, b.Layer == "icmp" && p.protocol == protocolICMP:
		s = p.transport
	}
	at = s.begin + b.At
	return at, s.has(at)
}

// Corrupted returns a copy of a frame with the byte changed as a rule of kind Corrupt
// changes it: all its bits are flipped. It reports false if the rule leaves the frame as
// it is: the frame does not have the byte or, with Mend, the byte is part of a checksum, or
// is covered by one that is in another fragment.
func (r Rule) Corrupted(frame []byte) ([]byte, bool) { return corrupt(frame, r.Byte, r.Mend) }

// corrupt returns a copy of a frame in which every bit of a byte is another, and
// whose checksums are right if they were and mend is set. It reports false where the
// frame has no such byte, or the checksums cannot be right then. The one's complement sum
// never stays the same: the change of a 16-bit word by 255-2b, or 256 times that, is no
// multiple of 65,535.
func corrupt(frame []byte, b Byte, mend bool) ([]byte, bool) {
	p := partsOf(frame)
	at, ok := p.find(b)
	if !ok {
		return nil, false
	}
	changed := slices.Clone(frame)
	changed[at] ^= 0xff
	if !mend {
		return changed, true
	}
	laterFragment := p.transport == span{}
	possible := !laterFragment || !p.ip.has(at) || p.header.has(at)
	fix := func(sum int, from span) {
		if sum+2 > from.end || at == sum || at == sum+1 {
			possible = false
			return
		}
		was, is := uint16(frame[at]), uint16(changed[at])
		if (at-from.begin)%2 == 0 {
			was, is = was<<8, is<<8
		}
		old := binary.BigEndian.Uint16(changed[sum:])
		binary.BigEndian.PutUint16(changed[sum:], adjusted(old, was, is))
	}
	if p.header.has(at) {
		fix(p.header.begin+checksums["ip"], p.header)
	}
	// Protocol and addresses are in the pseudo header of TCP and UDP (RFC 9293,
	// section 3.1; RFC 768).
	pseudo := p.header.has(at) && (at == p.header.begin+9 || at >= p.header.begin+12 && at < p.header.begin+20)
	for layer, number := range map[string]byte{"tcp": protocolTCP, "udp": protocolUDP, "icmp": protocolICMP} {
		if p.protocol != number || !p.transport.has(at) && (!pseudo || number == protocolICMP) {
			continue
		}
		sum := p.transport.begin + checksums[layer]
		if number == protocolUDP && sum+2 <= p.transport.end && binary.BigEndian.Uint16(frame[sum:]) == 0 && at != sum && at != sum+1 {
			continue // the sender has computed none
		}
		from := p.transport
		if pseudo {
			from.begin = p.header.begin
		}
		fix(sum, from)
		if number == protocolUDP && sum+2 <= p.transport.end && binary.BigEndian.Uint16(changed[sum:]) == 0 {
			binary.BigEndian.PutUint16(changed[sum:], 0xffff) // 0 would say that there is none
		}
	}
	if !possible {
		return nil, false
	}
	return changed, true
}

// adjusted is a checksum after a 16-bit word of what it covers has changed (RFC 1624,
// equation 3).
func adjusted(sum, was, is uint16) uint16 {
	s := uint32(^sum) + uint32(^was) + uint32(is)
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
