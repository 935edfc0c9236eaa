package sniffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Decoder reads frames. It is not safe for use by several goroutines at once:
// each has its own. A frame that is well formed and carries no other costs no
// allocation.
//
// It uses gopacket's core layers only and calls each directly: gopacket's other
// decoders panic or allocate without bound on hostile frames. Most frames need none.
type Decoder struct {
	eth  layers.Ethernet
	vlan layers.Dot1Q
	arp  layers.ARP
	ip4  layers.IPv4
	ip6  layers.IPv6
	icm4 layers.ICMPv4
	icm6 layers.ICMPv6
	tcp  layers.TCP
	udp  layers.UDP
}

// NewDecoder returns a Decoder of frames of every LinkType that has a name.
func NewDecoder() *Decoder { return &Decoder{} }

// Decode reads p.Frame and sets every other field but Number. If the frame is
// malformed or truncated, the fields up to the fault are set and p.Err describes
// the fault.
func (d *Decoder) Decode(p *Packet) {
	p.reset()
	if p.plain() {
		return
	}
	d.decodeOne(p)
	if p.Inner != nil {
		d.decodeInner(p)
	}
}

// decodeOne is Decode but for the frames inside p, of which it makes the first.
func (d *Decoder) decodeOne(p *Packet) {
	d.decode(p)
	if p.Err != nil {
		p.Payload, p.PayloadOffset = nil, 0
	} else if !p.Truncated() {
		p.Err = d.lengths(p)
	}
}

// decode reads one header after the other.
func (d *Decoder) decode(p *Packet) {
	next := first(p.LinkType)
	defer func() {
		// A decoder of gopacket's trusted a wrong length.
		if recover() != nil {
			p.Err = fmt.Errorf("%s: lengths contradict one another", headers[next].name)
		}
	}()
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
		following, behind, err := d.read(p, next, rest)
		if err != nil {
			p.Err = fmt.Errorf("%s: %w", headers[next].name, err)
			return
		}
		next, rest = following, behind
	}
}

// read reads one header, which b begins with, and returns what follows it.
func (d *Decoder) read(p *Packet, h header, b []byte) (next header, rest []byte, err error) {
	switch h {
	case headerEthernet:
		return d.readEthernet(p, b)
	case headerVLAN:
		return d.readVLAN(p, b)
	case headerIPv4:
		return d.readIPv4(p, b)
	case headerIPv6:
		return d.readIPv6(p, b)
	case headerTCP:
		return headerNone, nil, d.readTCP(p, b)
	case headerUDP:
		return headerNone, nil, d.readUDP(p, b)
	case headerICMPv4:
		return headerNone, nil, d.readICMPv4(p, b)
	case headerICMPv6:
		return headerNone, nil, d.readICMPv6(p, b)
	case headerARP:
		return headerNone, nil, d.readARP(p, ARP, b)
	case headerRARP:
		return headerNone, nil, d.readARP(p, RARP, b)
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
func (d *Decoder) lengths(p *Packet) error {
	there := len(p.Data) - p.NetworkOffset
	switch {
	case p.Has(IPv4) && int(d.ip4.Length) > there:
		return fmt.Errorf("IPv4: total length %d, %d bytes there", d.ip4.Length, there)
	case p.Has(IPv6) && int(d.ip6.Length) > there-40:
		return fmt.Errorf("IPv6: payload length %d, %d bytes there", d.ip6.Length, there-40)
	case p.Has(UDP) && !p.Fragment && int(d.udp.Length) > 8+len(p.Payload):
		return fmt.Errorf("UDP: length %d, %d bytes there", d.udp.Length, 8+len(p.Payload))
	}
	return nil
}

func (d *Decoder) readARP(p *Packet, layer Layers, b []byte) error {
	a := &d.arp
	*a = layers.ARP{} // which a decoder that fails may leave half set
	if len(b) >= headers[headerARP].fixed {
		p.Layers |= layer
		p.ARPOperation = binary.BigEndian.Uint16(b[6:])
	}
	if err := a.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		return err
	}
	if a.Protocol != EtherTypeIPv4 || len(a.SourceHwAddress) != 6 || len(a.SourceProtAddress) != 4 {
		return errNotEthernet
	}
	p.ARPSenderMAC, p.ARPTgtMAC = MAC(a.SourceHwAddress), MAC(a.DstHwAddress)
	p.ARPSender = netip.AddrFrom4([4]byte(a.SourceProtAddress))
	p.ARPTarget = netip.AddrFrom4([4]byte(a.DstProtAddress))
	return nil
}

var errNotEthernet = errors.New("not IPv4 over Ethernet")

func (d *Decoder) readEthernet(p *Packet, b []byte) (header, []byte, error) {
	if err := d.eth.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		return headerNone, nil, err
	}
	p.Layers |= Ethernet
	p.DstMAC, p.SrcMAC = MAC(d.eth.DstMAC), MAC(d.eth.SrcMAC)
	// The bytes: gopacket hides the length that an 802.3 frame has there.
	p.EtherType = binary.BigEndian.Uint16(b[12:])
	p.NetworkOffset = 14
	return after(p.EtherType), b[14:], nil
}

func (d *Decoder) readVLAN(p *Packet, b []byte) (header, []byte, error) {
	if err := d.vlan.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		return headerNone, nil, err
	}
	if !p.Has(VLAN) {
		p.VLANID = d.vlan.VLANIdentifier
	}
	p.Layers |= VLAN
	p.EtherType = uint16(d.vlan.Type)
	p.NetworkOffset += 4
	return after(p.EtherType), b[4:], nil
}

