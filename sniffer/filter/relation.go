package filter

import (
	"golang.org/x/net/bpf"
)

// maxFrame is the largest offset that a frame may have, bytes.
const maxFrame = 256 << 10

var operations = map[string]bpf.ALUOp{
	"+": bpf.ALUOpAdd, "-": bpf.ALUOpSub, "*": bpf.ALUOpMul, "/": bpf.ALUOpDiv, "%": bpf.ALUOpMod,
	"&": bpf.ALUOpAnd, "|": bpf.ALUOpOr, "^": bpf.ALUOpXor, "<<": bpf.ALUOpShiftLeft, ">>": bpf.ALUOpShiftRight,
}

// relation compares two computed values. Where one of them is of a protocol,
// the frame must be of it, also for != .
func (g *generator) relation(r relation) *condition {
	left, needsLeft := g.arithmetic(r.left)
	right, needsRight := g.arithmetic(r.right)
	if g.err != nil {
		return never()
	}
	var c *condition
	switch r.op {
	case "=", "!=":
		c = g.equals(g.values.operation(bpf.ALUOpSub, left, right), 0)
	case ">", "<=":
		c = g.compare(left, greater, right)
	default:
		c = g.compare(left, atLeast, right)
	}
	if r.op == "!=" || r.op == "<=" || r.op == "<" {
		c = not(c)
	}
	return both(both(needsLeft, needsRight), c)
}

// both is all of two conditions that may be nil.
func both(a, b *condition) *condition {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return all(a, b)
}

// arithmetic returns a value and what a frame must be to have it, nil if any
// frame has.
func (g *generator) arithmetic(a arithmetic) (*value, *condition) {
	switch a := a.(type) {
	case number:
		return g.values.constant(a.n), nil
	case length:
		return g.values.get(value{op: valLength}), nil
	case negative:
		v, needs := g.arithmetic(a.of)
		return g.values.operation(bpf.ALUOpSub, g.values.constant(0), v), needs
	case operation:
		return g.operation(a)
	case access:
		return g.access(a)
	}
	g.failMsg(0, "filter.arithmetic")
	return g.values.constant(0), nil
}

// operation needs only what its left side does: libpcap forgets about the
// right one.
func (g *generator) operation(o operation) (*value, *condition) {
	left, needs := g.arithmetic(o.left)
	right, _ := g.arithmetic(o.right)
	switch known := g.values.simplify(right); o.op {
	case "/", "%":
		if known.is(0) {
			g.failMsg(o.rightPos, "filter.division")
			return left, nil
		}
	case "<<", ">>":
		// Machines do not agree about a shift by more.
		if known.op != valConstant || known.k > 31 {
			g.failMsg(o.rightPos, "filter.shift")
			return left, nil
		}
	}
	return g.values.operation(operations[o.op], left, right), needs
}

// access loads bytes from a protocol's header.
func (g *generator) access(a access) (*value, *condition) {
	index, needs := g.arithmetic(a.index)
	// A payload's offset may lead back into what is before it, as libpcap adds them.
	if known := g.values.simplify(index); known.op == valConstant && known.k > maxFrame && (a.proto == "ether" || known.k+g.link.payload > maxFrame) {
		g.failMsg(a.indexPos, "filter.offset", "Number", int32(known.k))
	}
	t, isTransport := transports[a.proto]
	etherType, isPayload := etherTypes[a.proto]
	size := int(a.size)
	switch {
	case a.proto == "ether":
		return g.values.indirect(g.based(index), g.link.start, size), needs
	case a.proto == "icmp6":
		needs = both(needs, g.payloadIs(a.pos, etherIPv6))
		return g.values.indirect(g.based(index), g.link.payload+40, size), both(needs, g.equals(g.payload(6, 1), protoICMPv6))
	case isTransport && !t.sealed:
		needs = both(g.payloadIs(a.pos, etherIPv4), needs)
		needs = both(needs, both(g.protocol(a.pos, a.proto), g.firstFragment()))
		return g.values.indirect(g.values.operation(bpf.ALUOpAdd, index, g.header()), g.link.payload, size), needs
	case isPayload && etherType > maxLength:
		return g.values.indirect(g.based(index), g.link.payload, size), both(needs, g.payloadIs(a.pos, etherType))
	}
	g.failMsg(a.pos, "filter.unreadable", "Word", a.proto)
	return index, nil
}
