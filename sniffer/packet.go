// Package sniffer turns frames into a trace that people and tests can read.
//
// It knows link-layer frames, the protocols inside them and the notation in
// which they are written. It does not know where frames come from (capture,
// pcapfile) nor what a lab or a chat is.
package sniffer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// Direction says whether the capturing interface received or sent a frame
// (packet(7), sll_pkttype).
type Direction uint8

// The directions. A file may not record one.
const (
	Unknown Direction = iota
	In
	Out
)

// LinkType is the header that a frame begins with, as the pcap registry numbers
// them (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// The link types that Decode knows. Files also have raw IP as 12 and 14.
const (
	LinkNull      LinkType = 0   // BSD loopback: address family in the writer's byte order
	LinkEthernet  LinkType = 1   // Ethernet II and 802.3
	LinkPPP       LinkType = 9   // with or without address and control
	LinkPPPSerial LinkType = 50  // PPP, or Cisco HDLC
	LinkPPPoE     LinkType = 51  // PPPoE's header, without Ethernet's
	LinkRaw       LinkType = 101 // IPv4 or IPv6, by its version
	LinkHDLC      LinkType = 104 // Cisco HDLC
	LinkWLAN      LinkType = 105 // IEEE 802.11
	LinkLoop      LinkType = 108 // OpenBSD loopback: address family, big endian
	LinkLinuxSLL  LinkType = 113 // Linux cooked capture: the interface "any"
	LinkRadiotap  LinkType = 127 // 802.11 behind what the radio tells
	LinkMPLS      LinkType = 219 // MPLS labels
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkNFLOG     LinkType = 239 // what Linux's netfilter logged
	LinkPKTAP     LinkType = 258 // Apple's header with the process
	LinkLinuxSLL2 LinkType = 276 // Linux cooked capture, with the interface
)

// Frame is one link-layer frame as it was captured.
type Frame struct {
	Time      time.Time // when the kernel saw it
	Data      []byte    // the bytes that were captured
	Length    int       // its length on the wire in bytes, at least len(Data)
	Interface int       // index of the interface in the capture, from 0
	Direction Direction
	LinkType  LinkType // the zero value is LinkNull, not Ethernet
}

// Truncated reports whether the capture holds fewer bytes than the wire did.
func (f *Frame) Truncated() bool { return len(f.Data) < f.Length }

// MAC is an Ethernet address.
type MAC [6]byte

// Broadcast is the Ethernet broadcast address.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// Multicast reports whether the group bit is set (IEEE 802.3, 3.2.3); the
// broadcast address is a multicast address too.
func (m MAC) Multicast() bool { return m[0]&1 != 0 }

func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// Layers is the set of layers that were decoded from a frame.
type Layers uint32

// The layers that Decode knows.
const (
	Ethernet Layers = 1 << iota
	VLAN
	ARP
	IPv4
	IPv6
	ICMPv4
	ICMPv6
	TCP
	UDP
	RARP     // its fields are ARP's
	SLL      // Linux cooked capture, either version
	Loopback // LinkNull or LinkLoop
	PPP
	HDLC
	Radiotap
	WLAN
	NFLOG
	PKTAP
	MPLS
	PPPoE
	GRE
	VXLAN
	Geneve
)

// EtherTypes (IANA, IEEE 802 numbers).
const (
	EtherTypeIPv4 = 0x0800
	EtherTypeARP  = 0x0806
	EtherTypeRARP = 0x8035
	EtherTypeVLAN = 0x8100
	EtherTypeIPv6 = 0x86dd
)

// ARP operations (RFC 826).
const (
	ARPRequest = 1
	ARPReply   = 2
)

// ICMP types (RFC 792; RFC 4443).
const (
	ICMPEchoReply     = 0
	ICMPUnreachable   = 3
	ICMPEchoRequest   = 8
	ICMPv6EchoRequest = 128
	ICMPv6EchoReply   = 129
)

