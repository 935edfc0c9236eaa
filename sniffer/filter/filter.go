package filter

import (
	"errors"
	"fmt"
	"net/netip"

	"wirelab/internal/i18n"
	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// Hosts are the names that an expression may use, and the addresses of each.
type Hosts map[string][]netip.Addr

// HostsOf returns the Hosts of a table of names by address.
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

// ErrLinkType says that expressions cannot be compiled for frames of a link type.
var ErrLinkType = errors.New("no filter for frames of link type")

// Compile compiles an expression for frames of a link type. The expression may use the
// names of hosts. An empty expression accepts every frame.
//
// The error is an *UnknownHostError if the expression has a name that hosts lacks, and
// wraps ErrLinkType if the link type is not supported. Any other error shows the place in
// the expression: it is wrong or not supported there, or the whole can accept no frame.
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

// Live returns the program for a packet(7) socket. The kernel takes the outer VLAN tag out
// of a frame before the socket's filter sees it; the program decides as Match does for the
// frame with its tag. For a frame that it accepts it returns 1<<31 - 1, the number of
// bytes to keep. The caller must not change the program.
func (f *Filter) Live() []bpf.RawInstruction { return f.live }

// Match reports whether the filter accepts a frame. data is what was captured of it, and
// length its length on the wire in bytes. The direction of the frame counts as unknown:
// the filter does not accept it where "inbound" or "outbound" decides.
func (f *Filter) Match(data []byte, length int) bool {
	return f.machine.run(data, uint32(length), sniffer.Unknown)
}

// MatchFrame is Match for a frame that may have a Direction. The frame must be of the link
// type for which the filter was compiled.
func (f *Filter) MatchFrame(frame *sniffer.Frame) bool {
	return f.machine.run(frame.Data, uint32(frame.Length), frame.Direction)
}
