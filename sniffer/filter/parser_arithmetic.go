package filter

// bindings say how tightly an operator holds what is left and what is right
// of it. Those of % and ^ are an accident of libpcap's grammar that decides
// what an expression means: ip[0] * 3 % 2 is ip[0] * (3 % 2), and all that
// follows a % belongs to its right side.
var bindings = map[string]struct{ left, right int }{
	"|": {1, 2}, "&": {2, 3}, "<<": {3, 4}, ">>": {3, 4}, "+": {4, 5}, "-": {4, 5},
	"*": {5, 6}, "/": {5, 6}, "%": {7, 0}, "^": {7, 0},
}

const unaryMinus = 6

var comparisons = map[string]bool{"=": true, "!=": true, "<": true, ">": true, "<=": true, ">=": true}

// startsRelation reports whether arithmetic follows.
func (p *parser) startsRelation() bool {
	t := p.peek()
	return t.is("-") || t.is("len") || t.is("length") || p.arithmeticGroup(p.next) ||
		t.kind == tokNumber && operator(p.at(p.next+1)) || p.startsAccess()
}

// startsAccess reports whether bytes of a protocol follow, as in tcp[13].
func (p *parser) startsAccess() bool {
	t := p.peek()
	return t.kind == tokWord && (protocols[t.text] || t.text == "link") && p.at(p.next+1).is("[")
}

func (p *parser) relation() expression {
	left := p.arithmetic(0)
	op := p.take()
	if op.kind != tokSymbol || !comparisons[op.text] {
		p.failMsg(op.pos, "filter.comparison", "Before", quoted(op))
		return nil
	}
	return relation{op.text, left, p.arithmetic(0)}
}

// arithmetic reads operands joined by operators that bind at least so tightly.
func (p *parser) arithmetic(least int) arithmetic {
	defer p.deeper()()
	left := p.arithmeticOperand()
	for p.err == nil {
		op := p.peek()
		binding, ok := bindings[op.text]
		if op.kind != tokSymbol || !ok || binding.left < least {
			break
		}
		p.next++
		pos := p.peek().pos
		left = operation{op.text, left, p.arithmetic(binding.right), pos}
	}
	return left
}

func (p *parser) arithmeticOperand() arithmetic {
	t := p.peek()
	switch {
	case p.startsAccess():
		return p.access()
	case p.accept("len", "length"):
		return length{}
	case p.accept("-"):
		return negative{p.arithmetic(unaryMinus)}
	case p.accept("("):
		a := p.arithmetic(0)
		p.expect(")")
		return a
	}
	if p.take(); t.kind != tokNumber {
		p.failMsg(t.pos, "filter.value", "Before", quoted(t))
	}
	return number{t.num}
}

func (p *parser) access() arithmetic {
	t := p.take()
	p.expect("[")
	a := access{pos: t.pos, proto: t.text, indexPos: p.peek().pos, size: 1}
	if a.proto == "link" {
		a.proto = "ether"
	}
	a.index = p.arithmetic(0)
	if p.accept(":") {
		size := p.take()
		if size.kind != tokNumber || size.num != 1 && size.num != 2 && size.num != 4 {
			p.failMsg(size.pos, "filter.size")
		}
		a.size = size.num
	}
	p.expect("]")
	return a
}
