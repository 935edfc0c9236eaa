package dissect

import (
	"encoding/binary"

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
