package trace

import (
	"bytes"
	"iter"
	"slices"

	"wirelab/sniffer"
)

// Within yields the judged packets of a window in the order of the capture.
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

// LineEnds returns the sender and the receiver of a packet as the line of a trace names
// them. "server@client2" is the address of server from, or to, the port of client2.
func (r *Recording) LineEnds(p *sniffer.Packet) (from, to string) {
	return r.from(p), r.Hosts.to(p)
}

// Conversations returns the number of each packet's TCP or UDP conversation, as
// Line.Conversation has it, 0 for none. The index is the packet's number; index 0 is not
// used.
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

// Carried finds where the bytes of a text are in clear. The keys are the numbers of the
// packets that complete them, and the values those of all packets that carry them,
// ascending. It looks into each frame and across the segments of TCP and the fragments of
// IP, in tunnels, too. It finds "" nowhere.
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

// Unsure returns the first packet of a window that found does not accept, though it might
// if all of it were there. The capture cut it short, or lacks the first fragment of its
// datagram. Unsure returns the zero value if there is no such packet.
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

// Disputed returns a packet of a segment, or of all for "", whose receiver may have put
// together other bytes than Carried does. It is a TCP segment that overlaps another with
// different bytes, or a fragment of a datagram with parts that overlap or are missing, or
// a malformed packet in a tunnel. Disputed returns the zero value if there is no such
// packet.
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
