// Package statistics sums up a capture: its protocols, conversations, endpoints and
// packets a second, and marks what TCP segments tell of losses. Its memory is bounded,
// whatever the capture has.
package statistics

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"wirelab/sniffer"
)

// maxTracked bounds the conversations, the endpoints, and what is in tunnels, that are told
// apart.
const maxTracked = 1 << 16

// Count is how much there was.
type Count struct {
	Frames uint64
	Bytes  uint64 // on the wire
}

func (c *Count) add(p *sniffer.Packet) {
	c.Frames++
	c.Bytes += uint64(p.Length)
}

// Conversation is what two ends said to each other over one protocol.
type Conversation struct {
	Layer       sniffer.Layers // TCP, UDP or, of all else, IPv4 or IPv6
	A, B        netip.AddrPort // A has sent the first frame; ports are 0 without TCP and UDP
	FromA       Count
	FromB       Count
	First, Last time.Time
	Marks       map[sniffer.Marks]uint64 // how many segments have each mark
	connection  connection
}

// Bytes is how many bytes both have sent.
func (c *Conversation) Bytes() uint64 { return c.FromA.Bytes + c.FromB.Bytes }

// Endpoint is what one address has sent and was sent.
type Endpoint struct {
	Addr     netip.Addr
	Sent     Count
	Received Count
}

// Statistics sum up the packets that were added. The zero value is empty. It is not
// safe for use by several goroutines at once.
type Statistics struct {
	All       Count
	Untracked uint64 // frames of conversations past maxTracked
	Rate      Rate
	Marks     map[sniffer.Marks]uint64 // how many segments have each mark

	protocols     map[path]*Count
	conversations map[key]*Conversation
	endpoints     map[netip.Addr]*Endpoint
}

// key tells conversations apart, the lower end first.
type key struct {
	layer sniffer.Layers
	sniffer.Flow
}

// path is the layers of a frame and, where it carries another, of that.
type path [maxDepth]sniffer.Layers

// maxDepth bounds the frames in frames that are told apart.
const maxDepth = 4

// Add adds a packet, in the order of the capture, and sets its Marks.
func (s *Statistics) Add(p *sniffer.Packet) {
	if s.protocols == nil {
		s.protocols, s.conversations, s.endpoints = map[path]*Count{}, map[key]*Conversation{}, map[netip.Addr]*Endpoint{}
		s.Marks = map[sniffer.Marks]uint64{}
	}
	s.All.add(p)
	s.Rate.add(p.Time)
	var layers path
	for i, inner := 0, p; inner != nil && i < maxDepth; i, inner = i+1, inner.Inner {
		layers[i] = inner.Layers
	}
	if s.protocols[layers] == nil && len(s.protocols) >= maxTracked {
		layers = path{layers[0]} // whatever is in it
	}
	if s.protocols[layers] == nil {
		s.protocols[layers] = &Count{}
	}
	s.protocols[layers].add(p)
	inner := p.Innermost()
	if !inner.Src.IsValid() {
		return
	}
	if e := s.endpoint(inner.Src); e != nil {
		e.Sent.add(p)
	}
	if e := s.endpoint(inner.Dst); e != nil {
		e.Received.add(p)
	}
	s.converse(p, inner)
}

func (s *Statistics) endpoint(a netip.Addr) *Endpoint {
	e := s.endpoints[a]
	if e == nil && len(s.endpoints) < maxTracked {
		e = &Endpoint{Addr: a}
		s.endpoints[a] = e
	}
	return e
}

// converse adds a packet to its conversation. inner has the addresses.
func (s *Statistics) converse(p, inner *sniffer.Packet) {
	layer := inner.Layers & (sniffer.TCP | sniffer.UDP)
	if layer == 0 {
		layer = inner.Layers & (sniffer.IPv4 | sniffer.IPv6)
	}
	f, from := sniffer.FlowOf(inner)
	c := s.conversations[key{layer, f}]
	if c == nil {
		if len(s.conversations) >= maxTracked {
			s.Untracked++
			return
		}
		c = &Conversation{Layer: layer, A: netip.AddrPortFrom(inner.Src, inner.SrcPort), B: netip.AddrPortFrom(inner.Dst, inner.DstPort)}
		s.conversations[key{layer, f}] = c
	}
	if c.First.IsZero() { // a frame may have no time
		c.First = p.Time
	}
	if p.Time.After(c.Last) { // or an earlier one than the frame before it
		c.Last = p.Time
	}
	if c.A == netip.AddrPortFrom(inner.Src, inner.SrcPort) {
		c.FromA.add(p)
	} else {
		c.FromB.add(p)
	}
	if !inner.Has(sniffer.TCP) {
		return
	}
	inner.Marks = c.connection.mark(inner, from)
	for m := sniffer.Marks(1); m != 0; m <<= 1 {
		if inner.Marks&m == 0 {
			continue
		}
		if c.Marks == nil {
			c.Marks = map[sniffer.Marks]uint64{}
		}
		c.Marks[m]++
		s.Marks[m]++
	}
}

// Protocol is one line of a hierarchy: the frames that have these layers, from the
// outermost, whatever is in them.
type Protocol struct {
	Names []string // of the layers, the outermost first
	Count
}

// Protocols returns the hierarchy of protocols, each before those in it. names returns
// the names of layers in the order of headers.
func (s *Statistics) Protocols(names func(sniffer.Layers) []string) []Protocol {
	var all []Protocol
	place := map[string]int{} // in all, by the names
	for layers, count := range s.protocols {
		var path []string
		for _, l := range layers {
			path = append(path, names(l)...)
		}
		key := ""
		for n, name := range path {
			key += name + " "
			i, there := place[key]
			if !there {
				i, all = len(all), append(all, Protocol{Names: path[:n+1]})
				place[key] = i
			}
			all[i].Frames += count.Frames
			all[i].Bytes += count.Bytes
		}
	}
	slices.SortFunc(all, func(a, b Protocol) int { return slices.Compare(a.Names, b.Names) })
	return all
}

// Conversations returns the conversations, those with the most bytes first.
func (s *Statistics) Conversations() []*Conversation {
	all := make([]*Conversation, 0, len(s.conversations))
	for _, c := range s.conversations {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Conversation) int {
		if n := cmp.Compare(b.Bytes(), a.Bytes()); n != 0 {
			return n
		}
		if n := a.First.Compare(b.First); n != 0 {
			return n
		}
		if n := a.A.Compare(b.A); n != 0 {
			return n
		}
		return a.B.Compare(b.B)
	})
	return all
}

// Endpoints returns the addresses, those with the most bytes first.
func (s *Statistics) Endpoints() []*Endpoint {
	all := make([]*Endpoint, 0, len(s.endpoints))
	for _, e := range s.endpoints {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Endpoint) int {
		if n := cmp.Compare(b.Sent.Bytes+b.Received.Bytes, a.Sent.Bytes+a.Received.Bytes); n != 0 {
			return n
		}
		return a.Addr.Compare(b.Addr)
	})
	return all
}
