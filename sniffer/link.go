package sniffer

import (
	"encoding/binary"
	"fmt"
)

// readLink reads the headers that captures have in place of Ethernet, and those of
// tunnels.
func readLink(p *Packet, h header, b []byte) (header, []byte, error) {
	if err := h.check(b); err != nil {
		return headerNone, nil, err
	}
	switch h {
	case headerNull:
		return readFamily(p, b, binary.LittleEndian)
	case headerLoop:
		return readFamily(p, b, binary.BigEndian)
	case headerPPP:
		return p.readPPP(b)
	case headerPPPSerial:
		return p.readPPPSerial(b)
	case headerHDLC:
		return p.readHDLC(b)
	case headerRadiotap:
		return p.readRadiotap(b)
	case headerWLAN:
		return p.readWLAN(b)
	case headerNFLOG:
		return p.readNFLOG(b)
	case headerPKTAP:
		return headerNone, nil, p.readPKTAP(b)
	case headerMPLS:
		return headerNone, nil, p.readMPLS(b)
	case headerPPPoE:
		return headerNone, nil, p.readPPPoE(b)
	case headerGRE:
		return headerNone, nil, p.readGRE(b)
	case headerInner4:
		p.enter(LinkIPv4, b)
		return headerNone, nil, nil
	case headerInner6:
		p.enter(LinkIPv6, b)
		return headerNone, nil, nil
	case headerSLL:
		return readCooked(p, cooked{
			etherType: binary.BigEndian.Uint16(b[14:]), kind: binary.BigEndian.Uint16(b),
			length: binary.BigEndian.Uint16(b[4:]), hardware: binary.BigEndian.Uint16(b[2:]), address: b[6:14],
		}, b[16:])
	case headerSLL2:
		return readCooked(p, cooked{
			etherType: binary.BigEndian.Uint16(b), kind: uint16(b[10]),
			length: uint16(b[11]), hardware: binary.BigEndian.Uint16(b[8:]), address: b[12:20],
		}, b[20:])
	}
	// LINKTYPE_RAW: the version says what it is.
	switch b[0] >> 4 {
	case 4:
		return headerIPv4, b, nil
	case 6:
		return headerIPv6, b, nil
	}
	return headerNone, nil, fmt.Errorf("version %d", b[0]>>4)
}

// readFamily reads an address family, whose number for IPv6 differs from
// system to system (https://www.tcpdump.org/linktypes.html). LINKTYPE_NULL has
// the byte order of the writing machine: families are below 256.
func readFamily(p *Packet, b []byte, order binary.ByteOrder) (header, []byte, error) {
	family := order.Uint32(b)
	if family >= 1<<16 {
		family = family>>24 | family>>8&0xff00
	}
	p.Layers |= Loopback
	p.NetworkOffset = 4
	switch family {
	case 2:
		p.EtherType = EtherTypeIPv4
		return headerIPv4, b[4:], nil
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; macOS
		p.EtherType = EtherTypeIPv6
		return headerIPv6, b[4:], nil
	}
	return headerNone, b[4:], nil
}

// cooked is the header of a Linux cooked capture, of either version.
type cooked struct {
	etherType uint16
	kind      uint16 // sll_pkttype
	hardware  uint16 // ARPHRD_
	length    uint16 // of the address
	address   []byte // 8 bytes
}

// Values of sll_pkttype (packet(7)).
const (
	packetBroadcast = 1
	packetOutgoing  = 4
)

// arphrdNetlink frames have a netlink family where others have an EtherType.
const arphrdNetlink = 824

func readCooked(p *Packet, c cooked, rest []byte) (header, []byte, error) {
	p.Layers |= SLL
	p.Direction = p.Way()
	p.EtherType = c.etherType
	p.NetworkOffset = len(p.Data) - len(rest)
	if c.length == 6 {
		p.SrcMAC = MAC(c.address[:6])
	}
	if c.kind == packetBroadcast {
		p.DstMAC = Broadcast
	}
	if c.hardware == arphrdNetlink {
		return headerNone, rest, nil
	}
	return after(c.etherType), rest, nil
}

// Way returns the direction of a frame: its Direction or, if that is Unknown, the one that
// the header of a Linux cooked capture has.
func (f *Frame) Way() Direction {
	kind := -1
	switch {
	case f.Direction != Unknown:
		return f.Direction
	case f.LinkType == LinkLinuxSLL && len(f.Data) >= 2:
		kind = int(binary.BigEndian.Uint16(f.Data))
	case f.LinkType == LinkLinuxSLL2 && len(f.Data) >= 11:
		kind = int(f.Data[10])
	}
	switch kind {
	case -1:
		return Unknown
	case packetOutgoing:
		return Out
	}
	return In
}
