package filter

// condition is an expression with its offsets decided: a tree of tests.
type condition struct {
	kind        conditionKind
	left, right *condition // right is nil of a negation
	test        test       // of a leaf
}

type conditionKind uint8

const (
	condTest conditionKind = iota
	condAnd
	condOr
	condNot
	condNever
)

// test compares a value with a value.
type test struct {
	v  *value
	op testOp
	x  *value // a constant, but in relations of two sides that are not
}

type testOp uint8

const (
	equal   testOp = iota
	greater        // unsigned
	atLeast        // unsigned
	anyBit         // v and x have a bit in common
)

// holds says how a test of constants ends.
func (op testOp) holds(v, x uint32) bool {
	switch op {
	case equal:
		return v == x
	case greater:
		return v > x
	case atLeast:
		return v >= x
	default:
		return v&x != 0
	}
}

// all is true if all of the conditions are, tried from the left.
func all(conditions ...*condition) *condition { return join(condAnd, conditions) }

// anyOf is true if one of the conditions is, tried from the left.
func anyOf(conditions ...*condition) *condition { return join(condOr, conditions) }

func join(kind conditionKind, conditions []*condition) *condition {
	c := conditions[0]
	for _, next := range conditions[1:] {
		c = &condition{kind: kind, left: c, right: next}
	}
	return c
}

func not(c *condition) *condition { return &condition{kind: condNot, left: c} }

func never() *condition { return &condition{kind: condNever} }

// flow makes the blocks that decide a condition and go on at yes or no.
func (c *condition) flow(yes, no *block) *block {
	switch c.kind {
	case condAnd:
		return c.left.flow(c.right.flow(yes, no), no)
	case condOr:
		return c.left.flow(yes, c.right.flow(yes, no))
	case condNot:
		return c.left.flow(no, yes)
	case condNever:
		return no
	}
	return &block{test: c.test, yes: yes, no: no}
}
