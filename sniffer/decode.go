package sniffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Decoder reads frames. It is not safe for use by several goroutines at once:
// each has its own. A frame that is well formed costs no allocation.
//
// gopacket does the reading, with the core layers alone and never through
// NewPacket: its other decoders panic and allocate without bound on hostile
// frames.
type Decoder struct {
	parser  *gopacket.DecodingLayerParser
	decoded []gopacket.LayerType

	eth  layers.Ethernet
	vlan layers.Dot1Q
	arp  layers.ARP
	ip4  ipv4
	ip6  ipv6
	icm4 layers.ICMPv4
	icm6 layers.ICMPv6
	tcp  layers.TCP
	udp  layers.UDP
}

// NewDecoder returns a Decoder of Ethernet frames.
func NewDecoder() *Decoder {
	d := &Decoder{}
	d.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet)
	d.parser.SetDecodingLayerContainer(gopacket.DecodingLayerArray(nil))
	for _, l := range []gopacket.DecodingLayer{
		&d.eth, &d.vlan, &d.arp, &d.ip4, &d.ip6, &d.icm4, &d.icm6, &d.tcp, &d.udp,
	} {
		d.parser.AddDecodingLayer(l)
	}
	d.parser.IgnoreUnsupported = true
	return d
}

// Decode reads p.Frame and fills every other field but Number. What could be
// read of a frame that is malformed or cut short stays, and p.Err says why no
// more could.
func (d *Decoder) Decode(p *Packet) {
	*p = Packet{Frame: p.Frame, Number: p.Number}
	d.arp = layers.ARP{} // which a decoder that fails may leave half set
	err := d.parser.DecodeLayers(p.Data, &d.decoded)
	// The layer that decoding ended in, and the bytes that it was given.
	next, rest := gopacket.LayerType(layers.LayerTypeEthernet), p.Data
	for i, layer := range d.decoded {
		d.take(p, layer, i == 1)
		next, rest = d.after(layer)
	}
	switch {
	case err != nil:
		if headers[next] > 0 && len(rest) >= headers[next] {
			d.take(p, next, len(d.decoded) == 1)
			p.Payload = nil
		}
		p.Err = malformed(next, err)
	case headers[next] > 0:
		p.Err = fmt.Errorf("%v: no bytes", next)
	case p.Err == nil && !p.Truncated():
		p.Err = d.lengths(p)
	}
}

// headers are the sizes of the fixed parts of the layers. A decoder that got
// that many bytes has set these fields even if it then found a fault.
var headers = map[gopacket.LayerType]int{
	layers.LayerTypeEthernet: 14, layers.LayerTypeDot1Q: 4, layers.LayerTypeARP: 28,
	layers.LayerTypeIPv4: 20, layers.LayerTypeIPv6: 40,
	layers.LayerTypeICMPv4: 8, layers.LayerTypeICMPv6: 4,
	layers.LayerTypeTCP: 20, layers.LayerTypeUDP: 8,
}

func malformed(layer gopacket.LayerType, err error) error {
	// gopacket's parser turns a panic of a decoder into an error.
	if strings.HasPrefix(err.Error(), "panic:") {
		return fmt.Errorf("%v: lengths contradict one another", layer)
	}
	return fmt.Errorf("%v: %w", layer, err)
}

// lengths compares the lengths that a whole frame's headers claim with what
// there is.
func (d *Decoder) lengths(p *Packet) error {
	switch {
	case p.Has(IPv4) && int(d.ip4.Length) > len(d.ip4.Contents)+len(d.ip4.Payload):
		return fmt.Errorf("IPv4: total length %d, %d bytes there", d.ip4.Length, len(d.ip4.Contents)+len(d.ip4.Payload))
	case p.Has(IPv6) && int(d.ip6.Length) > d.ip6.given-40:
		return fmt.Errorf("IPv6: payload length %d, %d bytes there", d.ip6.Length, d.ip6.given-40)
	case p.Has(UDP) && !p.Fragment && int(d.udp.Length) > 8+len(d.udp.Payload):
		return fmt.Errorf("UDP: length %d, %d bytes there", d.udp.Length, 8+len(d.udp.Payload))
	}
	return nil
}

