package filter

import (
	"maps"

	"golang.org/x/net/bpf"

	"wirelab/internal/i18n"
)

// The VLAN tag of a frame lies between its addresses and its EtherType.
const (
	tagStart = 12
	tagEnd   = 16
	tagSize  = tagEnd - tagStart
)

// live returns the graph for frames from whose bytes the kernel has taken the
// outer VLAN tag. It asks whether it has, and if so does what g does with the
// tag in its place, by the socket filter extensions SKF_AD_VLAN_TAG_PRESENT,
// SKF_AD_VLAN_TAG and SKF_AD_VLAN_TPID (Linux 4.1).
func (g *graph) live() (*graph, error) {
	tagged := &graph{values: g.values, accept: g.accept, reject: g.reject}
	t := &tagger{g.values, merger(), map[*block]*block{}, 0}
	tagged.root = t.block(g.root)
	if t.copies > maxCopies {
		return nil, i18n.Errmsg("filter.large.offsets")
	}
	tagged.simplify()
	tagged.optimize(false)
	whole := &graph{values: g.values, root: g.root, accept: g.accept, reject: g.reject}
	// The parts that the two have in common are there once.
	merge := merger()
	tagged.rebuild(merge)
	whole.rebuild(merge)
	if tagged.root != whole.root {
		present := test{g.values.extension(bpf.ExtVLANTagPresent), equal, g.values.constant(1)}
		whole.root = &block{test: present, yes: tagged.root, no: whole.root}
	}
	return whole, nil
}

// tagger makes blocks that read a frame as if its tag were still in it.
type tagger struct {
	values values
	merge  func(test test, yes, no *block) *block
	done   map[*block]*block
	copies int
}

// maxCopies bounds the blocks made for loads from computed offsets.
const maxCopies = 4096

func (t *tagger) block(b *block) *block {
	if b.isVerdict() {
		return b
	}
	made, ok := t.done[b]
	if !ok {
		if outcome, known := t.byEtherType(b.test); !known {
			made = t.split(b, nil)
		} else if outcome {
			made = t.block(b.yes)
		} else {
			made = t.block(b.no)
		}
		t.done[b] = made
	}
	return made
}

// byEtherType decides tests of the tag's EtherType that end alike for the two
// that the kernel takes away: such a frame's EtherType is not IP's.
func (t *tagger) byEtherType(test test) (outcome, known bool) {
	if test.v != t.values.packet(tagStart, 2) || test.x.op != valConstant {
		return false, false
	}
	customer, service := test.op.holds(0x8100, test.x.k), test.op.holds(0x88a8, test.x.k)
	return customer, customer == service
}

// split makes a block where the loads in found are known to be at certain
// places. If another load from a computed offset may be before the tag, in it
// or behind it, there are tests where it is, and a block for each place.
func (t *tagger) split(b *block, found map[*value]*value) *block {
	load := t.undecided(b.v, found)
	if load == nil {
		load = t.undecided(b.x, found)
	}
	if t.copies++; t.copies > maxCopies {
		return b // to no use: live gives up
	}
	if load == nil {
		return t.merge(test{t.value(b.v, found), b.op, t.value(b.x, found)}, t.block(b.yes), t.block(b.no))
	}
	base, k, size := t.value(load.a, found), int(load.k), load.size
	at := func(place *value) *block {
		more := maps.Clone(found)
		if more == nil {
			more = map[*value]*value{}
		}
		more[load] = place
		return t.split(b, more)
	}
	behind := t.values.indirect(base, uint32(k-tagSize), size)
	if k < tagSize {
		behind = t.values.indirect(t.values.operation(bpf.ALUOpSub, base, t.values.constant(tagSize)), uint32(k), size)
	}
	made := at(t.values.indirect(base, uint32(k), size)) // before it
	for place := max(k, tagStart-size+1); place < tagEnd; place++ {
		here := test{base, equal, t.values.constant(uint32(place - k))}
		made = t.merge(here, at(t.bytes(uint32(place), size)), made)
	}
	return t.merge(test{base, greater, t.values.constant(uint32(tagEnd - 1 - k))}, at(behind), made)
}

// undecided returns an innermost load that may be on either side of the tag.
func (t *tagger) undecided(v *value, found map[*value]*value) *value {
	if v == nil || found[v] != nil {
		return nil
	}
	if inner := t.undecided(v.a, found); inner != nil {
		return inner
	}
	if inner := t.undecided(v.b, found); inner != nil {
		return inner
	}
	if v.op == valIndirect && v.k < tagEnd {
		return v
	}
	return nil
}

// value returns what v is of the frame with its tag.
func (t *tagger) value(v *value, found map[*value]*value) *value {
	if place := found[v]; place != nil {
		return place
	}
	switch v.op {
	case valLength:
		return t.values.operation(bpf.ALUOpAdd, v, t.values.constant(tagSize))
	case valPacket:
		return t.bytes(v.k, v.size)
	case valHeader:
		if v.k >= tagEnd {
			return t.values.header(v.k - tagSize)
		}
		words := t.values.operation(bpf.ALUOpAnd, t.bytes(v.k, 1), t.values.constant(0xf))
		return t.values.operation(bpf.ALUOpShiftLeft, words, t.values.constant(2))
	case valIndirect:
		return t.values.indirect(t.value(v.a, found), v.k-tagSize, v.size)
	case valOperation:
		return t.values.operation(v.alu, t.value(v.a, found), t.value(v.b, found))
	}
	return v
}

// bytes are those of the frame with its tag.
func (t *tagger) bytes(offset uint32, size int) *value {
	switch end := offset + uint32(size); {
	case end <= tagStart:
		return t.values.packet(offset, size)
	case offset >= tagEnd:
		return t.values.packet(offset-tagSize, size)
	case offset == tagStart && size == 2:
		return t.values.extension(bpf.ExtVLANProto)
	case offset == tagStart+2 && size == 2:
		return t.values.extension(bpf.ExtVLANTag)
	case size == 1:
		both := t.bytes(offset&^1, 2)
		if offset%2 == 0 {
			return t.values.operation(bpf.ALUOpShiftRight, both, t.values.constant(8))
		}
		return t.values.operation(bpf.ALUOpAnd, both, t.values.constant(0xff))
	}
	half := size / 2
	high := t.values.operation(bpf.ALUOpShiftLeft, t.bytes(offset, half), t.values.constant(uint32(8*half)))
	return t.values.operation(bpf.ALUOpOr, high, t.bytes(offset+uint32(half), half))
}
