package sniffer

import (
	"net/netip"
	"strconv"

	"wirelab/internal/safetext"
	"wirelab/sniffer/internal/digits"
)

// Namer gives addresses the names by which people know them.
type Namer interface {
	// Name returns the name of an address, or "" if it has none: the address is
	// printed then.
	Name(addr netip.Addr) string
}

// Names is a Namer with the names in the map.
type Names map[netip.Addr]string

// Name returns the name of addr, "" if there is none.
func (n Names) Name(addr netip.Addr) string { return n[addr] }

// Notation writes packets as lines. sniff, ladder diagrams and expectations share it, so
// that a printed line can be pasted into an expectation. The zero value prints addresses
// in place of names, and TCP flags as words. Lines contain no control characters, whatever
// is in a packet.
type Notation struct {
	Names   Namer // names of addresses; nil: none has a name
	Letters bool  // write TCP flags as tcpdump's letters
	Details Details

	inner bool // the line of a frame inside another, which tells that the capture cut both
}

// Details are what a line shows in more or in less detail.
type Details uint8

// The details.
const (
	Quiet    Details = 1 << iota // leave out TCP's flags
	Absolute                     // show sequence and acknowledgement numbers as they are in the header
	Verbose                      // show what else the headers of IP and TCP hold
)

// Inside returns the notation for a packet that another one carries or quotes. Its lines
// do not say that the capture cut the packet short.
func (n Notation) Inside() Notation {
	n.inner = true
	return n
}

// AppendLine appends the line of a packet to dst, without an end of line, and returns the
// extended slice:
//
//	client1 > * who-has server
//	client1 > server echo-request seq=1
//	client1:43210 > server:7000 PSH ACK len=12
//	client1:5000 > server:7001 udp len=12 vlan=5
//	10.0.0.1 > 10.0.0.2 gre | client1 > server echo-request seq=1
//
// Neighbor discovery of IPv6 has the words of ARP. The Marks of a TCP segment follow it:
// "retransmission", "out-of-order".
//
// If the link type is not decoded, the line has its number, the frame's length and its
// first bytes. If the capture cut the frame short, it ends in truncated=KEPT/LENGTH, after
// the lengths that the headers state. If the frame could not be decoded to its end, it
// ends in "malformed" and the reason.
func (n Notation) AppendLine(dst []byte, p *Packet) []byte {
	names := n.Names
	_, neighbor := p.Neighbor()
	switch {
	case p.Has(ARP) && p.ARPSender.IsValid():
		dst = appendARPEnds(dst, p, names)
	case neighbor:
		dst = appendNeighborEnds(dst, p, names)
	case p.Has(RARP) && p.ARPSender.IsValid():
		dst = appendRARPEnds(dst, p, names)
	case p.Src.IsValid():
		ports := p.Has(TCP) || p.Has(UDP) || p.PortsOnly
		dst = appendEndpoint(dst, p.Src, p.SrcPort, ports, names)
		dst = append(dst, " > "...)
		dst = appendEndpoint(dst, p.Dst, p.DstPort, ports, names)
	case p.Has(Ethernet) || p.Has(SLL) || p.Has(WLAN) && p.SrcMAC != (MAC{}):
		dst = appendMAC(dst, p.SrcMAC)
		dst = append(dst, " > "...)
		if p.DstMAC == Broadcast {
			dst = append(dst, '*')
		} else {
			dst = appendMAC(dst, p.DstMAC)
		}
	default:
		return n.AppendWhat(dst, p)
	}
	return n.AppendWhat(append(dst, ' '), p)
}

// AppendWhat appends the part of a line that follows the two ends: "SYN seq=0", "udp
// len=12 vlan=5", "who-has server".
func (n Notation) AppendWhat(dst []byte, p *Packet) []byte {
	switch {
	case p.Has(ARP) && p.ARPSender.IsValid():
		dst = appendARP(dst, p, n.Names)
	case p.Has(RARP) && p.ARPSender.IsValid():
		dst = appendRARP(dst, p, n.Names)
	case p.Src.IsValid():
		dst = n.appendIP(dst, p)
	default:
		dst = appendOther(dst, p)
	}
	if p.Has(VLAN) {
		dst = append(dst, " vlan="...)
		dst = digits.AppendUint(dst, uint64(p.VLANID))
	}
	if p.Marks != 0 {
		for _, word := range p.Marks.Words() {
			dst = append(append(dst, ' '), word...)
		}
	}
	if p.Inner != nil {
		dst = n.Inside().AppendLine(append(dst, " | "...), p.Inner)
	}
	if p.Truncated() {
		if n.inner {
			return dst
		}
		dst = append(dst, " truncated="...)
		dst = digits.AppendUint(dst, uint64(len(p.Data)))
		dst = append(dst, '/')
		dst = digits.AppendUint(dst, uint64(p.Length))
	} else if p.Err != nil {
		dst = append(dst, " malformed: "...)
		dst = append(dst, safetext.Escape(p.Err.Error())...)
	}
	return dst
}

// ARPWords returns what an ARP packet does: "who-has" (a request to all), "probe" (a
// request to one host, with which a kernel checks an entry of its cache: RFC 1122, section
// 2.3.2.1), "is-at" (a reply), or "arp-operation=N".
func ARPWords(p *Packet) string {
	switch {
	case p.ARPOperation == ARPReply:
		return "is-at"
	case p.ARPOperation != ARPRequest:
		return "arp-operation=" + strconv.Itoa(int(p.ARPOperation))
	case p.DstMAC.Multicast():
		return "who-has"
	default:
		return "probe"
	}
}