// after returns the layer that follows one, and its bytes.
func (d *Decoder) after(layer gopacket.LayerType) (gopacket.LayerType, []byte) {
	switch layer {
	case layers.LayerTypeEthernet:
		return d.eth.NextLayerType(), d.eth.Payload
	case layers.LayerTypeDot1Q:
		return d.vlan.NextLayerType(), d.vlan.Payload
	case layers.LayerTypeIPv4:
		return d.ip4.NextLayerType(), d.ip4.Payload
	case layers.LayerTypeIPv6:
		return d.ip6.NextLayerType(), d.ip6.Payload
	}
	return gopacket.LayerTypePayload, nil
}

// take copies the fields of a layer.
func (d *Decoder) take(p *Packet, layer gopacket.LayerType, second bool) {
	switch layer {
	case layers.LayerTypeEthernet:
		p.Layers |= Ethernet
		p.DstMAC, p.SrcMAC = MAC(d.eth.DstMAC), MAC(d.eth.SrcMAC)
		// The bytes: gopacket hides the length that an 802.3 frame has there.
		p.EtherType = binary.BigEndian.Uint16(d.eth.Contents[12:])
	case layers.LayerTypeDot1Q:
		p.Layers |= VLAN
		p.EtherType = uint16(d.vlan.Type)
		if second {
			p.VLANID = binary.BigEndian.Uint16(d.eth.Payload) & 0xfff
		}
	case layers.LayerTypeARP:
		d.takeARP(p)
	case layers.LayerTypeIPv4:
		if d.ip4.Version == 4 {
			p.Layers |= IPv4
			p.Src, p.Dst = netip.AddrFrom4([4]byte(d.ip4.SrcIP)), netip.AddrFrom4([4]byte(d.ip4.DstIP))
			p.TTL, p.Protocol = d.ip4.TTL, uint8(d.ip4.Protocol)
			p.Fragment = d.ip4.FragOffset != 0 || d.ip4.Flags&layers.IPv4MoreFragments != 0
		}
	case layers.LayerTypeIPv6:
		if d.ip6.Version == 6 {
			p.Layers |= IPv6
			p.Src, p.Dst = netip.AddrFrom16([16]byte(d.ip6.SrcIP)), netip.AddrFrom16([16]byte(d.ip6.DstIP))
			p.TTL, p.Protocol, p.Fragment = d.ip6.HopLimit, uint8(d.ip6.next), d.ip6.fragment
		}
	case layers.LayerTypeICMPv4:
		p.Layers |= ICMPv4
		p.ICMPType, p.ICMPCode = d.icm4.TypeCode.Type(), d.icm4.TypeCode.Code()
		if p.ICMPType == ICMPEchoRequest || p.ICMPType == ICMPEchoReply {
			p.ICMPID, p.ICMPSeq, p.Payload = d.icm4.Id, d.icm4.Seq, d.icm4.Payload
		}
	case layers.LayerTypeICMPv6:
		p.Layers |= ICMPv6
		p.ICMPType, p.ICMPCode = d.icm6.TypeCode.Type(), d.icm6.TypeCode.Code()
		if p.ICMPType == ICMPv6EchoRequest || p.ICMPType == ICMPv6EchoReply {
			d.takeEcho6(p)
		}
	case layers.LayerTypeTCP:
		p.Layers |= TCP
		p.SrcPort, p.DstPort = uint16(d.tcp.SrcPort), uint16(d.tcp.DstPort)
		p.Seq, p.Ack, p.Window = d.tcp.Seq, d.tcp.Ack, d.tcp.Window
		p.Flags, p.Payload = tcpFlagsOf(&d.tcp), d.tcp.Payload
	case layers.LayerTypeUDP:
		p.Layers |= UDP
		p.SrcPort, p.DstPort, p.Payload = uint16(d.udp.SrcPort), uint16(d.udp.DstPort), d.udp.Payload
	}
}

