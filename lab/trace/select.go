package trace

import (
	"bytes"
	"iter"
	"slices"

	"wirelab/sniffer"
)

// Within yields the judged packets of a window, in the order of the wire.
func (r *Recording) Within(w Window, plan Plan) iter.Seq[*sniffer.Packet] {
	return func(yield func(*sniffer.Packet) bool) {
		v := r.view(Projection{}, w, plan)
		for n := 1; n <= r.Len(); n++ {
			if v.contains(n) && !yield(r.Packet(n)) {
				return
			}
		}
	}
}

// LineEnds returns who sent a packet and to whom it is, as a line of a trace has them:
// "server@client2" is the server's address from, or to, the port of client2.
func (r *Recording) LineEnds(p *sniffer.Packet) (from, to string) {
	return r.from(p), r.Hosts.to(p)
}

// Conversations returns the number of the TCP or UDP conversation of each packet, as
// Line.Conversation has it, by the packet's number; 0 for a packet of none.
func (r *Recording) Conversations() []int32 {
	all := make([]int32, r.Len()+1)
	for _, c := range r.index.conversations {
		for _, u := range c.units {
			all[u.number()] = int32(c.number)
			if r.row(u.number()).facts&fragment != 0 {
				for _, n := range r.datagram(u.number()).numbers {
					all[n] = int32(c.number)
				}
			}
		}
	}
	return all
}

// Carried returns where bytes are in clear: by the number of the packet that completes
// them, the packets that carry them, ascending. They are found in a frame, and in what
// TCP and fragments of IP have cut, in tunnels too. No bytes are nowhere.
func (r *Recording) Carried(text string) map[int][]int {
	all := map[int][]int{}
	if text == "" {
		return all
	}
	for n := 1; n <= r.Len(); n++ {
		r.look(n, func(f sniffer.Frame) {
			if bytes.Contains(f.Data, []byte(text)) {
				all[n] = []int{n}
			}
		})
	}
	found := func(packets []int) {
		if last := packets[len(packets)-1]; all[last] == nil {
			all[last] = packets
		}
	}
	for _, c := range r.index.conversations {
		for side := range c.sides {
			for _, s := range c.streams(side) {
				s.carriers(text, found)
			}
		}
	}
	r.inside().find(text, found)
	return all
}

// Unsure returns the first packet of a window of which nobody knows whether it is one
// that is looked for: it is not, as far as its bytes tell, but the capture cut it short,
// or it is a fragment of a datagram whose header the capture lacks. It is the zero value
// where there is none.
func (r *Recording) Unsure(w Window, plan Plan, found func(*sniffer.Packet) bool) Suspect {
	v := r.view(Projection{}, w, plan)
	for n := 1; n <= r.Len(); n++ {
		if r.row(n).facts == 0 {
			continue
		}
		p, kind := r.Packet(n), Truncated
		switch {
		case p.Truncated():
		case r.headless(p):
			kind = Headless
		default:
			continue
		}
		if v.suspicious(p) && !found(p) {
			return Suspect{Packet: p, Kind: kind}
		}
	}
	return Suspect{}
}

// Disputed returns a packet of a segment, or "" of all, with bytes of which Carried may
// have others than the receiver: a segment that overlaps another with other bytes, or a
// fragment of a datagram that was not put together, since parts are missing or overlap; or
// one in a tunnel that is malformed. It is the zero value where there is none.
func (r *Recording) Disputed(segment string, w Window, plan Plan) Suspect {
	v := r.view(Projection{Segment: segment}, w, plan)
	for _, c := range r.index.conversations {
		if !slices.ContainsFunc(c.units, func(u unit) bool { return v.contains(u.number()) }) {
			continue
		}
		for side := range c.sides {
			if n := c.disputed(side); n > 0 {
				return Suspect{Packet: r.Packet(n), Kind: Disputed}
			}
		}
	}
	x := r.inside()
	if x.full > 0 {
		return Suspect{Packet: r.Packet(x.full), Kind: Crowded}
	}
	for _, d := range x.disputed() {
		i := slices.IndexFunc(d.numbers, v.contains)
		switch {
		case i < 0:
		case d.err != nil:
			return Suspect{r.Packet(d.numbers[i]), Malformed, d.err}
		default:
			return Suspect{Packet: r.Packet(d.numbers[i]), Kind: Disputed}
		}
	}
	return Suspect{}
}

// headless reports whether a packet is a fragment, and no packet has the header of what
// its datagram carries.
func (r *Recording) headless(p *sniffer.Packet) bool {
	if first := r.index.first[p.Number]; first > 0 {
		p = r.Packet(first)
	}
	if !p.Fragment {
		return false
	}
	if p.FragmentOffset > 0 {
		return true
	}
	for name, layer := range layers {
		if numbered(p, name) {
			return p.Layers&layer == 0
		}
	}
	return false
}