func (d *Decoder) readIPv4(p *Packet, b []byte) (header, []byte, error) {
	if b[0]>>4 != 4 {
		return headerNone, nil, fmt.Errorf("version %d", b[0]>>4)
	}
	l := &d.ip4
	err := l.DecodeFromBytes(b, gopacket.NilDecodeFeedback)
	if len(b) < 20 {
		return headerNone, nil, err
	}
	p.Layers |= IPv4
	p.Src, p.Dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	p.TTL, p.Protocol = l.TTL, uint8(l.Protocol)
	if field := binary.BigEndian.Uint16(b[6:]); field&0x3fff != 0 {
		p.Fragment, p.MoreFragments = true, field&0x2000 != 0
		p.FragmentOffset, p.FragmentID = 8*int(field&0x1fff), uint32(l.Id)
	}
	if err != nil {
		return headerNone, nil, err
	}
	if l.FragOffset != 0 {
		return headerNone, nil, nil
	}
	rest := l.Payload
	if binary.BigEndian.Uint16(b[2:]) == 0 { // a segment that offloading made
		rest = b[4*l.IHL:]
	}
	p.TransportOffset = p.NetworkOffset + 4*int(l.IHL)
	return announced(p.Protocol, protocolICMPv4), rest, nil
}

func (d *Decoder) readIPv6(p *Packet, b []byte) (header, []byte, error) {
	if b[0]>>4 != 6 {
		return headerNone, nil, fmt.Errorf("version %d", b[0]>>4)
	}
	l := &d.ip6
	data := b
	if len(b) >= 40 {
		// Padding goes; a length of 0 is that of a jumbogram or a segment that
		// offloading made.
		if n := int(binary.BigEndian.Uint16(b[4:])); n > 0 {
			data = b[:min(len(b), 40+n)]
		}
	}
	err := l.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	if len(b) < 40 {
		return headerNone, nil, err
	}
	p.Layers |= IPv6
	p.Src, p.Dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	p.TTL, p.Protocol = l.HopLimit, uint8(l.NextHeader)
	if err != nil && l.Length != 0 {
		return headerNone, nil, err
	}
	rest, err := p.readExtensions(data[40:])
	if err != nil {
		return headerNone, nil, err
	}
	if p.TransportOffset = p.at(rest); rest == nil { // a later fragment
		p.TransportOffset = 0
		return headerNone, nil, nil
	}
	return announced(p.Protocol, protocolICMPv6), rest, nil
}

func (d *Decoder) readTCP(p *Packet, b []byte) error {
	t := &d.tcp
	err := t.DecodeFromBytes(b, gopacket.NilDecodeFeedback)
	if len(b) < 20 {
		p.ports(b)
		return err
	}
	p.Layers |= TCP
	p.SrcPort, p.DstPort = uint16(t.SrcPort), uint16(t.DstPort)
	p.Seq, p.Ack, p.Window = t.Seq, t.Ack, t.Window
	p.Flags = TCPFlags(b[13])
	if err != nil {
		return err
	}
	p.payload(t.Payload)
	return nil
}

// ports reads the ports that begin a header of which not all is there.
func (p *Packet) ports(b []byte) {
	if len(b) >= 4 {
		p.SrcPort, p.DstPort, p.PortsOnly = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), true
	}
}

func (d *Decoder) readUDP(p *Packet, b []byte) error {
	err := d.udp.DecodeFromBytes(b, gopacket.NilDecodeFeedback)
	if len(b) < 8 {
		p.ports(b)
		return err
	}
	p.Layers |= UDP
	p.SrcPort, p.DstPort = uint16(d.udp.SrcPort), uint16(d.udp.DstPort)
	if err != nil {
		return err
	}
	p.payload(d.udp.Payload)
	if p.DstPort == portVXLAN || p.DstPort == portGeneve {
		p.readUDPTunnel()
	}
	return nil
}

func (d *Decoder) readICMPv4(p *Packet, b []byte) error {
	if err := d.icm4.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		return err
	}
	p.Layers |= ICMPv4
	p.ICMPType, p.ICMPCode = d.icm4.TypeCode.Type(), d.icm4.TypeCode.Code()
	if p.ICMPType == ICMPEchoRequest || p.ICMPType == ICMPEchoReply {
		p.ICMPID, p.ICMPSeq = d.icm4.Id, d.icm4.Seq
		p.payload(d.icm4.Payload)
	}
	return nil
}

func (d *Decoder) readICMPv6(p *Packet, b []byte) error {
	if err := d.icm6.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		return err
	}
	p.Layers |= ICMPv6
	p.ICMPType, p.ICMPCode = d.icm6.TypeCode.Type(), d.icm6.TypeCode.Code()
	switch p.ICMPType {
	case NDPNeighborSolicitation, NDPNeighborAdvertisement:
		if p.Fragment { // not all of it is here
			return nil
		}
		return checkNeighbor(b)
	case ICMPv6EchoRequest, ICMPv6EchoReply:
	default:
		return nil
	}
	// The fields behind an echo's checksum: RFC 4443, section 4.1.
	if len(b) < 8 {
		return fmt.Errorf("echo of %d bytes, at least 8", len(b))
	}
	p.ICMPID, p.ICMPSeq = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	p.payload(b[8:])
	return nil
}
