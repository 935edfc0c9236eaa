package filter

import (
	"golang.org/x/net/bpf"

	"wirelab/internal/i18n"
)

// writer writes the instructions of values.
type writer struct {
	r    registers
	code []bpf.Instruction
	used int // words of scratch memory
	err  error
}

const scratchWords = 16 // BPF_MEMWORDS

func (w *writer) add(i bpf.Instruction) { w.code = append(w.code, i) }

// test loads what a test compares into A and, if it is no constant, X.
func (w *writer) test(t test) {
	if t.x.op == valConstant {
		w.toA(t.v)
		return
	}
	w.pair(t.v, t.x)
}

// pair brings a into A and x into X.
func (w *writer) pair(a, x *value) {
	if w.r.a == a && w.r.x == x {
		return
	}
	slot := w.used
	if w.used++; w.used > scratchWords {
		w.err = i18n.Errmsg("filter.large.arithmetic")
		return
	}
	w.toA(x)
	w.add(bpf.StoreScratch{Src: bpf.RegA, N: slot})
	w.toA(a)
	w.add(bpf.LoadScratch{Dst: bpf.RegX, N: slot})
	w.r.x = x
	w.used--
}

func (w *writer) toA(v *value) {
	if w.err != nil || w.r.a == v {
		return
	}
	switch v.op {
	case valConstant:
		w.add(bpf.LoadConstant{Dst: bpf.RegA, Val: v.k})
	case valLength:
		w.add(bpf.LoadExtension{Num: bpf.ExtLen})
	case valExtension:
		w.add(bpf.LoadExtension{Num: bpf.Extension(v.k)})
	case valPacket:
		w.add(bpf.LoadAbsolute{Off: v.k, Size: v.size})
	case valHeader:
		w.toX(v)
		w.add(bpf.TXA{})
	case valIndirect:
		w.toX(v.a)
		w.add(bpf.LoadIndirect{Off: v.k, Size: v.size})
	case valOperation:
		if v.b.op == valConstant {
			w.toA(v.a)
			w.add(bpf.ALUOpConstant{Op: v.alu, Val: v.b.k})
		} else {
			w.pair(v.a, v.b)
			w.add(bpf.ALUOpX{Op: v.alu})
		}
	}
	w.r.a = v
}

// toX brings the base of a load into X.
func (w *writer) toX(v *value) {
	if w.err != nil || w.r.x == v {
		return
	}
	if v.op == valHeader {
		w.add(bpf.LoadMemShift{Off: v.k})
	} else {
		w.toA(v)
		// The kernel would wrap around, or take what is almost 1<<32 for one of
		// its extensions: no frame is so long.
		w.add(bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: maxFrame, SkipFalse: 1})
		w.add(bpf.RetConstant{})
		w.add(bpf.TAX{})
	}
	w.r.x = v
}