// Packet is a decoded frame. Fields of a layer are meaningful only if Layers
// has it, and it has a layer only if the fixed part of its header is in Data.
// Data and Payload point into the frame's bytes.
//
// Other fields of a header are read from Data: the offsets below say where each
// header begins, and fields.go where its fields are.
type Packet struct {
	Frame
	Number int    // position in the capture, from 1: what a claim cites
	Layers Layers // what was decoded
	Err    error  // why decoding stopped early: the frame is malformed or truncated

	NetworkOffset   int // of what follows the link header and its tags, at most len(Data)
	TransportOffset int // of what follows the IP headers; 0 without IP and for a later fragment
	PayloadOffset   int // of Payload, 0 without one

	SrcMAC, DstMAC MAC    // Linux cooked: the sender's, and Broadcast if it was one
	EtherType      uint16 // of the innermost VLAN tag, if any
	VLANID         uint16 // of the outermost VLAN tag

	ARPOperation            uint16     // of RARP too
	ARPSender, ARPTarget    netip.Addr // protocol addresses
	ARPSenderMAC, ARPTgtMAC MAC

	Src, Dst netip.Addr // IPv4 or IPv6
	TTL      uint8      // TTL or hop limit, hops
	Protocol uint8      // IP protocol number of the payload, behind extension headers

	Fragment       bool   // not the whole datagram: MoreFragments or a FragmentOffset
	MoreFragments  bool   // another fragment follows
	FragmentOffset int    // where FragmentData belongs in the datagram, bytes
	FragmentID     uint32 // of IPv4 16 bits; 0 if it is no Fragment

	SrcPort, DstPort uint16 // TCP or UDP
	PortsOnly        bool   // they are there, the rest of their header's fixed part is not
	Seq, Ack         uint32
	Flags            TCPFlags
	Window           uint16
	Marks            Marks // of TCP; none where nothing has looked for them

	ICMPType, ICMPCode uint8
	ICMPID, ICMPSeq    uint16 // of an echo

	Payload []byte // of TCP, UDP or an ICMP echo, without link-layer padding

	// Inner is the frame that a tunnel carries, nil without one: behind GRE, IP in
	// IP, VXLAN, Geneve, MPLS, PPPoE or PKTAP. Its Data are bytes of this frame.
	Inner *Packet
}

// reset clears all fields but Frame and Number.
func (p *Packet) reset() {
	frame, number := p.Frame, p.Number // faster than a literal that has them
	*p = Packet{}
	p.Frame, p.Number = frame, number
}

// PayloadLength returns how many bytes TCP or UDP carries: of a frame that the
// capture cut short those that its headers state, as far as the frame had room
// for them. It is for packets that have TCP or UDP.
func (p *Packet) PayloadLength() int {
	if !p.Truncated() {
		return len(p.Payload)
	}
	return p.statedLength()
}

// statedLength is PayloadLength by the headers.
func (p *Packet) statedLength() int {
	header := p.Data[p.TransportOffset:]
	n := p.end() - p.TransportOffset
	if p.Has(TCP) {
		n -= 4 * int(header[12]>>4)
	} else if stated := int(binary.BigEndian.Uint16(header[4:])); stated >= 8 {
		n = min(n, stated) - 8
	} else { // 0 is that of a jumbogram
		n -= 8
	}
	return max(n, 0)
}

// end returns where in the frame the network layer's packet ends, as its header
// states it and the frame had room for it.
func (p *Packet) end() int {
	if !p.Has(IPv4) && !p.Has(IPv6) {
		return p.Length
	}
	stated, ip := 0, p.Data[p.NetworkOffset:]
	if p.Has(IPv4) {
		stated = int(binary.BigEndian.Uint16(ip[2:]))
	} else if n := int(binary.BigEndian.Uint16(ip[4:])); n > 0 {
		stated = 40 + n
	}
	if stated == 0 { // a jumbogram, or a segment that offloading made
		return p.Length
	}
	return min(p.Length, p.NetworkOffset+stated)
}

// Clone returns a copy with bytes of its own.
func (p *Packet) Clone() Packet {
	return p.over(bytes.Clone(p.Data))
}

// over returns a copy of p whose bytes are data.
func (p *Packet) over(data []byte) Packet {
	c := *p
	c.Data = data
	if p.Payload != nil {
		c.Payload = data[p.PayloadOffset : p.PayloadOffset+len(p.Payload)]
	}
	if p.Inner != nil {
		at := p.InnerOffset()
		inner := p.Inner.over(data[at : at+len(p.Inner.Data)])
		c.Inner = &inner
	}
	return c
}

// Has reports whether all of the given layers were decoded.
func (p *Packet) Has(l Layers) bool { return p.Layers&l == l }
