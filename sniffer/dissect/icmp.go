package dissect

import (
	"encoding/binary"
	"net/netip"

	"wirelab/sniffer"
)

// Quoted returns the beginning of the packet that an ICMP error is about (RFC
// 792; RFC 4443, section 3) as a frame, and where it is in p.Data.
func Quoted(p *sniffer.Packet) (f sniffer.Frame, offset int, ok bool) {
	const header = 8
	at := p.TransportOffset + header
	if p.TransportOffset == 0 || p.Fragment || !quotes(p) {
		return f, 0, false
	}
	end := networkEnd(p)
	if at >= end {
		return f, 0, false
	}
	// Behind the quoted packet there may be extensions (RFC 4884, section 3).
	size := 4 * int(p.Data[p.TransportOffset+5])
	fixed, stated := 20, 0
	f.LinkType = sniffer.LinkIPv4
	if p.Has(sniffer.ICMPv6) {
		size, fixed = 8*int(p.Data[p.TransportOffset+4]), 40
		f.LinkType = sniffer.LinkIPv6
	}
	if extended(p) && size > 0 {
		end = min(end, at+size)
	}
	f.Data = p.Data[at:end:end]
	if len(f.Data) < fixed {
		return f, 0, false
	}
	if fixed == 20 {
		stated = int(binary.BigEndian.Uint16(f.Data[2:]))
	} else {
		stated = 40 + int(binary.BigEndian.Uint16(f.Data[4:]))
	}
	f.Time, f.Interface, f.Length = p.Time, p.Interface, max(len(f.Data), stated)
	return f, at, true
}

// MTU returns the greatest packet that the next link takes, bytes: of "packet too
// big", or of "fragmentation needed" (RFC 1191, section 4) that says so.
func MTU(p *sniffer.Packet) (mtu uint32, ok bool) {
	at := p.TransportOffset + 4
	switch {
	case p.TransportOffset == 0 || len(p.Data) < at+4:
	case p.Has(sniffer.ICMPv6) && p.ICMPType == 2:
		mtu = binary.BigEndian.Uint32(p.Data[at:])
	case p.Has(sniffer.ICMPv4) && p.ICMPType == 3 && p.ICMPCode == 4:
		mtu = uint32(binary.BigEndian.Uint16(p.Data[at+2:]))
	}
	return mtu, mtu != 0
}

// Gateway returns the router that an ICMPv4 redirect names (RFC 792).
func Gateway(p *sniffer.Packet) (gateway netip.Addr, ok bool) {
	at := p.TransportOffset + 4
	if p.TransportOffset == 0 || len(p.Data) < at+4 || !p.Has(sniffer.ICMPv4) || p.ICMPType != 5 {
		return gateway, false
	}
	return netip.AddrFrom4([4]byte(p.Data[at:])), true
}

// quotes reports whether p is an ICMP error.
func quotes(p *sniffer.Packet) bool {
	if p.Has(sniffer.ICMPv6) {
		return p.ICMPType >= 1 && p.ICMPType <= 4
	}
	switch p.ICMPType {
	case 3, 4, 5, 11, 12:
		return p.Has(sniffer.ICMPv4)
	}
	return false
}

// extended reports whether the error is of a type that RFC 4884 gives a length:
// unreachable, time exceeded and, of ICMPv4, parameter problem.
func extended(p *sniffer.Packet) bool {
	if p.Has(sniffer.ICMPv6) {
		return p.ICMPType == 1 || p.ICMPType == 3
	}
	return p.ICMPType == 3 || p.ICMPType == 11 || p.ICMPType == 12
}
