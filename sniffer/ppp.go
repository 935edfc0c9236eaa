package sniffer

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// pppHeader returns the protocol of a PPP frame and the length of its header: the
// address and control fields may be left out, and the protocol compressed (RFC
// 1661, section 2; RFC 1662, section 3.1). The length is 0 where it is not all
// there.
func pppHeader(b []byte) (protocol uint16, size int) {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		size = 2
	}
	switch b = b[size:]; {
	case len(b) >= 1 && b[0]&1 != 0:
		return uint16(b[0]), size + 1
	case len(b) >= 2:
		return binary.BigEndian.Uint16(b), size + 2
	}
	return 0, 0
}

// PPPProtocol returns the protocol number of a PPP frame (IANA, PPP numbers). The packet
// must have PPP.
func (p *Packet) PPPProtocol() uint16 {
	protocol, _ := pppHeader(p.Data)
	return protocol
}

// PPP protocol numbers (IANA).
const (
	pppIPv4          = 0x0021
	pppIPv6          = 0x0057
	pppMPLS          = 0x0281
	pppMPLSMulticast = 0x0283
)

func (p *Packet) readPPP(b []byte) (header, []byte, error) {
	protocol, size := pppHeader(b)
	if size == 0 {
		return headerNone, nil, errCut
	}
	p.Layers |= PPP
	p.NetworkOffset = size
	switch protocol {
	case pppIPv4:
		p.EtherType = EtherTypeIPv4
	case pppIPv6:
		p.EtherType = EtherTypeIPv6
	case pppMPLS, pppMPLSMulticast:
		p.EtherType = etherTypeMPLS
	}
	return after(p.EtherType), b[size:], nil
}

// readPPPSerial reads LINKTYPE_PPP_HDLC: PPP, or Cisco's HDLC, by the address.
func (p *Packet) readPPPSerial(b []byte) (header, []byte, error) {
	if b[0] == hdlcUnicast || b[0] == hdlcMulticast {
		return headerHDLC, b, nil
	}
	return p.readPPP(b)
}

// The addresses of Cisco HDLC, behind which an EtherType stands.
const (
	hdlcUnicast   = 0x0f
	hdlcMulticast = 0x8f
)

// hdlcSLARP is what Cisco HDLC's keep-alives have where Ethernet has RARP.
const hdlcSLARP = 0x8035

func (p *Packet) readHDLC(b []byte) (header, []byte, error) {
	p.Layers |= HDLC
	p.EtherType = binary.BigEndian.Uint16(b[2:])
	p.NetworkOffset = 4
	if p.EtherType == hdlcSLARP {
		return headerNone, nil, nil
	}
	return after(p.EtherType), b[4:], nil
}

// nflogPayload is the type of the part of an NFLOG frame that has the packet.
const nflogPayload = 9

// readNFLOG reads what Linux's netfilter logged: parts of a length and a type, in
// the byte order of the writing machine, which the first part tells.
func (p *Packet) readNFLOG(b []byte) (header, []byte, error) {
	if b[1] != 0 {
		return headerNone, nil, fmt.Errorf("version %d", b[1])
	}
	p.Layers |= NFLOG
	p.NetworkOffset = 4
	family, order := b[0], binary.ByteOrder(binary.LittleEndian)
	if b = b[4:]; len(b) >= 4 && int(order.Uint16(b)) > len(b) {
		order = binary.BigEndian
	}
	for len(b) >= 4 {
		size, kind := int(order.Uint16(b)), order.Uint16(b[2:])&0x7fff
		if size < 4 {
			return headerNone, nil, fmt.Errorf("part of %d bytes", size)
		}
		if kind == nflogPayload {
			b = b[4:max(4, min(size, len(b)))]
			p.NetworkOffset = p.at(b)
			if family == 2 || family == 10 { // AF_INET, AF_INET6 of Linux
				return headerRaw, b, nil
			}
			return headerNone, b, nil
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return headerNone, nil, nil
}

// Offsets in PKTAP's header (bsd/net/pktap.h of Darwin), whose numbers are little
// endian.
const (
	pktapNext      = 4
	pktapDLT       = 8
	pktapInterface = 12
	pktapFlags     = 36
	pktapPID       = 52
	pktapCommand   = 56
	pktapSize      = 73
)

// readPKTAP reads Apple's header, which tells the process and the interface of the
// frame inside it.
func (p *Packet) readPKTAP(b []byte) error {
	size := int64(binary.LittleEndian.Uint32(b))
	if size < pktapSize {
		return fmt.Errorf("length %d, at least %d", size, pktapSize)
	}
	p.Layers |= PKTAP
	switch binary.LittleEndian.Uint32(b[pktapFlags:]) & 3 {
	case 1:
		p.Direction = In
	case 2:
		p.Direction = Out
	}
	if size > int64(len(b)) {
		return errCut
	}
	p.NetworkOffset = int(size)
	if dlt := binary.LittleEndian.Uint32(b[pktapDLT:]); binary.LittleEndian.Uint32(b[pktapNext:]) == 1 && dlt < 1<<16 {
		if dlt == 12 { // DLT_RAW of Darwin
			dlt = uint32(LinkRaw)
		}
		p.enter(LinkType(dlt), b[size:])
	}
	return nil
}

// PKTAPInterface returns the name of the interface from which a PKTAP header says the
// frame is. The packet must have PKTAP. Like PKTAPProcess, the name may be any bytes.
func (p *Packet) PKTAPInterface() []byte { return cText(p.Data[pktapInterface:pktapFlags]) }

// PKTAPProcess returns the name of the process to which the frame belongs, empty if there
// is none. The packet must have PKTAP.
func (p *Packet) PKTAPProcess() []byte { return cText(p.Data[pktapCommand:pktapSize]) }

// PKTAPProcessID returns the ID of the process to which the frame belongs, -1 if there is
// none. The packet must have PKTAP.
func (p *Packet) PKTAPProcessID() int {
	return int(int32(binary.LittleEndian.Uint32(p.Data[pktapPID:])))
}

// cText is the text before the first NUL.
func cText(b []byte) []byte {
	text, _, _ := bytes.Cut(b, []byte{0})
	return text
}
