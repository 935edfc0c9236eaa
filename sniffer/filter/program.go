package filter

import (
	"slices"

	"golang.org/x/net/bpf"

	"wirelab/internal/i18n"
)

const (
	// maxProgram is the longest program that the kernel takes (BPF_MAXINSNS).
	maxProgram = 4096
	// acceptedBytes is what an accepting program returns: keep the whole frame.
	acceptedBytes = 1<<31 - 1
)

// program writes a graph as instructions.
type program struct {
	order []*block // every block before those it leads to
	loads map[*block][]bpf.Instruction
	err   error
}

// assemble returns the graph's program.
func (g *graph) assemble() ([]bpf.Instruction, error) {
	p := &program{loads: map[*block][]bpf.Instruction{}}
	p.sort(g.root, map[*block]bool{})
	slices.Reverse(p.order)
	p.load(g.root)
	if p.err != nil {
		return nil, p.err
	}
	instructions := p.layOut(g)
	if len(instructions) > maxProgram {
		return nil, i18n.Errmsg("filter.large.program", "Number", len(instructions), "Most", maxProgram)
	}
	return instructions, nil
}

func (p *program) sort(b *block, seen map[*block]bool) {
	if seen[b] {
		return
	}
	seen[b] = true
	if !b.isVerdict() {
		p.sort(b.no, seen)
		p.sort(b.yes, seen)
	}
	p.order = append(p.order, b)
}

// registers are the values that A and X hold, nil if that is not known.
type registers struct{ a, x *value }

// load writes the instructions that bring the blocks' values into the
// registers, but where every way to the block has left them there.
func (p *program) load(root *block) {
	entry := map[*block]*registers{root: {}}
	for _, b := range p.order {
		if b.isVerdict() {
			continue
		}
		w := writer{r: *entry[b]}
		w.test(b.test)
		if w.err != nil && p.err == nil {
			p.err = w.err
		}
		p.loads[b] = w.code
		for _, e := range b.out() {
			before, ok := entry[e.to()]
			if !ok {
				r := w.r
				entry[e.to()] = &r
				continue
			}
			if before.a != w.r.a {
				before.a = nil
			}
			if before.x != w.r.x {
				before.x = nil
			}
		}
	}
}

// layOut places the blocks. It goes backwards, so that how far a jump is is
// known; where that is too far for a conditional jump, it leads over an
// unconditional one.
func (p *program) layOut(g *graph) []bpf.Instruction {
	var backwards []bpf.Instruction // from the last one on
	place := map[*block]int{}       // of a block: instructions from its first to the end
	for _, b := range slices.Backward(p.order) {
		switch b {
		case g.accept:
			backwards = append(backwards, bpf.RetConstant{Val: acceptedBytes})
		case g.reject:
			backwards = append(backwards, bpf.RetConstant{})
		default:
			yes, no := len(backwards)-place[b.yes], len(backwards)-place[b.no]
			if no > 254 { // the jump for yes may push it one further
				backwards = append(backwards, bpf.Jump{Skip: uint32(no)})
				no, yes = 0, yes+1
			}
			if yes > 255 {
				backwards = append(backwards, bpf.Jump{Skip: uint32(yes)})
				no, yes = no+1, 0
			}
			backwards = append(backwards, b.jump(uint8(yes), uint8(no)))
			for _, i := range slices.Backward(p.loads[b]) {
				backwards = append(backwards, i)
			}
		}
		place[b] = len(backwards)
	}
	slices.Reverse(backwards)
	return backwards
}

// jump is the conditional jump behind the loads.
func (t test) jump(yes, no uint8) bpf.Instruction {
	condition := [...]bpf.JumpTest{
		equal: bpf.JumpEqual, greater: bpf.JumpGreaterThan, atLeast: bpf.JumpGreaterOrEqual, anyBit: bpf.JumpBitsSet,
	}[t.op]
	if t.x.op == valConstant {
		return bpf.JumpIf{Cond: condition, Val: t.x.k, SkipTrue: yes, SkipFalse: no}
	}
	return bpf.JumpIfX{Cond: condition, SkipTrue: yes, SkipFalse: no}
}
