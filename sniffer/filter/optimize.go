package filter

import (
	"iter"
	"slices"
)

// maxPasses bounds the optimizer, whose every step leaves a graph that is
// right.
const maxPasses = 100

// optimize leads edges past tests whose outcome is known from what was tested
// on every way there, and with reorder moves tests of a value that was just
// loaded before tests of another.
//
// A load beyond the end of a frame ends the program, so that on a frame that
// is cut short the order of tests decides. The steps and their order are
// therefore those of libpcap's optimizer (S. McCanne; gencode blocks, edge
// dominators, "pullups").
func (g *graph) optimize(reorder bool) {
	for range maxPasses {
		a := analyse(g.root)
		changed := false
		for b := range a.tests() {
			for _, e := range b.out() {
				changed = a.shorten(e) || changed
			}
		}
		if reorder {
			a.findEdges()
			for b := range a.tests() {
				changed = a.pull(b, false) || changed
				changed = a.pull(b, true) || changed
			}
		}
		for !g.root.isVerdict() && g.root.yes == g.root.no {
			g.root = g.root.yes
		}
		if !changed {
			return
		}
	}
}

// analysis is what is known of a graph before a pass.
type analysis struct {
	blocks []*block         // by id
	levels [][]*block       // by the longest way to a verdict, the latest block first
	dom    []bits           // of a block: the blocks on every way to it
	edom   []bits           // of an edge: the edges on every way along it
	tested map[*value][]int // the edges behind tests of a value
}

// bits is a set of small numbers.
type bits []uint64

func (s bits) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s bits) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s bits) intersect(o bits) {
	for i := range s {
		s[i] &= o[i]
	}
}

func sets(n, size int) []bits {
	words := (size + 63) / 64
	all := make(bits, n*words)
	for i := range all {
		all[i] = ^uint64(0)
	}
	each := make([]bits, n)
	for i := range each {
		each[i] = all[i*words : (i+1)*words]
	}
	return each
}

func analyse(root *block) *analysis {
	a := &analysis{tested: map[*value][]int{}}
	a.number(root, map[*block]bool{})
	for _, level := range a.levels {
		slices.Reverse(level)
	}
	n := len(a.blocks)

	a.dom, a.edom = sets(n, n), sets(2*n, 2*n)
	for _, of := range []bits{a.dom[root.id], a.edom[a.edge(edge{root, true})], a.edom[a.edge(edge{root, false})]} {
		clear(of)
	}
	for _, level := range slices.Backward(a.levels) {
		for _, b := range level {
			a.dom[b.id].add(b.id)
			for _, e := range b.out() {
				to := e.to()
				a.dom[to.id].intersect(a.dom[b.id])
				a.edom[a.edge(e)].add(a.edge(e))
				a.edom[a.edge(edge{to, true})].intersect(a.edom[a.edge(e)])
				a.edom[a.edge(edge{to, false})].intersect(a.edom[a.edge(e)])
			}
		}
	}
	for i := range 2 * n {
		if b := a.blocks[i%n]; !b.isVerdict() {
			a.tested[b.v] = append(a.tested[b.v], i)
		}
	}
	return a
}

// tests yields the blocks that test, those next to a verdict first.
func (a *analysis) tests() iter.Seq[*block] {
	return func(yield func(*block) bool) {
		for _, level := range a.levels[1:] {
			for _, b := range level {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// edge numbers the edges: all yes before all no.
func (a *analysis) edge(e edge) int {
	if e.yes {
		return e.from.id
	}
	return len(a.blocks) + e.from.id
}

// number gives blocks their ids from the root on and their levels.
func (a *analysis) number(b *block, seen map[*block]bool) {
	if seen[b] {
		return
	}
	seen[b] = true
	b.id, b.level = len(a.blocks), 0
	a.blocks = append(a.blocks, b)
	if !b.isVerdict() {
		a.number(b.yes, seen)
		a.number(b.no, seen)
		b.level = max(b.yes.level, b.no.level) + 1
	}
	for len(a.levels) <= b.level {
		a.levels = append(a.levels, nil)
	}
	a.levels[b.level] = append(a.levels[b.level], b)
}

// findEdges notes the ways into every block.
func (a *analysis) findEdges() {
	for _, b := range a.blocks {
		b.in = nil
	}
	for _, level := range slices.Backward(a.levels) {
		for _, b := range level {
			for _, e := range b.out() {
				e.to().in = append(e.to().in, e)
			}
		}
	}
	for _, b := range a.blocks {
		slices.Reverse(b.in)
	}
}

// shorten leads an edge past the tests whose outcome is known on it.
func (a *analysis) shorten(e edge) (changed bool) {
	if to := e.to(); !to.isVerdict() && to.yes == to.no {
		e.lead(to.yes)
		changed = true
	}
	dominators := a.edom[a.edge(e)]
again:
	for !e.to().isVerdict() {
		to := e.to()
		for _, i := range a.tested[to.v] {
			if !dominators.has(i) {
				continue
			}
			n := len(a.blocks)
			if outcome, known := to.after(a.blocks[i%n].test, i < n); known {
				changed = true
				if outcome {
					e.lead(to.yes)
				} else {
					e.lead(to.no)
				}
				continue again
			}
		}
		return changed
	}
	return changed
}

// after says how a test ends behind an outcome of another of the same value.
func (t test) after(other test, outcome bool) (result, known bool) {
	switch {
	case t.v != other.v || t.op != other.op:
		return false, false
	case t.x == other.x:
		return outcome, true
	}
	return false, outcome && t.op == equal && t.x.op == valConstant && other.x.op == valConstant
}

// pull looks for a test of the value that all the ways to b have just loaded,
// behind tests of other values that b begins, and moves it up before them. It
// follows the chain along no, in which every yes leads to the same block, or
// along yes if onYes.
func (a *analysis) pull(b *block, onYes bool) (changed bool) {
	if len(b.in) == 0 {
		return false
	}
	loaded := b.in[0].from.v
	for _, e := range b.in {
		// An edge may have moved since it was found.
		if e.from.v != loaded || e.to() != b {
			return false
		}
	}
	exit := edge{b, !onYes}.to()
	inChain := func(at *block) bool {
		return !at.isVerdict() && (edge{at, !onYes}).to() == exit && a.dom[at.id].has(b.id)
	}
	top := b.in[0]
	differs := top
	for ; ; differs = (edge{differs.to(), onYes}) {
		if !inChain(differs.to()) {
			return false
		}
		if differs.to().v != loaded {
			break
		}
	}
	same := edge{differs.to(), onYes}
	for ; ; same = (edge{same.to(), onYes}) {
		if !inChain(same.to()) {
			return false
		}
		if same.to().v == loaded {
			break
		}
	}
	pulled := same.to()
	next := differs.to()
	same.lead(edge{pulled, onYes}.to())
	edge{pulled, onYes}.lead(next)
	if differs != top {
		differs.lead(pulled)
		return true
	}
	for _, e := range b.in {
		e.lead(pulled)
	}
	return true
}
