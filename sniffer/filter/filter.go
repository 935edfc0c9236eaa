package filter

import (
	"fmt"
	"net/netip"

	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// Hosts are names that stand for addresses in an expression.
type Hosts map[string][]netip.Addr

// Filter is a compiled expression. It does not change and may be used by
// several goroutines at once.
type Filter struct {
	file, live []bpf.RawInstruction
	machine    machine
}

// Compile compiles an expression for frames of a link type. An empty one
// accepts every frame. The error is a *SyntaxError where the expression is
// wrong or asks for what is not supported; it is one too if no frame could
// ever be accepted.
func Compile(expr string, link sniffer.LinkType) (*Filter, error) {
	return CompileNames(expr, link, nil)
}

// CompileNames is Compile for expressions that may have names of hosts.
func CompileNames(expr string, link sniffer.LinkType, hosts Hosts) (*Filter, error) {
	layout, ok := links[link]
	if !ok {
		return nil, fmt.Errorf("filter: frames of link type %d cannot be filtered", link)
	}
	parsed, err := parse(expr)
	if err != nil {
		return nil, err
	}
	g := newGraph(values{})
	if parsed != nil {
		gen := &generator{text: expr, hosts: hosts, link: layout, values: g.values}
		condition := gen.expression(parsed)
		if gen.err != nil {
			return nil, gen.err
		}
		g.root = condition.flow(g.accept, g.reject)
		g.optimize(true)
		g.simplify()
		g.optimize(false)
		g.rebuild(merger())
	}
	if g.root == g.reject {
		return nil, &SyntaxError{expr, 0, "no frame can be like this"}
	}
	f, err := g.filter(link == sniffer.LinkEthernet)
	if err != nil {
		return nil, &SyntaxError{expr, len(expr), err.Error()}
	}
	return f, nil
}

// filter makes the programs of a graph.
func (g *graph) filter(tags bool) (*Filter, error) {
	program, err := g.assemble()
	if err != nil {
		return nil, err
	}
	f := &Filter{}
	if f.machine, err = newMachine(program); err != nil {
		return nil, err
	}
	if f.file, err = bpf.Assemble(program); err != nil {
		return nil, err
	}
	f.live = f.file
	if !tags {
		return f, nil
	}
	live, err := g.live()
	if err != nil {
		return nil, err
	}
	if program, err = live.assemble(); err != nil {
		return nil, err
	}
	f.live, err = bpf.Assemble(program)
	return f, err
}

// File returns the program for frames as they are in a file, with their VLAN
// tags in them. The caller must not change it.
func (f *Filter) File() []bpf.RawInstruction { return f.file }

// Live returns the program for a packet(7) socket, to whose filter the outer
// VLAN tag of a frame is not in its bytes any more. It decides as File's does
// on the frame with the tag put back. Accepting, both return 1<<31 - 1, the
// bytes to keep. The caller must not change it.
func (f *Filter) Live() []bpf.RawInstruction { return f.live }

// Match reports whether the filter accepts a frame of which data was captured
// and which had length bytes on the wire. It is what File's program says.
func (f *Filter) Match(data []byte, length int) bool {
	return f.machine.run(data, uint32(length))
}
