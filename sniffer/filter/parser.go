package filter

import (
	"net/netip"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// maxDepth bounds parentheses and nots inside one another.
const maxDepth = 100

// parser reads an expression by recursive descent. The first error sticks and
// makes all that follows look like the end.
type parser struct {
	text   string
	tokens []token
	next   int
	closes map[int]int // index of a "(" to that of its ")"
	depth  int
	err    error
}

// inherited are the qualifiers that an address without its own takes over;
// a nil one has none to give.
type inherited *qualifiers

// parse returns nil for an expression of nothing.
func parse(text string) (expression, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens, closes: map[int]int{}}
	var open []int
	for i, t := range tokens {
		switch {
		case t.is("("):
			open = append(open, i)
		case t.is(")") && len(open) > 0:
			p.closes[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	if len(tokens) == 1 {
		return nil, nil
	}
	e, _ := p.expression(nil)
	if t := p.peek(); t.kind != tokEnd {
		p.failMsg(t.pos, "filter.follow", "Word", quoted(t), "Before", quoted(p.tokens[max(p.next-1, 0)]))
	}
	return e, p.err
}

// failMsg notes what is wrong at a place; the first error sticks.
func (p *parser) failMsg(pos int, code string, pairs ...any) {
	if p.err == nil {
		p.err = &syntaxError{p.text, pos, reasonMsg(code, pairs...)}
	}
}

func (p *parser) peek() token { return p.at(p.next) }

func (p *parser) at(i int) token {
	if p.err != nil || i >= len(p.tokens) {
		return p.tokens[len(p.tokens)-1]
	}
	return p.tokens[i]
}

func (p *parser) take() token {
	t := p.peek()
	if t.kind != tokEnd {
		p.next++
	}
	return t
}

// accept takes the token if it is one of the words or symbols.
func (p *parser) accept(texts ...string) bool {
	for _, text := range texts {
		if p.peek().is(text) {
			p.next++
			return true
		}
	}
	return false
}

func (p *parser) expect(text string) {
	if t := p.peek(); !p.accept(text) {
		p.failMsg(t.pos, "filter.missing", "Word", text, "Before", quoted(t))
	}
}

// deeper counts nesting; its caller defers what it returns.
func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		p.failMsg(p.peek().pos, "filter.deep", "Most", maxDepth)
	}
	return func() { p.depth-- }
}

// quoted is a token in a sentence.
func quoted(t token) i18n.Message {
	if t.kind == tokEnd {
		return i18n.Msg("filter.end")
	}
	return i18n.Msg("filter.quoted", "Word", safetext.Escape(t.text))
}

// expression reads terms joined by and and or, which bind alike. It returns
// the qualifiers that the last of them leaves to what follows.
func (p *parser) expression(before inherited) (expression, inherited) {
	left, q := p.term(before)
	for p.err == nil {
		or := p.peek().is("or")
		if !p.accept("and", "or") {
			break
		}
		var right expression
		if p.bareAddress(p.next) {
			right = p.id(q)
		} else {
			right, q = p.term(q)
		}
		left = conjunction{or, left, right}
	}
	return left, q
}

// bareAddress reports whether an address without qualifiers begins at a token,
// maybe behind parentheses and nots.
func (p *parser) bareAddress(i int) bool {
	for ; p.at(i).is("not") || p.at(i).is("("); i++ {
		if p.arithmeticGroup(i) {
			return false
		}
	}
	switch p.at(i).kind {
	case tokName, tokIPv4, tokIPv6, tokMAC:
		return true
	case tokNumber:
		for i++; p.at(i).is(")"); i++ {
		}
		return !operator(p.at(i))
	}
	return false
}

// arithmeticGroup reports whether an operator is behind the parenthesis that
// closes the one at i.
func (p *parser) arithmeticGroup(i int) bool {
	end, ok := p.closes[i]
	return ok && p.at(i).is("(") && operator(p.at(end+1))
}

func operator(t token) bool {
	_, ok := bindings[t.text]
	return t.kind == tokSymbol && (ok || comparisons[t.text])
}

// id reads an address, or addresses in parentheses, with qualifiers that were
// given before.
func (p *parser) id(q inherited) expression {
	defer p.deeper()()
	t := p.peek()
	switch {
	case p.err != nil:
		return nil
	case p.accept("not"):
		return negation{p.id(q)}
	case p.accept("("):
		left := p.id(q)
		for p.err == nil {
			or := p.peek().is("or")
			if !p.accept("and", "or") {
				break
			}
			left = conjunction{or, left, p.id(q)}
		}
		p.expect(")")
		return left
	case q == nil:
		if t.kind == tokName {
			p.failMsg(t.pos, "filter.unknown", "Word", quoted(t), "Hint", hint(t.text))
		} else {
			p.failMsg(t.pos, "filter.keyword", "Word", quoted(t))
		}
		return nil
	}
	return address{*q, p.operand()}
}

func (p *parser) operand() operand {
	o := operand{token: p.take(), prefix: -1}
	switch o.kind {
	case tokName, tokNumber, tokMAC:
		return o
	case tokIPv4, tokIPv6:
	case tokWord:
		p.failMsg(o.pos, "filter.word", "Word", o.text)
		return o
	default:
		p.failMsg(o.pos, "filter.operand", "Before", quoted(o.token))
		return o
	}
	o.maskPos = p.at(p.next + 1).pos
	switch {
	case p.accept("/"):
		if t := p.take(); t.kind == tokNumber {
			o.prefix = int(min(t.num, 1<<16))
		} else {
			p.failMsg(t.pos, "filter.prefix.missing", "Before", quoted(t))
		}
	case o.kind == tokIPv4 && p.accept("mask"):
		t := p.take()
		mask, bits, ok := dotted(t.text)
		if t.kind != tokIPv4 || !ok {
			p.failMsg(t.pos, "filter.mask.form", "Word", quoted(t))
			return o
		}
		mask <<= 32 - bits
		o.mask = netip.AddrFrom4([4]byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)})
	}
	return o
}

