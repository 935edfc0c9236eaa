package sniffer

import "encoding/binary"

// readFragment reads an IPv6 fragment header (RFC 8200, section 4.5). Of
// several, the first that is not a whole datagram's counts.
func (p *Packet) readFragment(h []byte) (later bool) {
	field := binary.BigEndian.Uint16(h[2:])
	if field&^6 != 0 && !p.Fragment {
		p.Fragment, p.MoreFragments = true, field&1 != 0
		p.FragmentOffset, p.FragmentID = int(field&^7), binary.BigEndian.Uint32(h[4:])
	}
	return field>>3 != 0
}

// FragmentData returns the bytes that a fragment adds to its datagram at FragmentOffset,
// as far as they were captured, without link-layer padding. They are the payload of IPv4,
// or what follows the fragment header of IPv6. It returns nil if the packet is no
// fragment, or a length in it is wrong.
func (p *Packet) FragmentData() []byte {
	if !p.Fragment {
		return nil
	}
	h := p.Data[p.NetworkOffset:]
	var start, end int
	if p.Has(IPv4) {
		if start = 4 * int(h[0]&15); start < 20 {
			return nil
		}
		end = int(binary.BigEndian.Uint16(h[2:]))
	} else {
		next := h[6]
		start, end = 40, 40+int(binary.BigEndian.Uint16(h[4:]))
		for next != protocolFragment || binary.BigEndian.Uint16(h[start+2:])&^6 == 0 {
			size := 8 // what readExtensions has passed over is all there
			if next != protocolFragment {
				size = extensionSize(next, h[start+1])
			}
			next, start = h[start], start+size
		}
		start += 8
	}
	if end = min(end, len(h)); start > end {
		return nil
	}
	return h[start:end:end]
}
