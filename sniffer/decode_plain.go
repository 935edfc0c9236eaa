package sniffer

import "encoding/binary"

// plain decodes a frame that is as most are: TCP or UDP in IP in Ethernet, whole, well
// formed and without options of IPv4 or extension headers of IPv6. It sets what reading
// one header after the other does, in a third of the time. It returns false, and has set
// nothing, for any other.
func (p *Packet) plain() bool {
	b := p.Data
	if p.LinkType != LinkEthernet || len(b) < 14+20+8 || len(b) < p.Length {
		return false
	}
	ip, etherType := b[14:], binary.BigEndian.Uint16(b[12:])
	size, total, protocol := 20, 0, uint8(0)
	switch {
	case etherType == EtherTypeIPv4 && ip[0] == 0x45 && binary.BigEndian.Uint16(ip[6:])&0x3fff == 0:
		total, protocol = int(binary.BigEndian.Uint16(ip[2:])), ip[9]
	case etherType == EtherTypeIPv6 && ip[0]>>4 == 6:
		size, total, protocol = 40, 40+int(binary.BigEndian.Uint16(ip[4:])), ip[6]
	}
	if total < size+8 || total > len(ip) {
		return false
	}
	t := ip[size:total]
	layers, header := Ethernet|IPv4|UDP, 8
	switch protocol {
	case protocolTCP:
		if len(t) < 20 {
			return false
		}
		if header = tcpHeaderSize(t); header < 20 || header > len(t) || header > 20 && checkOptions(t[20:header], 2) != nil {
			return false
		}
		layers = Ethernet | IPv4 | TCP
		p.setTCP(t)
	case protocolUDP:
		length, port := int(binary.BigEndian.Uint16(t[4:])), binary.BigEndian.Uint16(t[2:])
		if length < 8 || length > len(t) || port == portVXLAN || port == portGeneve {
			return false
		}
		t = t[:length]
		p.setPorts(t)
	default:
		return false
	}
	if size == 20 {
		p.Src, p.Dst, p.TTL, p.Protocol = address4(ip[12:]), address4(ip[16:]), ip[8], ip[9]
	} else {
		p.setIPv6(ip)
		layers ^= IPv4 | IPv6
	}
	p.setEthernet(b)
	p.Layers, p.TransportOffset, p.PayloadOffset = layers, 14+size, 14+size+header
	p.Payload = t[header:]
	return true
}