// term reads anything but an address without qualifiers.
func (p *parser) term(before inherited) (expression, inherited) {
	defer p.deeper()()
	t := p.peek()
	switch {
	case p.err != nil:
		return nil, nil
	case p.accept("not"):
		e, q := p.term(before)
		return negation{e}, q
	case p.startsRelation():
		return p.relation(), nil
	case p.accept("("):
		e, _ := p.expression(before)
		p.expect(")")
		return e, before
	case p.accept("less", "greater"):
		n := p.take()
		if n.kind != tokNumber {
			p.failMsg(n.pos, "filter.bytes", "Before", quoted(n))
		}
		return frameSize{t.is("greater"), n.num}, nil
	case p.accept("vlan"):
		return p.vlan(t.pos), nil
	case p.accept("mpls", "pppoes", "geneve", "vxlan"):
		if p.peek().kind != tokNumber {
			return tunnel{pos: t.pos, name: t.text}, nil
		}
		return tunnel{t.pos, t.text, true, p.take()}, nil
	case p.accept("pppoed"):
		return tunnel{pos: t.pos, name: t.text}, nil
	case p.accept("llc"):
		if kind := p.peek().text; llcKinds[kind] != (llcKind{}) {
			p.next++
			return llcFrame{t.pos, kind}, nil
		}
		return llcFrame{pos: t.pos}, nil
	case p.accept("inbound", "outbound"):
		return heading{t.is("outbound")}, nil
	case t.kind == tokWord && unsupported[t.text]:
		p.failMsg(t.pos, "filter.unsupported", "Word", t.text)
		return nil, nil
	}
	return p.qualified()
}

func (p *parser) vlan(pos int) expression {
	if p.peek().kind != tokNumber {
		return vlanTag{pos: pos}
	}
	return vlanTag{pos, true, p.take()}
}

// qualified reads what begins with a protocol, a direction or a kind.
func (p *parser) qualified() (expression, inherited) {
	start := p.peek()
	q := &qualifiers{pos: start.pos}
	if start.kind == tokWord && (protocols[start.text] || start.is("link")) {
		q.proto = p.take().text
		if q.proto == "link" {
			q.proto = "ether"
		}
	}
	if t := p.peek(); p.accept("broadcast", "multicast") {
		return cast{start.pos, q.proto, t.is("multicast")}, nil
	}
	q.dir = p.direction()
	switch t := p.peek(); {
	case q.dir == "" && p.accept("proto", "protochain"), p.accept("host", "net", "port", "portrange"):
		q.kind = t.text
	case q.dir != "":
	case q.proto != "":
		return protocol{start.pos, q.proto}, nil
	case p.bareAddress(p.next):
		return p.id(nil), nil
	default:
		p.failMsg(t.pos, "filter.goon", "Word", quoted(t))
		return nil, nil
	}
	return p.id(q), q
}

// direction reads src, dst, "src or dst" and "src and dst".
func (p *parser) direction() string {
	first := p.peek()
	if !p.accept("src", "dst") {
		return ""
	}
	joint, second := p.peek(), p.at(p.next+1)
	if (joint.is("or") || joint.is("and")) && (first.is("src") && second.is("dst") || first.is("dst") && second.is("src")) {
		p.next += 2
		return "src " + joint.text + " dst"
	}
	return first.text
}