func appendARPEnds(dst []byte, p *Packet, names Namer) []byte {
	// A host that has no address yet asks from 0.0.0.0 (RFC 5227, section 2.1.1).
	if p.ARPSender.IsUnspecified() {
		dst = appendMAC(dst, p.ARPSenderMAC)
	} else {
		dst = appendHost(dst, p.ARPSender, names)
	}
	dst = append(dst, " > "...)
	if p.DstMAC == Broadcast {
		return append(dst, '*')
	}
	return appendHost(dst, p.ARPTarget, names)
}

func appendARP(dst []byte, p *Packet, names Namer) []byte {
	dst = append(dst, ARPWords(p)...)
	dst = append(dst, ' ')
	if p.ARPOperation == ARPReply {
		return appendHost(dst, p.ARPSender, names)
	}
	return appendHost(dst, p.ARPTarget, names)
}

// The operations of RARP (RFC 903).
const (
	rarpRequest = 3
	rarpReply   = 4
)

// appendRARPEnds writes hardware addresses: a host that asks by RARP has no other.
func appendRARPEnds(dst []byte, p *Packet, names Namer) []byte {
	if p.ARPOperation == rarpReply && !p.ARPSender.IsUnspecified() {
		dst = appendHost(dst, p.ARPSender, names)
	} else {
		dst = appendMAC(dst, p.ARPSenderMAC)
	}
	dst = append(dst, " > "...)
	if p.DstMAC == Broadcast {
		return append(dst, '*')
	}
	return appendMAC(dst, p.DstMAC)
}

func appendRARP(dst []byte, p *Packet, names Namer) []byte {
	switch p.ARPOperation {
	case rarpRequest:
		return appendMAC(append(dst, "rarp-request "...), p.ARPTgtMAC)
	case rarpReply:
		return appendHost(append(dst, "rarp-reply "...), p.ARPTarget, names)
	}
	return digits.AppendUint(append(dst, "rarp-operation="...), uint64(p.ARPOperation))
}

func (n Notation) appendIP(dst []byte, p *Packet) []byte {
	switch {
	case p.Has(TCP):
		dst = n.appendTCP(dst, p)
	case p.Has(UDP):
		dst = append(dst, "udp"...)
		dst = appendLen(dst, p.PayloadLength())
		if p.Has(VXLAN) || p.Has(Geneve) {
			dst = appendVNI(dst, p)
		}
	case p.Has(ICMPv4) || p.Has(ICMPv6):
		if neighbor, ok := p.Neighbor(); ok {
			dst = appendNeighbor(dst, p, neighbor, n.Names)
		} else {
			dst = appendICMP(dst, p)
		}
	case p.PortsOnly && p.Protocol == protocolTCP:
		dst = append(dst, "tcp"...)
	case p.PortsOnly:
		dst = append(dst, "udp"...)
	case p.Has(GRE):
		dst = appendGRE(dst, p)
	default:
		dst = append(dst, "ip-protocol="...)
		dst = digits.AppendUint(dst, uint64(p.Protocol))
	}
	if p.Fragment {
		dst = append(dst, " fragment"...)
	}
	if n.Details&Verbose != 0 {
		dst = appendVerbose(dst, p)
	}
	return dst
}

// appendTCP writes the flags and what can be said of one segment alone.
// Sequence numbers are relative, and a SYN is where they begin.
func (n Notation) appendTCP(dst []byte, p *Packet) []byte {
	if n.Details != 0 {
		return n.appendDetailedTCP(dst, p)
	}
	if n.Letters {
		dst = append(dst, flagLetters[p.Flags]...)
	} else {
		dst = append(dst, flagWords[p.Flags]...)
	}
	if p.Flags&SYN != 0 {
		dst = append(dst, " seq=0"...)
	}
	if length := p.PayloadLength(); length > 0 {
		return appendLen(dst, length)
	}
	if n.Letters && p.Flags == ACK { // as tcpdump says behind its "."
		dst = append(dst, " ack"...)
	}
	return dst
}

// appendOther writes the EtherType of what the notation does not know.
func appendOther(dst []byte, p *Packet) []byte {
	if first(p.LinkType) == headerNone {
		return appendUndecoded(dst, p)
	}
	if p.Layers&(PPP|WLAN|PKTAP|MPLS|PPPoE) != 0 {
		return appendCarrier(dst, p)
	}
	if p.Layers&(Ethernet|SLL|HDLC) == 0 {
		return appendLen(append(dst, "frame"...), p.Length)
	}
	// Below 0x600 the field is a length (IEEE 802.3, section 3.2.6).
	switch {
	case p.EtherType < 0x600:
		dst = append(dst, "llc"...)
	case p.Has(HDLC) && p.EtherType == hdlcSLARP:
		dst = append(dst, "slarp"...)
	default:
		dst = appendXDigits(dst, p.EtherType)
	}
	return appendLen(dst, max(0, p.Length-p.NetworkOffset))
}

// undecodedBytes is how many bytes a line shows of a frame that is not decoded.
const undecodedBytes = 32

// appendUndecoded writes a frame whose link type is not decoded.
func appendUndecoded(dst []byte, p *Packet) []byte {
	dst = digits.AppendUint(append(dst, "link-type="...), uint64(p.LinkType))
	dst = appendLen(dst, p.Length)
	if len(p.Data) > 0 {
		dst = digits.AppendHex(append(dst, ' '), p.Data[:min(len(p.Data), undecodedBytes)])
	}
	if len(p.Data) > undecodedBytes {
		dst = append(dst, "..."...)
	}
	return dst
}

func appendLen(dst []byte, n int) []byte {
	return digits.AppendUint(append(dst, " len="...), uint64(n))
}
