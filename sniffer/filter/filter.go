package filter

import (
	"errors"
	"fmt"
	"net/netip"

	"wirelab/internal/i18n"
	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// Hosts are names that stand for addresses in an expression.
type Hosts map[string][]netip.Addr

// HostsOf returns the hosts of a table of names by address, in which one name may have
// several.
func HostsOf(names sniffer.Names) Hosts {
	hosts := make(Hosts, len(names))
	for addr, name := range names {
		hosts[name] = append(hosts[name], addr)
	}
	return hosts
}

// Filter is a compiled expression. It does not change and may be used by
// several goroutines at once.
type Filter struct {
	file, live []bpf.RawInstruction // for frames with their VLAN tags in them; for a packet(7) socket
	machine    machine
}

// ErrLinkType says that frames of a link type cannot be filtered.
var ErrLinkType = errors.New("no filter for frames of link type")

// Compile compiles an expression, which may name hosts, for frames of a link
// type. An empty one accepts every frame. Where the expression is wrong, asks
// for what is not supported or can accept no frame, the error shows the place;
// for a name that hosts lacks it is an *UnknownHostError.
func Compile(expr string, link sniffer.LinkType, hosts Hosts) (*Filter, error) {
	layout, ok := links[link]
	if !ok {
		if expr == "" {
			return newGraph(values{}).filter(false)
		}
		return nil, fmt.Errorf("filter: %w %d", ErrLinkType, link)
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
		return nil, &syntaxError{expr, 0, i18n.Msg("filter.never")}
	}
	f, err := g.filter(link == sniffer.LinkEthernet)
	if err != nil {
		return nil, &syntaxError{expr, len(expr), i18n.Msg("filter.toolarge", "Cause", err)}
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

// Live returns the program for a packet(7) socket, to whose filter the outer
// VLAN tag of a frame is not in its bytes any more. It decides as Match
// does on the frame with the tag put back. Accepting, it returns 1<<31 - 1, the
// bytes to keep. The caller must not change it.
func (f *Filter) Live() []bpf.RawInstruction { return f.live }

// Match reports whether the filter accepts a frame of which data was captured
// and which had length bytes on the wire. Nobody knows its direction: a filter that
// asks for that does not accept it.
func (f *Filter) Match(data []byte, length int) bool {
	return f.machine.run(data, uint32(length), sniffer.Unknown)
}

// MatchFrame is Match for a frame whose direction may be known.
func (f *Filter) MatchFrame(frame *sniffer.Frame) bool {
	return f.machine.run(frame.Data, uint32(frame.Length), frame.Direction)
}
