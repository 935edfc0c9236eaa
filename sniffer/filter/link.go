package filter

import (
	"fmt"
	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// link is where a frame of a link type has what filters ask for.
type link struct {
	kind     sniffer.LinkType
	protocol uint32 // offset of the protocol of the payload
	payload  uint32 // offset of the payload

	// Behind a tunnel's word: the offsets count from base, unless that is nil, the
	// frame inside begins at start, and carried says that there is one of this kind.
	base    *value
	start   uint32
	carried *condition
	labels  int // MPLS labels before the payload
}

// links are the layouts (https://www.tcpdump.org/linktypes.html).
var links = map[sniffer.LinkType]link{
	sniffer.LinkEthernet:  {kind: sniffer.LinkEthernet, protocol: 12, payload: 14},
	sniffer.LinkLinuxSLL:  {kind: sniffer.LinkLinuxSLL, protocol: 14, payload: 16},
	sniffer.LinkLinuxSLL2: {kind: sniffer.LinkLinuxSLL2, payload: 20},
	sniffer.LinkNull:      {kind: sniffer.LinkNull, payload: 4},
	sniffer.LinkLoop:      {kind: sniffer.LinkLoop, payload: 4},
	sniffer.LinkRaw:       {kind: sniffer.LinkRaw},
	rawBSD:                {kind: sniffer.LinkRaw},
	rawOpenBSD:            {kind: sniffer.LinkRaw},
	sniffer.LinkIPv4:      {kind: sniffer.LinkIPv4},
	sniffer.LinkIPv6:      {kind: sniffer.LinkIPv6},
	// As libpcap assumes, with address and control.
	sniffer.LinkPPP:       {kind: sniffer.LinkPPP, protocol: 2, payload: 4},
	sniffer.LinkPPPSerial: {kind: sniffer.LinkPPP, protocol: 2, payload: 4},
	sniffer.LinkPPPoE:     {kind: sniffer.LinkPPP, protocol: 6, payload: 8},
	sniffer.LinkHDLC:      {kind: sniffer.LinkHDLC, protocol: 2, payload: 4},
}

// pppNumbers are what PPP calls the protocols that have another number elsewhere
// (IANA, PPP numbers).
var pppNumbers = map[uint32]uint32{
	etherIPv4: 0x21, etherIPv6: 0x57, etherMPLS: 0x281, 0x6003: 0x27, sapISO: 0x23, sapSTP: 0x31, sapIPX: 0x2b,
}

// Numbers that raw IP has in files of some systems.
const (
	rawBSD     sniffer.LinkType = 12
	rawOpenBSD sniffer.LinkType = 14
)

// families are the values of AF_INET and of AF_INET6, which every system has
// another of: Linux, NetBSD and OpenBSD, FreeBSD, Darwin.
var families = map[uint32][]uint32{
	etherIPv4: {2},
	etherIPv6: {10, 24, 28, 30},
}

// payloadIs tests for a protocol of the link's payload: an EtherType, or on
// Ethernet an LLC service access point.
func (g *generator) payloadIs(pos int, protocol uint32) *condition {
	if g.link.labels > 0 {
		return g.labelled(pos, protocol)
	}
	if g.link.carried != nil {
		return all(g.link.carried, g.linkIs(pos, protocol))
	}
	return g.linkIs(pos, protocol)
}

func (g *generator) linkIs(pos int, protocol uint32) *condition {
	switch g.link.kind {
	case sniffer.LinkPPP:
		if number, ok := pppNumbers[protocol]; ok {
			protocol = number
		}
		return g.equals(g.at(g.link.protocol, 2), protocol)
	case sniffer.LinkHDLC:
		if protocol == sapISO {
			protocol = sapISO<<8 | sapISO
		}
		return g.equals(g.at(g.link.protocol, 2), protocol)
	case sniffer.LinkEthernet:
		return g.ethernetIs(pos, protocol)
	case sniffer.LinkLinuxSLL, sniffer.LinkLinuxSLL2:
		if protocol <= maxLength {
			return g.failMsg(pos, "filter.llc.protocols")
		}
		return g.equals(g.packet(g.link.protocol, 2), protocol)
	case sniffer.LinkNull, sniffer.LinkLoop:
		return g.familyIs(protocol)
	case sniffer.LinkRaw:
		version, ok := map[uint32]uint32{etherIPv4: 0x40, etherIPv6: 0x60}[protocol]
		if !ok {
			return never()
		}
		return g.equals(g.values.operation(bpf.ALUOpAnd, g.packet(0, 1), g.values.constant(0xf0)), version)
	}
	if protocol == etherIPv4 && g.link.kind == sniffer.LinkIPv4 || protocol == etherIPv6 && g.link.kind == sniffer.LinkIPv6 {
		return not(never())
	}
	return never()
}

// familyIs tests the address family that a loopback header has: big endian,
// or in LinkNull in the byte order of the machine that captured.
func (g *generator) familyIs(protocol uint32) *condition {
	var either []*condition
	for _, family := range families[protocol] {
		either = append(either, g.equals(g.packet(0, 4), family))
		if g.link.kind == sniffer.LinkNull {
			either = append(either, g.equals(g.packet(0, 4), family<<24))
		}
	}
	if len(either) == 0 {
		return never()
	}
	return anyOf(either...)
}

// ethernetIs tests an EtherType, or the service access points of an 802.3
// frame, which has a length in place of an EtherType.
func (g *generator) ethernetIs(pos int, protocol uint32) *condition {
	typ := g.at(g.link.protocol, 2)
	switch protocol {
	case sapIPX, etherATalk, etherAARP:
		return g.failMsg(pos, "filter.encapsulations", "Number", fmt.Sprintf("%#x", protocol))
	case sapIP, sapNetBEUI, sapISO: // destination and source alike
		return all(not(g.test(typ, greater, maxLength)), g.equals(g.at(g.link.protocol+2, 2), protocol<<8|protocol))
	}
	if protocol <= maxLength {
		return all(not(g.test(typ, greater, maxLength)), g.equals(g.at(g.link.protocol+2, 1), protocol))
	}
	return g.equals(typ, protocol)
}

// vlan tests for a tag and moves what follows it behind the tag.
func (g *generator) vlan(v vlanTag) *condition {
	if g.link.kind != sniffer.LinkEthernet {
		return g.failMsg(v.pos, "filter.vlan.frames")
	}
	if g.link.labels > 0 {
		return g.failMsg(v.pos, "filter.vlan.mpls")
	}
	typ := g.at(g.link.protocol, 2)
	c := anyOf(g.equals(typ, 0x8100), g.equals(typ, 0x88a8), g.equals(typ, 0x9100))
	if v.hasID {
		if v.id.num > 0xfff {
			return g.failMsg(v.id.pos, "filter.vlan.large", "Number", v.id.num)
		}
		c = all(c, g.masked(g.at(g.link.payload, 2), 0xfff, v.id.num))
	}
	g.link.protocol += 4
	g.link.payload += 4
	return c
}

// cast tests for broadcast and multicast.
func (g *generator) cast(c cast) *condition {
	what := map[bool]string{false: "broadcast", true: "multicast"}[c.multicast]
	switch {
	case c.proto == "ip" && c.multicast:
		return all(g.payloadIs(c.pos, etherIPv4), g.test(g.payload(16, 1), atLeast, 0xe0))
	case c.proto == "ip":
		to := g.payload(16, 4)
		return all(g.payloadIs(c.pos, etherIPv4), anyOf(g.equals(to, 0), g.equals(to, 0xffffffff)))
	case c.proto == "ip6" && c.multicast:
		return all(g.payloadIs(c.pos, etherIPv6), g.equals(g.payload(24, 1), 0xff))
	case c.proto != "" && c.proto != "ether":
		return g.failMsg(c.pos, "filter.cast.none", "Word", c.proto, "What", what)
	case g.link.kind != sniffer.LinkEthernet:
		return g.failMsg(c.pos, "filter.cast.frames", "What", what)
	case c.multicast:
		return g.carried(g.test(g.at(g.link.start, 1), anyBit, 1))
	}
	return g.ethernetAddress("dst", sniffer.Broadcast)
}

// ethernetAddress tests the addresses of an Ethernet frame.
func (g *generator) ethernetAddress(dir string, mac [6]byte) *condition {
	return directed(dir, func(source bool) *condition {
		at := g.link.start
		if source {
			at += 6
		}
		low := uint32(mac[2])<<24 | uint32(mac[3])<<16 | uint32(mac[4])<<8 | uint32(mac[5])
		return g.carried(all(g.equals(g.at(at+2, 4), low), g.equals(g.at(at, 2), uint32(mac[0])<<8|uint32(mac[1]))))
	})
}
