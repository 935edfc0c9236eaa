// Package sniffer decodes captured frames and writes them as lines that people and
// tests can read. Packet.Decode decodes a frame; a Notation writes it as a line.
//
// It knows link-layer frames and the protocols inside them. It does not know where
// frames come from (sniffer/capture, sniffer/pcapfile), nor what a lab or a chat is.
// Everything may be used by several goroutines at once that do not share a Packet.
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

// The directions. Unknown is that of a frame from a file that does not say.
const (
	Unknown Direction = iota
	In
	Out
)

// LinkType says which header a frame begins with. The numbers are those of the pcap
// registry (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// The link types that Decode knows. In files raw IP also has the numbers 12 and 14.
const (
	LinkNull      LinkType = 0   // BSD loopback: address family in the writer's byte order
	LinkEthernet  LinkType = 1   // Ethernet II and 802.3
	LinkPPP       LinkType = 9   // with or without the address and control fields
	LinkPPPSerial LinkType = 50  // PPP, or Cisco HDLC
	LinkPPPoE     LinkType = 51  // PPPoE's header, without Ethernet's
	LinkRaw       LinkType = 101 // IPv4 or IPv6, by its version
	LinkHDLC      LinkType = 104 // Cisco HDLC
	LinkWLAN      LinkType = 105 // IEEE 802.11
	LinkLoop      LinkType = 108 // OpenBSD loopback: address family, big endian
	LinkLinuxSLL  LinkType = 113 // Linux cooked capture: the interface "any"
	LinkRadiotap  LinkType = 127 // 802.11 after a header of the radio's
	LinkMPLS      LinkType = 219 // a stack of MPLS labels
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkNFLOG     LinkType = 239 // what Linux's netfilter logged
	LinkPKTAP     LinkType = 258 // Apple's header that names the process
	LinkLinuxSLL2 LinkType = 276 // Linux cooked capture, with the interface
)

// Frame is one link-layer frame as it was captured.
type Frame struct {
	Time      time.Time // when the kernel saw it; zero if not known
	Data      []byte    // the captured bytes, from the link header on
	Length    int       // length on the wire in bytes, at least len(Data)
	Interface int       // index of the interface in the capture, from 0
	Direction Direction
	LinkType  LinkType // the zero value is LinkNull, not Ethernet
}

// Truncated reports whether the capture holds fewer bytes than the wire did.
func (f *Frame) Truncated() bool { return len(f.Data) < f.Length }

// MAC is a hardware address of Ethernet.
type MAC [6]byte

// Broadcast is the Ethernet broadcast address.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// Multicast reports whether the group bit is set (IEEE 802.3, 3.2.3); the
// broadcast address is a multicast address too.
func (m MAC) Multicast() bool { return m[0]&1 != 0 }

// String returns the address as six pairs of hexadecimal digits: "02:00:00:00:00:0a".
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// Layers is the set of layers that Decode found in a frame.
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
	RARP     // has the fields of ARP
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

// Packet is a decoded frame. Set Frame and call Decode, which sets the other fields. The
// fields of a layer are meaningful only if Layers has it. Layers has it only if the fixed
// part of its header is in Data. Data and Payload point into the frame's bytes.
//
// Other header fields are read from Data: the offsets in Packet say where each header
// begins, and variables such as IPv4Fields where its fields are.
type Packet struct {
	Frame
	Number int    // position in the capture, from 1; Decode does not set it
	Layers Layers // what was decoded
	Err    error  // why decoding stopped early, nil if it did not: the frame is malformed or cut short

	NetworkOffset   int // in Data, of what follows the link header and its tags; at most len(Data)
	TransportOffset int // in Data, of what follows the IP headers; 0 without IP and for a later fragment
	PayloadOffset   int // in Data, of Payload; 0 without one

	SrcMAC, DstMAC MAC    // of a Linux cooked capture: the sender's, and Broadcast for a broadcast
	EtherType      uint16 // after the innermost VLAN tag, if any
	VLANID         uint16 // of the outermost VLAN tag

	ARPOperation            uint16     // of ARP or RARP
	ARPSender, ARPTarget    netip.Addr // protocol addresses
	ARPSenderMAC, ARPTgtMAC MAC

	Src, Dst netip.Addr // IPv4 or IPv6
	TTL      uint8      // TTL of IPv4 or hop limit of IPv6
	Protocol uint8      // IP protocol number of the payload, after extension headers

	Fragment       bool   // not the whole datagram: MoreFragments is set or FragmentOffset is not 0
	MoreFragments  bool   // another fragment follows
	FragmentOffset int    // where FragmentData belongs in the datagram, in bytes
	FragmentID     uint32 // 16 bits for IPv4; 0 if Fragment is not set

	SrcPort, DstPort uint16 // of TCP or UDP
	PortsOnly        bool   // the ports are there, but not all of the header's fixed part: Layers lacks TCP and UDP
	Seq, Ack         uint32
	Flags            TCPFlags
	Window           uint16
	Marks            Marks // of a TCP segment; Decode sets none, sniffer/statistics does

	ICMPType, ICMPCode uint8
	ICMPID, ICMPSeq    uint16 // of an echo request or reply

	Payload []byte // what TCP, UDP or an ICMP echo carries, without link-layer padding

	// Inner is the frame that a tunnel carries, nil without one. The tunnels are GRE, IP
	// in IP, VXLAN, Geneve, MPLS, PPPoE and PKTAP. Its Data points into this frame's.
	Inner *Packet
}

// reset clears all fields but Frame and Number.
func (p *Packet) reset() {
	frame, number := p.Frame, p.Number // faster than a literal that has them
	*p = Packet{}
	p.Frame, p.Number = frame, number
}

// PayloadLength returns how many bytes TCP or UDP carries. For a frame that the capture
// cut short, it is what the headers state, as far as the frame had room for it. The packet
// must have TCP or UDP.
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

// Clone returns a copy of the packet with a copy of its bytes.
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
