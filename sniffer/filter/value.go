package filter

import (
	"golang.org/x/net/bpf"
)

// value is what a test computes from a frame: a tree whose equal subtrees are
// one, so that pointers tell whether two values are the same. Its arithmetic
// is of 32 bits, unsigned, and wraps.
type value struct {
	op   valueOp
	size int       // bytes: of a load
	k    uint32    // the constant, the offset or the extension
	alu  bpf.ALUOp // of an operation
	a, b *value    // operands; a is the base of an indirect load
}

type valueOp uint8

const (
	valConstant  valueOp = iota
	valLength            // of the frame on the wire
	valPacket            // size bytes at k
	valIndirect          // size bytes at a+k
	valHeader            // length of the IPv4 header at k
	valExtension         // what the kernel knows besides the bytes
	valOperation         // a alu b
)

// values makes values.
type values map[value]*value

func (vs values) get(v value) *value {
	if old, ok := vs[v]; ok {
		return old
	}
	vs[v] = &v
	return &v
}

func (vs values) constant(k uint32) *value { return vs.get(value{op: valConstant, k: k}) }

func (vs values) packet(offset uint32, size int) *value {
	return vs.get(value{op: valPacket, k: offset, size: size})
}

func (vs values) indirect(base *value, offset uint32, size int) *value {
	return vs.get(value{op: valIndirect, a: base, k: offset, size: size})
}

func (vs values) header(offset uint32) *value { return vs.get(value{op: valHeader, k: offset}) }

func (vs values) operation(op bpf.ALUOp, a, b *value) *value {
	return vs.get(value{op: valOperation, alu: op, a: a, b: b})
}

func (vs values) extension(e bpf.Extension) *value {
	return vs.get(value{op: valExtension, k: uint32(e)})
}

func (v *value) is(k uint32) bool { return v.op == valConstant && v.k == k }

// simplify returns the value with its constants computed. What is multiplied
// or masked by zero is gone with the loads in it, so that it no longer fails
// on a short frame: as in libpcap.
func (vs values) simplify(v *value) *value {
	switch v.op {
	case valIndirect:
		return vs.simplifyIndirect(vs.simplify(v.a), v.k, v.size)
	case valOperation:
		return vs.simplifyOperation(v.alu, vs.simplify(v.a), vs.simplify(v.b))
	}
	return v
}

func (vs values) simplifyIndirect(base *value, offset uint32, size int) *value {
	switch {
	case base.op == valConstant && base.k+offset <= maxFrame:
		return vs.packet(base.k+offset, size)
	// The length of a header is at most 60: no sum wraps that did not before.
	case base.op == valOperation && base.alu == bpf.ALUOpAdd && base.a.op == valHeader &&
		base.b.op == valConstant && base.b.k <= maxFrame:
		return vs.indirect(base.a, base.b.k+offset, size)
	}
	return vs.indirect(base, offset, size)
}

func (vs values) simplifyOperation(op bpf.ALUOp, a, b *value) *value {
	if a.op == valConstant && b.op == valConstant {
		return vs.constant(compute(op, a.k, b.k))
	}
	switch op {
	case bpf.ALUOpAdd, bpf.ALUOpOr, bpf.ALUOpXor:
		if a.op == valConstant { // constants to the right
			a, b = b, a
		}
		if b.is(0) {
			return a
		}
	case bpf.ALUOpSub, bpf.ALUOpShiftLeft, bpf.ALUOpShiftRight:
		if b.is(0) {
			return a
		}
	case bpf.ALUOpMul, bpf.ALUOpAnd:
		if b.is(0) {
			return b
		}
	}
	switch op {
	case bpf.ALUOpMul, bpf.ALUOpDiv, bpf.ALUOpMod, bpf.ALUOpAnd, bpf.ALUOpShiftLeft, bpf.ALUOpShiftRight:
		if a.is(0) {
			return a
		}
	}
	return vs.operation(op, a, b)
}

// compute does an operation whose divisor is not zero.
func compute(op bpf.ALUOp, a, b uint32) uint32 {
	switch op {
	case bpf.ALUOpAdd:
		return a + b
	case bpf.ALUOpSub:
		return a - b
	case bpf.ALUOpMul:
		return a * b
	case bpf.ALUOpDiv:
		return a / b
	case bpf.ALUOpMod:
		return a % b
	case bpf.ALUOpAnd:
		return a & b
	case bpf.ALUOpOr:
		return a | b
	case bpf.ALUOpXor:
		return a ^ b
	case bpf.ALUOpShiftLeft:
		return a << b
	default:
		return a >> b
	}
}
