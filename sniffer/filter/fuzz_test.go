package filter

import (
	"errors"
	"slices"
	"testing"

	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// errShort says that a load was beyond the end of a frame.
var errShort = errors.New("short")

// evaluate is what a condition means, without graph, optimizer or program. It
// panics with errShort.
func (c *condition) evaluate(frame []byte) bool {
	switch c.kind {
	case condAnd:
		return c.left.evaluate(frame) && c.right.evaluate(frame)
	case condOr:
		return c.left.evaluate(frame) || c.right.evaluate(frame)
	case condNot:
		return !c.left.evaluate(frame)
	case condNever:
		return false
	}
	return c.test.op.holds(c.test.v.evaluate(frame), c.test.x.evaluate(frame))
}

func (v *value) evaluate(frame []byte) uint32 {
	load := func(offset uint64, size int) (n uint32) {
		if offset+uint64(size) > uint64(len(frame)) {
			panic(errShort)
		}
		for _, b := range frame[offset : offset+uint64(size)] {
			n = n<<8 | uint32(b)
		}
		return n
	}
	switch v.op {
	case valConstant:
		return v.k
	case valLength:
		return uint32(len(frame))
	case valPacket:
		return load(uint64(v.k), v.size)
	case valHeader:
		return load(uint64(v.k), 1) & 0xf * 4
	case valIndirect:
		return load(uint64(v.k)+uint64(v.a.evaluate(frame)), v.size)
	}
	a, b := v.a.evaluate(frame), v.b.evaluate(frame)
	if b == 0 && (v.alu == bpf.ALUOpDiv || v.alu == bpf.ALUOpMod) {
		panic(errShort)
	}
	return compute(v.alu, a, b)
}

// meaning is the verdict on a frame, known if no load is beyond its end.
func (c *condition) meaning(frame []byte) (verdict, known bool) {
	defer func() {
		if r := recover(); r != nil && r != errShort {
			panic(r)
		}
	}()
	return c.evaluate(frame), true
}

func checkCompiled(t *testing.T, expr string, link sniffer.LinkType, frames [][]byte) {
	t.Helper()
	f, err := Compile(expr, link, nil)
	if err != nil {
		if syntax, ok := errors.AsType[*syntaxError](err); !ok || syntax.Pos < 0 || syntax.Pos > len(expr) || err.Error() == "" {
			t.Fatalf("%q: error %v", expr, err)
		}
		return
	}
	for name, raw := range map[string][]bpf.RawInstruction{"file": f.file, "live": f.Live()} {
		if _, ok := bpf.Disassemble(raw); !ok || len(raw) == 0 || len(raw) > maxProgram {
			t.Fatalf("%q: program for %s of %d instructions cannot be read", expr, name, len(raw))
		}
	}
	program, _ := bpf.Disassemble(f.file)
	if slices.Contains(program, bpf.Instruction(bpf.LoadExtension{Num: bpf.ExtType})) {
		return // which bpf.VM does not know
	}
	vm := newVM(t, program)
	parsed, err := parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	var means *condition
	if parsed != nil {
		means = (&generator{text: expr, link: links[link], values: values{}}).expression(parsed)
	}
	for _, frame := range frames {
		got := f.Match(frame, len(frame))
		if want := accepts(t, vm, frame); got != want {
			t.Fatalf("%q: Match says %v, bpf.VM %v, of %x", expr, got, want, frame)
		}
		if means == nil {
			continue
		}
		// Frames are long enough for what is asked for by number.
		if want, known := means.meaning(frame); known && got != want && len(frame) >= 2048 {
			t.Fatalf("%q: Match says %v, it means %v, of %x", expr, got, want, frame)
		}
	}
}

// fuzzFrames are short ones and ones that are filled up.
func fuzzFrames(n int) [][]byte {
	frames := append(newGenerated().frames(n/2), newGenerated().carriers(n-n/2)...)[:n]
	for i, f := range frames {
		if i%2 == 0 {
			continue
		}
		frames[i] = append(append(make([]byte, 0, 2048), f...), make([]byte, 2048-len(f))...)
	}
	return frames
}

func FuzzCompile(f *testing.F) {
	for _, expr := range expressions {
		f.Add(expr)
	}
	for _, expr := range tunnels {
		f.Add(expr)
	}
	for expr := range faults {
		f.Add(expr)
	}
	frames := fuzzFrames(60)
	f.Fuzz(func(t *testing.T, expr string) {
		checkCompiled(t, expr, sniffer.LinkEthernet, frames)
		checkCompiled(t, expr, sniffer.LinkRaw, frames)
	})
}

// Expressions put together at random mean the same after the optimizer.
func TestRandomExpressions(t *testing.T) {
	g := newGenerated()
	frames := fuzzFrames(200)
	for range 1500 {
		checkCompiled(t, g.expression(4), sniffer.LinkEthernet, frames)
	}
}

func (g generated) expression(depth int) string {
	if depth == 0 || g.IntN(5) == 0 {
		expr := pick(g, pick(g, expressions, expressions, tunnels)...)
		return "(" + expr + ")"
	}
	switch g.IntN(5) {
	case 0:
		return "not " + g.expression(depth-1)
	case 1, 2:
		return "(" + g.expression(depth-1) + " or " + g.expression(depth-1) + ")"
	}
	return "(" + g.expression(depth-1) + " and " + g.expression(depth-1) + ")"
}