func (d *Decoder) takeARP(p *Packet) {
	a := &d.arp
	p.Layers |= ARP
	p.ARPOperation = a.Operation
	if a.Protocol != EtherTypeIPv4 || len(a.SourceHwAddress) != 6 || len(a.SourceProtAddress) != 4 ||
		len(a.DstHwAddress) != 6 || len(a.DstProtAddress) != 4 {
		p.Err = errors.New("ARP: not IPv4 over Ethernet")
		return
	}
	p.ARPSenderMAC, p.ARPTgtMAC = MAC(a.SourceHwAddress), MAC(a.DstHwAddress)
	p.ARPSender = netip.AddrFrom4([4]byte(a.SourceProtAddress))
	p.ARPTarget = netip.AddrFrom4([4]byte(a.DstProtAddress))
}

// takeEcho6 reads what follows an ICMPv6 echo's checksum (RFC 4443, section 4.1).
func (d *Decoder) takeEcho6(p *Packet) {
	b := d.icm6.Payload
	if len(b) < 4 {
		p.Err = fmt.Errorf("ICMPv6: echo of %d bytes, at least 8", 4+len(b))
		return
	}
	p.ICMPID, p.ICMPSeq, p.Payload = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), b[4:]
}

func tcpFlagsOf(t *layers.TCP) (f TCPFlags) {
	for i, set := range [...]bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
		if set {
			f |= 1 << i
		}
	}
	return f
}

// ipv4 is gopacket's layer, which reads the ports of a first fragment too, and
// reads no packet inside another.
type ipv4 struct{ layers.IPv4 }

func (l *ipv4) DecodeFromBytes(data []byte, df gopacket.DecodeFeedback) error {
	if err := l.IPv4.DecodeFromBytes(data, df); err != nil {
		return err
	}
	if l.Version != 4 {
		return fmt.Errorf("version %d", l.Version)
	}
	return nil
}

func (l *ipv4) NextLayerType() gopacket.LayerType {
	if l.FragOffset != 0 {
		return gopacket.LayerTypePayload
	}
	switch l.Protocol {
	case layers.IPProtocolICMPv4:
		return layers.LayerTypeICMPv4
	case layers.IPProtocolTCP:
		return layers.LayerTypeTCP
	case layers.IPProtocolUDP:
		return layers.LayerTypeUDP
	}
	return gopacket.LayerTypePayload
}

// ipv6 is gopacket's layer, which passes over a fragment header (RFC 8200,
// section 4.5) and cuts off padding behind a hop-by-hop header too.
type ipv6 struct {
	layers.IPv6
	given    int // bytes from the header on
	next     layers.IPProtocol
	offset   uint16
	fragment bool
}

func (l *ipv6) DecodeFromBytes(data []byte, df gopacket.DecodeFeedback) error {
	l.given, l.offset, l.fragment, l.next = len(data), 0, false, 0
	if len(data) >= 40 {
		data = data[:min(len(data), 40+int(binary.BigEndian.Uint16(data[4:])))]
		l.next = layers.IPProtocol(data[6])
	}
	if err := l.IPv6.DecodeFromBytes(data, df); err != nil {
		return err
	}
	if l.Version != 6 {
		return fmt.Errorf("version %d", l.Version)
	}
	if l.HopByHop != nil {
		l.next = l.HopByHop.NextHeader
	}
	if l.next == layers.IPProtocolIPv6Fragment && len(l.Payload) >= 8 {
		field := binary.BigEndian.Uint16(l.Payload[2:])
		l.next, l.offset, l.fragment = layers.IPProtocol(l.Payload[0]), field>>3, field&^6 != 0
		l.Payload = l.Payload[8:]
	}
	return nil
}

func (l *ipv6) NextLayerType() gopacket.LayerType {
	if l.offset != 0 {
		return gopacket.LayerTypePayload
	}
	switch l.next {
	case layers.IPProtocolICMPv6:
		return layers.LayerTypeICMPv6
	case layers.IPProtocolTCP:
		return layers.LayerTypeTCP
	case layers.IPProtocolUDP:
		return layers.LayerTypeUDP
	}
	return gopacket.LayerTypePayload
}
