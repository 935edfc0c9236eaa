package sniffer

import (
	"encoding/binary"
	"fmt"
)

// readTCP reads a TCP header and its options (RFC 9293, section 3.1).
func (p *Packet) readTCP(b []byte) error {
	if err := headerTCP.check(b); err != nil {
		p.somePorts(b)
		return err
	}
	p.Layers |= TCP
	p.setTCP(b)
	size := tcpHeaderSize(b)
	switch {
	case size < 20:
		return fmt.Errorf("header length %d, at least 20", size)
	case size > len(b):
		return fmt.Errorf("header length %d, %d bytes there", size, len(b))
	}
	if err := checkOptions(b[20:size], 2); err != nil {
		return err
	}
	p.payload(b[size:])
	return nil
}

// tcpHeaderSize returns the length that a TCP header says it has, bytes.
func tcpHeaderSize(h []byte) int { return 4 * int(h[12]>>4) }

// setTCP sets what the fixed part of a TCP header has.
func (p *Packet) setTCP(h []byte) {
	p.setPorts(h)
	p.Seq, p.Ack = binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
	p.Flags, p.Window = TCPFlags(h[13]), binary.BigEndian.Uint16(h[14:])
}

// setPorts sets the ports, with which a header of TCP or UDP begins.
func (p *Packet) setPorts(h []byte) {
	p.SrcPort, p.DstPort = binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:])
}

// somePorts sets the ports of a header of which not all is there.
func (p *Packet) somePorts(b []byte) {
	if len(b) >= 4 {
		p.setPorts(b)
		p.PortsOnly = true
	}
}

// checkOptions checks the lengths of the options of TCP or IPv4: all but types 0, which
// ends the list, and 1 have one (RFC 9293, section 3.1; RFC 791, section 3.1), least bytes
// or more.
func checkOptions(b []byte, least int) error {
	for len(b) > 0 && b[0] != 0 {
		size := 1
		if b[0] != 1 {
			if len(b) < 2 {
				return fmt.Errorf("option %d without a length", b[0])
			}
			if size = int(b[1]); size < least || size > len(b) {
				return fmt.Errorf("option %d of %d bytes, %d bytes there", b[0], size, len(b))
			}
		}
		b = b[size:]
	}
	return nil
}

// readUDP reads a UDP header (RFC 768) and the tunnels that UDP carries.
func (p *Packet) readUDP(b []byte) error {
	if err := headerUDP.check(b); err != nil {
		p.somePorts(b)
		return err
	}
	p.Layers |= UDP
	p.setPorts(b)
	length := int(binary.BigEndian.Uint16(b[4:]))
	switch {
	case length == 0: // of a jumbogram (RFC 2675, section 4)
		length = len(b)
	case length < 8:
		return fmt.Errorf("length %d, at least 8", length)
	}
	p.payload(b[8:min(length, len(b))])
	if p.DstPort == portVXLAN || p.DstPort == portGeneve {
		p.readUDPTunnel()
	}
	return nil
}

// readICMPv4 reads an ICMP message, of which only an echo has a Payload (RFC 792).
func (p *Packet) readICMPv4(b []byte) error {
	if err := headerICMPv4.check(b); err != nil {
		return err
	}
	p.Layers |= ICMPv4
	p.ICMPType, p.ICMPCode = b[0], b[1]
	if p.ICMPType == ICMPEchoRequest || p.ICMPType == ICMPEchoReply {
		p.setEcho(b)
	}
	return nil
}

// readICMPv6 reads an ICMPv6 message, of which only an echo has a Payload (RFC 4443,
// section 2.1).
func (p *Packet) readICMPv6(b []byte) error {
	if err := headerICMPv6.check(b); err != nil {
		return err
	}
	p.Layers |= ICMPv6
	p.ICMPType, p.ICMPCode = b[0], b[1]
	switch p.ICMPType {
	case NDPNeighborSolicitation, NDPNeighborAdvertisement:
		if p.Fragment { // not all of it is here
			return nil
		}
		return checkNeighbor(b)
	case ICMPv6EchoRequest, ICMPv6EchoReply:
		if len(b) < 8 {
			return fmt.Errorf("echo of %d bytes, at least 8", len(b))
		}
		p.setEcho(b)
	}
	return nil
}

// setEcho sets what an echo of either ICMP has behind its checksum (RFC 4443, section
// 4.1).
func (p *Packet) setEcho(b []byte) {
	p.ICMPID, p.ICMPSeq = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	p.payload(b[8:])
}
