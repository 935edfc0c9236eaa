package filter

import "golang.org/x/net/bpf"

// maxChain bounds the headers that protochain passes over: a program for the
// kernel cannot go back.
const maxChain = 4

// IP protocols of headers that have another behind them (RFC 8200, section 4; RFC
// 4302, section 2).
const (
	protoHopByHop    = 0
	protoRouting     = 43
	protoAH          = 51
	protoDestination = 60
)

// protochain tests for a protocol behind any extension headers.
func (g *generator) protochain(q qualifiers, number uint32) *condition {
	four := func() *condition {
		return all(g.payloadIs(q.pos, etherIPv4), g.chain(number, g.payload(9, 1), g.header(), maxChain, []uint32{protoAH}))
	}
	six := func() *condition {
		start := g.based(g.values.constant(40))
		return all(g.payloadIs(q.pos, etherIPv6), g.chain(number, g.payload(6, 1), start, maxChain, []uint32{protoHopByHop, protoDestination, protoRouting, ip6Fragment, protoAH}))
	}
	switch q.proto {
	case "ip":
		return four()
	case "ip6":
		return six()
	case "":
		return anyOf(four(), six())
	}
	return g.failMsg(q.pos, "filter.chain", "Word", q.proto)
}

// chain tests whether next, or a header behind it, is of a protocol: next announces
// what begins at start, counted from the payload, behind depth headers at most.
func (g *generator) chain(number uint32, next, start *value, depth int, passed []uint32) *condition {
	c := g.equals(next, number)
	if depth == 0 {
		return c
	}
	following := g.values.indirect(start, g.link.payload, 1)
	length := g.values.indirect(start, g.link.payload+1, 1)
	there := not(g.test(length, greater, 0xff)) // a load beyond the end fails
	var units []*condition                      // of headers whose length counts eight bytes, less one
	for _, p := range passed {
		if p != number && p != protoAH {
			units = append(units, g.equals(next, p))
		}
	}
	if len(units) > 0 {
		c = anyOf(c, all(anyOf(units...), there, g.chain(number, following, g.behind(start, length, 1, 8), depth-1, passed)))
	}
	if number != protoAH { // whose length counts four bytes, less two
		c = anyOf(c, all(g.equals(next, protoAH), there, g.chain(number, following, g.behind(start, length, 2, 4), depth-1, passed)))
	}
	return c
}

// behind is where a header ends that begins at start.
func (g *generator) behind(start, length *value, more, unit uint32) *value {
	size := g.values.operation(bpf.ALUOpMul, g.values.operation(bpf.ALUOpAdd, length, g.values.constant(more)), g.values.constant(unit))
	return g.values.operation(bpf.ALUOpAdd, size, start)
}
