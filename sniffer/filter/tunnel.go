package filter

import (
	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// UDP ports of tunnels (IANA).
const (
	portVXLAN  = 4789
	portGeneve = 6081
)

// tunnel tests for what carries frames and moves all that is right of it into what
// is carried, as vlan does.
func (g *generator) tunnel(t tunnel) *condition {
	largest := map[string]uint32{"mpls": 1<<20 - 1, "pppoes": 1<<16 - 1, "geneve": 1<<24 - 1, "vxlan": 1<<24 - 1}[t.name]
	if t.hasID && t.id.num > largest {
		return g.failMsg(t.id.pos, "filter.tunnel.large", "Name", t.name, "Number", t.id.num, "Most", largest)
	}
	switch t.name {
	case "mpls":
		return g.mpls(t)
	case "pppoed":
		return g.payloadIs(t.pos, etherPPPoED)
	case "pppoes":
		return g.pppoes(t)
	}
	return g.udpTunnel(t)
}

// mpls tests for a label (RFC 3032). Another is behind it where it is not the
// bottom of the stack.
func (g *generator) mpls(t tunnel) *condition {
	var c *condition
	switch {
	case g.link.labels > 0:
		c = g.masked(g.at(g.link.payload-2, 1), 1, 0)
	case g.link.kind == sniffer.LinkEthernet, g.link.kind == sniffer.LinkHDLC, g.link.kind == sniffer.LinkPPP:
		c = g.payloadIs(t.pos, etherMPLS)
	default:
		return g.failMsg(t.pos, "filter.mpls.frames")
	}
	if t.hasID {
		c = all(c, g.masked(g.payload(0, 4), 0xfffff000, t.id.num<<12))
	}
	g.link.labels++
	g.link.payload += 4
	return c
}

// labelled tests what is behind the bottom of a label stack, by the IP version.
func (g *generator) labelled(pos int, protocol uint32) *condition {
	version, ok := map[uint32]uint32{etherIPv4: 0x40, etherIPv6: 0x60}[protocol]
	if !ok {
		return g.failMsg(pos, "filter.mpls.behind")
	}
	return all(g.masked(g.at(g.link.payload-2, 1), 1, 1), g.masked(g.payload(0, 1), 0xf0, version))
}

// pppoes tests for a session of PPPoE (RFC 2516), behind which is PPP.
func (g *generator) pppoes(t tunnel) *condition {
	c := g.payloadIs(t.pos, etherPPPoES)
	if t.hasID {
		c = all(c, g.masked(g.payload(0, 4), 0xffff, t.id.num))
	}
	g.link.kind = sniffer.LinkPPP
	g.link.protocol = g.link.payload + 6
	g.link.start = g.link.protocol
	g.link.payload += 8
	return c
}

// udpTunnel tests for VXLAN (RFC 7348) or Geneve (RFC 8926). Where their header
// begins depends on that of IP.
func (g *generator) udpTunnel(t tunnel) *condition {
	port, flags, mask := uint32(portVXLAN), uint32(0x08), uint32(0x08)
	if t.name == "geneve" {
		port, flags, mask = portGeneve, 0, 0xc0 // version 0
	}
	// is tests the port and the header, by loads from behind IP's header.
	is := func(behind func(offset uint32, size int) *value) *condition {
		c := all(g.equals(behind(2, 2), port), g.masked(behind(8, 1), mask, flags))
		if t.hasID {
			c = all(c, g.masked(behind(12, 4), 0xffffff00, t.id.num<<8))
		}
		return c
	}
	header := g.header()
	c := anyOf(
		all(g.ipv4Proto(t.pos, protoUDP), g.firstFragment(), is(func(offset uint32, size int) *value {
			return g.values.indirect(header, g.link.payload+offset, size)
		})),
		all(g.payloadIs(t.pos, etherIPv6), g.equals(g.payload(6, 1), protoUDP), is(func(offset uint32, size int) *value {
			return g.payload(40+offset, size)
		})))
	// The length of IP's header: that of IPv4, or 40 where the version has the bit
	// that 6 has and 4 has not.
	bit := g.values.operation(bpf.ALUOpAnd, g.values.operation(bpf.ALUOpShiftRight, g.payload(0, 1), g.values.constant(5)), g.values.constant(1))
	four := g.values.operation(bpf.ALUOpMul, g.words(), g.values.operation(bpf.ALUOpXor, bit, g.values.constant(1)))
	base := g.based(g.values.operation(bpf.ALUOpAdd, g.values.operation(bpf.ALUOpMul, bit, g.values.constant(40)), four))
	tunnelled := g.link.payload + 8
	next := link{kind: sniffer.LinkEthernet, base: base, start: tunnelled + 8}
	if t.name == "geneve" {
		next.carried = g.equals(g.values.indirect(base, tunnelled+2, 2), 0x6558) // Ethernet, bridged
		options := g.values.operation(bpf.ALUOpAnd, g.values.indirect(base, tunnelled, 1), g.values.constant(0x3f))
		next.base = g.values.operation(bpf.ALUOpAdd, g.values.operation(bpf.ALUOpShiftLeft, options, g.values.constant(2)), base)
	}
	next.protocol, next.payload = next.start+12, next.start+14
	g.link = next
	return c
}

// carried adds to a condition that a tunnel carries a frame of the link's kind.
func (g *generator) carried(c *condition) *condition {
	if g.link.carried == nil {
		return c
	}
	return all(g.link.carried, c)
}

// llcKind is a kind of LLC frame: what its control field is under a mask (IEEE
// 802.2, section 5).
type llcKind struct{ mask, control uint32 }

var llcKinds = map[string]llcKind{
	"i": {0x01, 0}, "s": {0x03, 1}, "u": {0x03, 3}, "rr": {0x0f, 0x01}, "rnr": {0x0f, 0x05}, "rej": {0x0f, 0x09},
	"ui": {0xef, 0x03}, "ua": {0xef, 0x63}, "disc": {0xef, 0x43}, "dm": {0xef, 0x0f}, "sabme": {0xef, 0x6f}, "test": {0xef, 0xe3},
	"xid": {0xef, 0xaf}, "frmr": {0xef, 0x87},
}

// llc tests for an 802.3 frame with an LLC header: Novell's raw frames have none.
func (g *generator) llc(l llcFrame) *condition {
	if g.link.kind != sniffer.LinkEthernet {
		return g.failMsg(l.pos, "filter.llc.frames")
	}
	at := g.link.protocol + 2 // also behind mpls, as libpcap has it
	c := g.carried(all(not(g.test(g.at(g.link.protocol, 2), greater, maxLength)), not(g.equals(g.at(at, 2), 0xffff))))
	if kind, ok := llcKinds[l.kind]; ok {
		c = all(c, g.masked(g.at(at+2, 1), kind.mask, kind.control))
	}
	return c
}

// outgoing is PACKET_OUTGOING (packet(7)).
const outgoing = 4

// heading tests whether a frame was received or sent.
func (g *generator) heading(h heading) *condition {
	kind := g.values.extension(bpf.ExtType)
	switch g.link.kind { // whose header says it
	case sniffer.LinkLinuxSLL:
		kind = g.packet(0, 2)
	case sniffer.LinkLinuxSLL2:
		kind = g.packet(10, 1)
	}
	c := g.equals(kind, outgoing)
	if !h.outbound {
		return not(c)
	}
	return c
}
