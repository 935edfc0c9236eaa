package filter

import "golang.org/x/net/bpf"

// block is a node of the graph that a filter becomes: a test and where to go
// on. The graph has no cycles; it ends in two verdicts, which have no
// successors.
type block struct {
	test
	yes, no *block

	id, level int    // of the latest analysis
	in        []edge // edges that lead here, the latest found first
}

func (b *block) isVerdict() bool { return b.yes == nil }

// out returns the ways on.
func (b *block) out() []edge {
	if b.isVerdict() {
		return nil
	}
	return []edge{{b, true}, {b, false}}
}

// edge is one of the two ways out of a block.
type edge struct {
	from *block
	yes  bool
}

func (e edge) to() *block {
	if e.yes {
		return e.from.yes
	}
	return e.from.no
}

func (e edge) lead(b *block) {
	if e.yes {
		e.from.yes = b
	} else {
		e.from.no = b
	}
}

// graph is a filter between parse and program.
type graph struct {
	values         values
	root           *block
	accept, reject *block
}

func newGraph(vs values) *graph {
	g := &graph{values: vs, accept: &block{}, reject: &block{}}
	g.root = g.accept
	return g
}

// rebuild replaces every block, from the verdicts up, by what remake returns
// for it and its replaced successors. Equal blocks become one.
func (g *graph) rebuild(remake func(test test, yes, no *block) *block) {
	g.root = rebuilder{g, remake, map[*block]*block{}}.of(g.root)
}

type rebuilder struct {
	g      *graph
	remake func(test test, yes, no *block) *block
	done   map[*block]*block
}

func (r rebuilder) of(b *block) *block {
	if b.isVerdict() {
		return b
	}
	if made, ok := r.done[b]; ok {
		return made
	}
	made := r.remake(b.test, r.of(b.yes), r.of(b.no))
	r.done[b] = made
	return made
}

// merger makes blocks of which no two are equal.
func merger() func(test test, yes, no *block) *block {
	type key struct {
		test
		yes, no *block
	}
	made := map[key]*block{}
	return func(t test, yes, no *block) *block {
		k := key{t, yes, no}
		if b, ok := made[k]; ok {
			return b
		}
		b := &block{test: t, yes: yes, no: no}
		made[k] = b
		return b
	}
}

// simplify computes what is constant and gives every test its plainest form.
func (g *graph) simplify() {
	merge := merger()
	g.rebuild(func(t test, yes, no *block) *block {
		t, negated := g.plain(t)
		if negated {
			yes, no = no, yes
		}
		if t.v.op == valConstant && t.x.op == valConstant {
			if t.op.holds(t.v.k, t.x.k) {
				return yes
			}
			return no
		}
		return merge(t, yes, no)
	})
}

// plain simplifies a test; negated says that yes and no change places.
func (g *graph) plain(t test) (simple test, negated bool) {
	t.v, t.x = g.values.simplify(t.v), g.values.simplify(t.x)
	if t.op != equal || t.x.op != valConstant || t.v.op != valOperation {
		return t, false
	}
	a, b := t.v.a, t.v.b
	switch {
	case t.v.alu == bpf.ALUOpSub && b.op == valConstant:
		return test{a, equal, g.values.constant(t.x.k + b.k)}, false
	case t.v.alu == bpf.ALUOpSub && t.x.is(0):
		return test{a, equal, b}, false
	case t.v.alu == bpf.ALUOpAnd && b.op == valConstant && t.x.is(0):
		return test{a, anyBit, b}, true
	}
	return t, false
}
