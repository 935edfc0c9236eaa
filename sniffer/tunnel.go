package sniffer

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// maxInner bounds the frames inside one another that are decoded.
const maxInner = 8

// UDP ports of tunnels (IANA).
const (
	portVXLAN  = 4789
	portGeneve = 6081
)

var (
	errTooDeep = fmt.Errorf("more than %d frames inside one another", maxInner)
	errCut     = errors.New("header longer than what is there")
)

// enter makes b, which p carries behind its last header, the frame inside p.
// Decode reads it once p is done. A fragment does not hold all of a frame.
func (p *Packet) enter(link LinkType, b []byte) {
	if p.Fragment || len(b) == 0 {
		return
	}
	length := len(b)
	if p.Truncated() {
		length = max(length, p.end()-p.at(b))
	}
	p.Inner = &Packet{Number: p.Number, Frame: Frame{
		Time: p.Time, Data: b, Length: length, Interface: p.Interface, Direction: p.Direction, LinkType: link,
	}}
}

// decodeInner decodes the frames inside a packet.
func (p *Packet) decodeInner() {
	for depth := 1; p.Inner != nil; depth++ {
		if p = p.Inner; depth == maxInner {
			p.Err = errTooDeep
			return
		}
		p.decodeOne()
	}
}

// InnerOffset returns where the Data of p.Inner begins in p.Data. p.Inner must not be nil.
func (p *Packet) InnerOffset() int { return p.at(p.Inner.Data) }

// Innermost returns the packet in the innermost frame, p itself if it carries none.
func (p *Packet) Innermost() *Packet {
	for p.Inner != nil {
		p = p.Inner
	}
	return p
}

// Malformed reports whether the frame, or one inside it, is wrong. A frame that the
// capture cut short is not malformed.
func (p *Packet) Malformed() bool {
	return (p.Err != nil || p.Inner != nil) && p.someMalformed()
}

func (p *Packet) someMalformed() bool {
	for ; p != nil; p = p.Inner {
		if p.Err != nil && !p.Truncated() {
			return true
		}
	}
	return false
}

// linkOf returns the link type of what an EtherType announces in a tunnel.
func linkOf(etherType uint16) (LinkType, bool) {
	switch etherType {
	case EtherTypeIPv4:
		return LinkIPv4, true
	case EtherTypeIPv6:
		return LinkIPv6, true
	case etherTypeBridged:
		return LinkEthernet, true
	case etherTypeMPLS, etherTypeMPLSUpstream:
		return LinkMPLS, true
	case etherTypePPP:
		return LinkPPP, true
	}
	return 0, false
}

// greSize returns the length of a GRE header by its flags; 0 for one with source
// routes (RFC 1701), or of an unknown version.
func greSize(flags uint16) int {
	if flags&0x4000 != 0 || flags&7 > 1 {
		return 0
	}
	size := 4
	for _, bit := range []uint16{0x8000, 0x2000, 0x1000, 0x0080} { // checksum, key, sequence number, acknowledgement
		if flags&bit != 0 && (bit != 0x0080 || flags&7 == 1) {
			size += 4
		}
	}
	return size
}

// readGRE reads GRE (RFC 2784, RFC 2890) and PPTP's variant of it (RFC 2637).
func (p *Packet) readGRE(b []byte) error {
	p.Layers |= GRE
	size := greSize(binary.BigEndian.Uint16(b))
	if size > len(b) {
		return errCut
	}
	if link, ok := linkOf(binary.BigEndian.Uint16(b[2:])); ok && size > 0 {
		p.enter(link, b[size:])
	}
	return nil
}

// GREKey returns the key of a GRE header (RFC 2890), and false if it has none. The packet
// must have GRE.
func (p *Packet) GREKey() (key uint32, ok bool) {
	h := p.Data[p.TransportOffset:]
	flags := binary.BigEndian.Uint16(h)
	at := 4
	if flags&0x8000 != 0 {
		at += 4
	}
	if flags&0x2000 == 0 || greSize(flags) == 0 || len(h) < at+4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(h[at:]), true
}

// readUDPTunnel reads VXLAN (RFC 7348, section 5) and Geneve (RFC 8926, section
// 3.4), which UDP carries. What is not one of theirs is any payload.
func (p *Packet) readUDPTunnel() {
	b := p.Payload
	if len(b) < 8 {
		return
	}
	if p.DstPort == portVXLAN {
		if b[0]&0x08 != 0 { // a VNI is there
			p.Layers |= VXLAN
			p.enter(LinkEthernet, b[8:])
		}
		return
	}
	if size := 8 + 4*int(b[0]&0x3f); b[0]>>6 == 0 && size <= len(b) {
		p.Layers |= Geneve
		if link, ok := linkOf(binary.BigEndian.Uint16(b[2:])); ok {
			p.enter(link, b[size:])
		}
	}
}

// readMPLS reads a label stack (RFC 3032, section 2.1). No label says what it
// carries: its first half byte tells IP, and an EtherType that is known tells
// Ethernet, with a control word before it (RFC 4385, section 3) or without.
func (p *Packet) readMPLS(b []byte) error {
	p.Layers |= MPLS
	for n := 0; ; n++ {
		if n == maxLayers {
			return fmt.Errorf("more than %d labels", maxLayers)
		}
		if len(b) < 4 {
			return errCut
		}
		bottom := b[2]&1 != 0
		if b = b[4:]; bottom {
			break
		}
	}
	switch {
	case len(b) == 0:
	case b[0]>>4 == 4:
		p.enter(LinkIPv4, b)
	case b[0]>>4 == 6:
		p.enter(LinkIPv6, b)
	case b[0]>>4 == 0 && len(b) > 4 && likelyEthernet(b[4:]):
		p.enter(LinkEthernet, b[4:])
	case likelyEthernet(b):
		p.enter(LinkEthernet, b)
	}
	return nil
}

func likelyEthernet(b []byte) bool {
	return len(b) >= 14 && after(binary.BigEndian.Uint16(b[12:])) != headerNone
}

// Labels calls do with the offset in Data of each entry of an MPLS label stack, the top
// one first. Its MPLSFields are there.
func (p *Packet) Labels(do func(offset int)) {
	if !p.Has(MPLS) {
		return
	}
	for at := p.NetworkOffset; at+4 <= len(p.Data) && at < p.NetworkOffset+4*maxLayers; at += 4 {
		do(at)
		if p.Data[at+2]&1 != 0 {
			return
		}
	}
}

// readPPPoE reads PPPoE (RFC 2516, section 4).
func (p *Packet) readPPPoE(b []byte) error {
	p.Layers |= PPPoE
	code, length := b[1], int(binary.BigEndian.Uint16(b[4:]))
	if b = b[6:]; length > len(b) && !p.Truncated() {
		return fmt.Errorf("length %d, %d bytes there", length, len(b))
	}
	b = b[:min(length, len(b))]
	if code != 0 {
		return nil
	}
	if p.enter(LinkPPP, b); p.Inner != nil {
		p.Inner.Length = max(len(b), min(length, p.Inner.Length))
	}
	return nil
}
