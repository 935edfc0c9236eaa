package trace

import (
	"bytes"
	"iter"
	"slices"

	"wirelab/sniffer"
)

// Within yields the judged packets of a window, in the order of the wire.
func (r *Recording) Within(w Window, plan Plan) iter.Seq[*sniffer.Packet] {
	v := view{Recording: r, window: w, plan: plan}
	return func(yield func(*sniffer.Packet) bool) {
		for i := range r.Packets {
			if p := &r.Packets[i]; v.contains(p) && !yield(p) {
				return
			}
		}
	}
}

// LineEnds returns who sent a packet and to whom it is, as a line of a trace has them:
// "server@client2" is the server's address from, or to, the port of client2.
func (r *Recording) LineEnds(p *sniffer.Packet) (from, to string) {
	return r.Hosts.from(p), r.Hosts.to(p)
}

// Conversations returns the number of the TCP or UDP conversation of each packet that
// has one, as Line.Conversation has it, by the packet's number.
func (r *Recording) Conversations() map[int]int {
	all := map[int]int{}
	for i, c := range r.index.conversations {
		for _, d := range c.datagrams {
			for _, n := range d.numbers {
				all[n] = i + 1
			}
		}
	}
	return all
}

// Carried returns where bytes are in clear: by the number of the packet that completes
// them, the packets that carry them, ascending. They are found in a frame, and in what
// TCP and fragments of IP have cut. No bytes are nowhere.
func (r *Recording) Carried(text string) map[int][]int {
	all := map[int][]int{}
	if text == "" {
		return all
	}
	for i := range r.Packets {
		if p := &r.Packets[i]; bytes.Contains(p.Data, []byte(text)) {
			all[p.Number] = []int{p.Number}
		}
	}
	within := func(runs []run) {
		for _, run := range runs {
			for at := 0; ; at++ {
				i := bytes.Index(run.bytes[at:], []byte(text))
				if i < 0 {
					break
				}
				at += i
				packets := run.packets(at, at+len(text))
				if last := packets[len(packets)-1]; all[last] == nil {
					all[last] = packets
				}
			}
		}
	}
	for _, c := range r.index.conversations {
		for side := range c.sides {
			within(c.streams(side))
		}
	}
	for _, d := range r.index.messages {
		if len(d.numbers) > 0 {
			within([]run{{d.payload(), []piece{{len(d.payload()), d.sorted()}}}})
		}
	}
	return all
}

// Unsure returns the first packet of a window of which nobody knows whether it is one
// that is looked for: it is not, as far as its bytes tell, but the capture cut it short,
// or it is a fragment of a datagram whose header the capture lacks. It is the zero value
// where there is none.
func (r *Recording) Unsure(w Window, plan Plan, found func(*sniffer.Packet) bool) Suspect {
	v := view{Recording: r, window: w, plan: plan}
	for i := range r.Packets {
		p := &r.Packets[i]
		kind := Truncated
		switch {
		case p.Truncated():
		case r.headless(p):
			kind = Headless
		default:
			continue
		}
		if v.suspicious(p) && !found(p) {
			return Suspect{p, kind}
		}
	}
	return Suspect{}
}

// Disputed returns a packet of a segment, or "" of all, with bytes of which Carried may
// have others than the receiver: a segment that overlaps another with other bytes, or a
// fragment of a datagram that was not put together, since parts are missing or overlap. It
// is the zero value where there is none.
func (r *Recording) Disputed(segment string, w Window, plan Plan) Suspect {
	v := view{Recording: r, Projection: Projection{Segment: segment}, window: w, plan: plan}
	torn := func(d *datagram) bool {
		return d.parts != nil && len(d.numbers) > 0 && !d.complete && v.contains(d.packet())
	}
	for _, d := range r.index.messages {
		if torn(d) {
			return Suspect{d.packet(), Disputed}
		}
	}
	for _, c := range r.index.conversations {
		if i := slices.IndexFunc(c.datagrams, torn); i >= 0 {
			return Suspect{c.datagrams[i].packet(), Disputed}
		}
		if !slices.ContainsFunc(c.datagrams, func(d *datagram) bool { return v.contains(d.packet()) }) {
			continue
		}
		for side := range c.sides {
			if n := c.disputed(side); n > 0 {
				return Suspect{r.packet(n), Disputed}
			}
		}
	}
	return Suspect{}
}

// headless reports whether a packet is a fragment, and no packet has the header of what
// its datagram carries.
func (r *Recording) headless(p *sniffer.Packet) bool {
	if first := r.index.first[p.Number]; first > 0 {
		p = r.packet(first)
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
