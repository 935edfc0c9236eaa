package filter

import (
	"fmt"

	"wirelab/internal/i18n"
	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// maxTests bounds the work of one expression: more would not fit a program.
const maxTests = 4096

// generator turns an expression into a condition. It goes from left to right,
// since vlan moves all that is right of it. The first error sticks.
type generator struct {
	text   string
	hosts  Hosts
	link   link
	values values
	tests  int
	err    error
}

// failMsg notes what is wrong at a place, and accepts nothing.
func (g *generator) failMsg(pos int, code string, pairs ...any) *condition {
	if g.err == nil {
		g.err = &syntaxError{g.text, pos, reasonMsg(code, pairs...)}
	}
	return never()
}

// refuse is failMsg for what is a sentence already.
func (g *generator) refuse(pos int, why i18n.Message) *condition {
	if g.err == nil {
		g.err = &syntaxError{g.text, pos, why}
	}
	return never()
}

func (g *generator) packet(offset uint32, size int) *value { return g.values.packet(offset, size) }

// at is a load from the link's header, in the innermost tunnel that was named.
func (g *generator) at(offset uint32, size int) *value {
	if g.link.base == nil {
		return g.values.packet(offset, size)
	}
	return g.values.indirect(g.link.base, offset, size)
}

// payload is a load from behind the link's header.
func (g *generator) payload(offset uint32, size int) *value {
	return g.at(g.link.payload+offset, size)
}

// based adds where the innermost tunnel begins to an offset that is computed.
func (g *generator) based(offset *value) *value {
	if g.link.base == nil {
		return offset
	}
	return g.values.operation(bpf.ALUOpAdd, offset, g.link.base)
}

func (g *generator) compare(v *value, op testOp, x *value) *condition {
	if g.tests++; g.tests > maxTests {
		return g.failMsg(len(g.text), "filter.long.tests", "Most", maxTests)
	}
	return &condition{test: test{v, op, x}}
}

func (g *generator) test(v *value, op testOp, k uint32) *condition {
	return g.compare(v, op, g.values.constant(k))
}

func (g *generator) equals(v *value, k uint32) *condition { return g.test(v, equal, k) }

// masked tests the bits of v that the mask has.
func (g *generator) masked(v *value, mask, k uint32) *condition {
	if mask != 0xffffffff {
		v = g.values.operation(bpf.ALUOpAnd, v, g.values.constant(mask))
	}
	return g.equals(v, k)
}

// directed tests the source, the destination or both, as qualifiers ask.
func directed(dir string, half func(source bool) *condition) *condition {
	switch dir {
	case "src":
		return half(true)
	case "dst":
		return half(false)
	case "src and dst":
		return all(half(true), half(false))
	}
	return anyOf(half(true), half(false))
}

func (g *generator) expression(e expression) *condition {
	switch e := e.(type) {
	case conjunction:
		left := g.expression(e.left)
		if e.or {
			return anyOf(left, g.expression(e.right))
		}
		return all(left, g.expression(e.right))
	case negation:
		return not(g.expression(e.of))
	case address:
		return g.address(e)
	case protocol:
		return g.protocol(e.pos, e.name)
	case cast:
		return g.cast(e)
	case frameSize:
		if e.atLeast {
			return g.test(g.values.get(value{op: valLength}), atLeast, e.bytes)
		}
		return not(g.test(g.values.get(value{op: valLength}), greater, e.bytes))
	case vlanTag:
		return g.vlan(e)
	case tunnel:
		return g.tunnel(e)
	case llcFrame:
		return g.llc(e)
	case heading:
		return g.heading(e)
	case relation:
		return g.relation(e)
	}
	panic(fmt.Sprintf("filter: %T is no expression", e))
}

// protocol tests for a protocol that a word names.
func (g *generator) protocol(pos int, name string) *condition {
	if t, ok := transports[name]; ok {
		switch {
		case !t.v6:
			return g.ipv4Proto(pos, t.number)
		case !t.v4:
			return g.ipv6Proto(pos, t.number)
		}
		return g.ipProto(pos, t.number)
	}
	if t, ok := etherTypes[name]; ok {
		return g.payloadIs(pos, t)
	}
	return g.failMsg(pos, "filter.more", "Word", name)
}

// ipv4Proto tests the protocol of an IPv4 packet (RFC 791, section 3.1).
func (g *generator) ipv4Proto(pos int, number uint32) *condition {
	return all(g.payloadIs(pos, etherIPv4), g.equals(g.payload(9, 1), number))
}

// ipv6Proto tests the next header of an IPv6 packet (RFC 8200, section 3),
// behind a fragment header too but behind no other.
func (g *generator) ipv6Proto(pos int, number uint32) *condition {
	next := g.payload(6, 1)
	return all(g.payloadIs(pos, etherIPv6),
		anyOf(g.equals(next, number), all(g.equals(next, ip6Fragment), g.equals(g.payload(40, 1), number))))
}

func (g *generator) ipProto(pos int, number uint32) *condition {
	return anyOf(g.ipv4Proto(pos, number), g.ipv6Proto(pos, number))
}

// firstFragment tests that an IPv4 packet's fragment offset is zero.
func (g *generator) firstFragment() *condition {
	return not(g.test(g.payload(6, 2), anyBit, 0x1fff))
}

// header is the length of the IPv4 header, and where its tunnel begins.
func (g *generator) header() *value {
	if g.link.base == nil {
		return g.values.header(g.link.payload)
	}
	return g.based(g.words())
}

// words is the length of the IPv4 header, computed.
func (g *generator) words() *value {
	words := g.values.operation(bpf.ALUOpAnd, g.payload(0, 1), g.values.constant(0xf))
	return g.values.operation(bpf.ALUOpShiftLeft, words, g.values.constant(2))
}

// isEthernet is for what only Ethernet frames have.
func (g *generator) isEthernet() bool { return g.link.kind == sniffer.LinkEthernet }
