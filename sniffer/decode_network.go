package sniffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

func (p *Packet) readEthernet(b []byte) (header, []byte, error) {
	if err := headerEthernet.check(b); err != nil {
		return headerNone, nil, err
	}
	p.Layers |= Ethernet
	p.setEthernet(b)
	return after(p.EtherType), b[14:], nil
}

// setEthernet sets what an Ethernet header has (IEEE 802.3, section 3.2).
func (p *Packet) setEthernet(h []byte) {
	p.DstMAC, p.SrcMAC, p.EtherType = MAC(h), MAC(h[6:]), binary.BigEndian.Uint16(h[12:])
	p.NetworkOffset = 14
}

// readVLAN reads a tag behind its own EtherType (IEEE 802.1Q, section 9.3).
func (p *Packet) readVLAN(b []byte) (header, []byte, error) {
	if err := headerVLAN.check(b); err != nil {
		return headerNone, nil, err
	}
	if !p.Has(VLAN) {
		p.VLANID = binary.BigEndian.Uint16(b) & 0xfff
	}
	p.Layers |= VLAN
	p.EtherType = binary.BigEndian.Uint16(b[2:])
	p.NetworkOffset += 4
	return after(p.EtherType), b[4:], nil
}

// readARP reads ARP (RFC 826) or RARP, as layer says.
func (p *Packet) readARP(layer Layers, b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("%d bytes, at least 8", len(b))
	}
	if len(b) >= headers[headerARP].fixed {
		p.Layers |= layer
		p.ARPOperation = binary.BigEndian.Uint16(b[6:])
	}
	hardware, protocol := int(b[4]), int(b[5]) // lengths of addresses
	if size := 8 + 2*(hardware+protocol); size > len(b) {
		return fmt.Errorf("length %d, %d bytes there", size, len(b))
	}
	if binary.BigEndian.Uint16(b[2:]) != EtherTypeIPv4 || hardware != 6 || protocol != 4 {
		return errNotEthernet
	}
	p.ARPSenderMAC, p.ARPTgtMAC = MAC(b[8:]), MAC(b[18:])
	p.ARPSender, p.ARPTarget = address4(b[14:]), address4(b[24:])
	return nil
}

var errNotEthernet = errors.New("not IPv4 over Ethernet")

// readIPv4 reads an IPv4 header and its options (RFC 791, section 3.1).
func (p *Packet) readIPv4(b []byte) (header, []byte, error) {
	if b[0]>>4 != 4 {
		return headerNone, nil, fmt.Errorf("version %d", b[0]>>4)
	}
	if err := headerIPv4.check(b); err != nil {
		return headerNone, nil, err
	}
	p.Layers |= IPv4
	p.Src, p.Dst, p.TTL, p.Protocol = address4(b[12:]), address4(b[16:]), b[8], b[9]
	fragment := binary.BigEndian.Uint16(b[6:])
	if fragment&0x3fff != 0 {
		p.Fragment, p.MoreFragments = true, fragment&0x2000 != 0
		p.FragmentOffset, p.FragmentID = 8*int(fragment&0x1fff), uint32(binary.BigEndian.Uint16(b[4:]))
	}
	size, total := 4*int(b[0]&15), int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // a segment that offloading made
		total = len(b)
	}
	switch {
	case total < 20:
		return headerNone, nil, fmt.Errorf("total length %d, at least 20", total)
	case size < 20:
		return headerNone, nil, fmt.Errorf("header length %d, at least 20", size)
	case size > total:
		return headerNone, nil, fmt.Errorf("header length %d, total length %d", size, total)
	case size > len(b):
		return headerNone, nil, fmt.Errorf("header length %d, %d bytes there", size, len(b))
	}
	if err := checkOptions(b[20:size], 3); err != nil {
		return headerNone, nil, err
	}
	if fragment&0x1fff != 0 { // what follows is no header
		return headerNone, nil, nil
	}
	p.TransportOffset = p.NetworkOffset + size
	return announced(p.Protocol, protocolICMPv4), b[size:min(total, len(b))], nil
}

func address4(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b)) }

// readIPv6 reads an IPv6 header and its extension headers (RFC 8200, sections 3 and 4).
func (p *Packet) readIPv6(b []byte) (header, []byte, error) {
	if b[0]>>4 != 6 {
		return headerNone, nil, fmt.Errorf("version %d", b[0]>>4)
	}
	if err := headerIPv6.check(b); err != nil {
		return headerNone, nil, err
	}
	p.Layers |= IPv6
	p.setIPv6(b)
	rest := b[40:]
	// Padding goes; a length of 0 is that of a jumbogram or a segment that
	// offloading made.
	if n := int(binary.BigEndian.Uint16(b[4:])); n > 0 {
		rest = rest[:min(len(rest), n)]
		if p.Protocol == protocolHopByHop {
			if err := checkHopByHop(rest); err != nil {
				return headerNone, nil, err
			}
		}
	}
	rest, err := p.readExtensions(rest)
	if err != nil {
		return headerNone, nil, err
	}
	if rest == nil { // a later fragment
		return headerNone, nil, nil
	}
	p.TransportOffset = p.at(rest)
	return announced(p.Protocol, protocolICMPv6), rest, nil
}

// setIPv6 sets what an IPv6 header has without its extension headers.
func (p *Packet) setIPv6(h []byte) {
	p.Src, p.Dst = netip.AddrFrom16([16]byte(h[8:])), netip.AddrFrom16([16]byte(h[24:]))
	p.TTL, p.Protocol = h[7], h[6]
}

// checkHopByHop checks the options of a hop-by-hop header (RFC 8200, section 4.2) in a
// datagram whose payload length is not 0, as that of a jumbogram is (RFC 2675, section 3).
func checkHopByHop(b []byte) error {
	const pad1, jumbo = 0, 0xc2
	size := 8
	if len(b) >= size {
		size = extensionSize(protocolHopByHop, b[1])
	}
	if len(b) < size {
		return errExtension
	}
	for at := 2; at < size; {
		switch option := b[at:]; {
		case option[0] == pad1:
			at++
		case len(option) < 2 || 2+int(option[1]) > len(option):
			return fmt.Errorf("option %d longer than the %d bytes there", option[0], len(option))
		case option[0] == jumbo:
			return errors.New("option of a jumbogram, but a payload length")
		default:
			at += 2 + int(option[1])
		}
	}
	return nil
}
