package sniffer

import (
	"encoding/binary"
	"fmt"
)

// Decode decodes p.Frame and sets every other field but Number. It knows the link types
// above; of another it decodes nothing. If the frame is malformed or cut short, Decode
// sets the fields up to the fault, and p.Err. It makes no allocation for a well-formed
// frame without a tunnel.
func (p *Packet) Decode() {
	p.reset()
	if p.plain() {
		return
	}
	p.decodeOne()
	if p.Inner != nil {
		p.decodeInner()
	}
}

// decodeOne is Decode but for the frames inside p, of which it makes the first.
func (p *Packet) decodeOne() {
	p.decodeHeaders()
	if p.Err != nil {
		p.Payload, p.PayloadOffset = nil, 0
	} else if !p.Truncated() {
		p.Err = p.lengths()
	}
}

// decodeHeaders reads one header after the other.
func (p *Packet) decodeHeaders() {
	next := first(p.LinkType)
	rest := p.Data
	for n := 0; next != headerNone; n++ {
		if n == maxLayers {
			p.Err = fmt.Errorf("more than %d headers", maxLayers)
			return
		}
		if len(rest) == 0 {
			p.Err = fmt.Errorf("%s: no bytes", headers[next].name)
			return
		}
		following, behind, err := read(p, next, rest)
		if err != nil {
			p.Err = fmt.Errorf("%s: %w", headers[next].name, err)
			return
		}
		next, rest = following, behind
	}
}

// read reads one header, which b begins with, and returns what follows it.
func read(p *Packet, h header, b []byte) (next header, rest []byte, err error) {
	switch h {
	case headerEthernet:
		return p.readEthernet(b)
	case headerVLAN:
		return p.readVLAN(b)
	case headerIPv4:
		return p.readIPv4(b)
	case headerIPv6:
		return p.readIPv6(b)
	case headerTCP:
		return headerNone, nil, p.readTCP(b)
	case headerUDP:
		return headerNone, nil, p.readUDP(b)
	case headerICMPv4:
		return headerNone, nil, p.readICMPv4(b)
	case headerICMPv6:
		return headerNone, nil, p.readICMPv6(b)
	case headerARP:
		return headerNone, nil, p.readARP(ARP, b)
	case headerRARP:
		return headerNone, nil, p.readARP(RARP, b)
	default:
		return readLink(p, h, b)
	}
}

// at returns the offset of b, which is the end of some part of p.Data, in it.
// Cutting bytes off the end of b does not change the offset: the capacity stays.
func (p *Packet) at(b []byte) int { return cap(p.Data) - cap(b) }

// payload sets what a transport header carries.
func (p *Packet) payload(b []byte) {
	p.Payload, p.PayloadOffset = b, p.at(b)
}

// lengths returns an error if a header claims more bytes than the frame has.
func (p *Packet) lengths() error {
	claimed := func(offset int) int { return int(binary.BigEndian.Uint16(p.Data[offset:])) }
	there := len(p.Data) - p.NetworkOffset
	if p.Has(IPv4) {
		if total := claimed(p.NetworkOffset + 2); total > there {
			return fmt.Errorf("IPv4: total length %d, %d bytes there", total, there)
		}
	} else if p.Has(IPv6) {
		if length := claimed(p.NetworkOffset + 4); length > there-40 {
			return fmt.Errorf("IPv6: payload length %d, %d bytes there", length, there-40)
		}
	}
	if p.Has(UDP) && !p.Fragment {
		if length := claimed(p.TransportOffset + 4); length > 8+len(p.Payload) {
			return fmt.Errorf("UDP: length %d, %d bytes there", length, 8+len(p.Payload))
		}
	}
	return nil
}
