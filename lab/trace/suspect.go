package trace

import (
	"iter"
	"slices"

	"wirelab/message"
	"wirelab/sniffer"
)

// Gap says what the capture itself tells of frames that it does not have; it is
// zero where it tells of none. Drops are in Statistics.
func (r *Recording) Gap() message.Message { return r.gap }

// SnapLength is the length to which the capture cut its frames, if that is why
// p is cut; else 0.
func (r *Recording) SnapLength(p *sniffer.Packet) int {
	if snap := r.snaps[p.Interface]; p.Truncated() && len(p.Data) == snap {
		return snap
	}
	return 0
}

// Backwards is the number of the first packet that is older than the one before
// it, 0 if there is none.
func (r *Recording) Backwards() int { return r.backwards }

// Frames counts the judged packets of a window.
func (r *Recording) Frames(w Window, plan Plan) (n int) {
	v := r.view(Projection{}, w, plan)
	for number := 1; number <= r.Len(); number++ {
		if v.contains(number) {
			n++
		}
	}
	return n
}

// Kind is why a packet is suspect.
type Kind int

// The kinds.
const (
	Malformed Kind = iota + 1
	Truncated
	NoStart  // the connection was open when the capture began
	Hole     // it acknowledges bytes that the capture does not have
	Headless // it is a fragment, and the capture lacks the header of what the datagram carries
	Disputed // its receiver may have put other bytes together than Carried has
	Crowded  // tunnels carry more than Carried puts together, from this one on
)

// Suspect is a packet that may hide something from a claim.
type Suspect struct {
	Packet *sniffer.Packet
	Kind   Kind
	Err    error // why it is malformed
}

// Suspect returns the first packet of a window by which what the projection
// shows may be wrong or not all: one that is cut or malformed and could be part
// of it, one that begins a capture in the middle of a connection, or one that
// acknowledges what the capture does not have. It is the zero value where there
// is none.
func (r *Recording) Suspect(pr Projection, w Window, plan Plan) Suspect {
	v := r.view(pr, w, plan)
	for n := 1; n <= r.Len(); n++ {
		if r.row(n).facts&faulty == 0 {
			continue
		}
		p := r.Packet(n)
		if !v.suspicious(p) || !v.covers(p) {
			continue
		}
		if p.Truncated() {
			return Suspect{Packet: p, Kind: Truncated}
		}
		return Suspect{p, Malformed, p.Err}
	}
	for _, c := range r.index.conversations {
		if !v.coversFlow(c) || !v.anyJudged(c) {
			continue
		}
		if !c.opened() {
			return Suspect{Packet: r.Packet(c.first()), Kind: NoStart}
		}
		if n := c.hole(); n > w.first {
			return Suspect{Packet: r.Packet(n), Kind: Hole}
		}
	}
	return Suspect{}
}

// HoleBeside returns the first packet that acknowledges bytes which the capture does not
// have, of the TCP connections that have one of the packets; 0 if there is none.
func (r *Recording) HoleBeside(packets []int) (first int) {
	for _, c := range r.index.conversations {
		if !slices.ContainsFunc(c.units, func(u unit) bool { return slices.Contains(packets, u.number()) }) {
			continue
		}
		if n := c.hole(); n > 0 && (first == 0 || n < first) {
			first = n
		}
	}
	return first
}

// Outside yields the packets of a window that a projection is about and that are not judged,
// since only one of their ends is a host of the plan: where hosts are told by address, who
// the other is nobody knows. It may be a host's second address. Who asks for the hardware
// address of a stranger says nothing to a host.
func (r *Recording) Outside(pr Projection, w Window, plan Plan) iter.Seq[*sniffer.Packet] {
	return func(yield func(*sniffer.Packet) bool) {
		if r.Hosts.ByPort() {
			return
		}
		v := r.view(pr, w, plan)
		inside := make([]bool, len(r.classes)) // both ends are, or none
		for n := w.first + 1; n < w.last; n++ {
			id := r.row(n).class
			if inside[id] || !v.standing(n).span.contains(n) {
				continue
			}
			p := r.like(n)
			from, to := addresses(p)
			one := slices.Contains(plan.Hosts, r.Hosts.Names[from]) || slices.Contains(plan.Hosts, r.Hosts.Names[to])
			if !one || p.Has(sniffer.ARP) || p.NDP() || v.judged(n) || r.planned(p, plan) {
				inside[id] = !r.classes[id].odd
				continue
			}
			if v.onSegment(p) && v.covers(p) && !yield(r.Packet(n)) {
				return
			}
		}
	}
}

// ForSniffer returns the first packet of a window that is for the sniffer, whose own
// frames are not in the recording; 0 if there is none.
func (r *Recording) ForSniffer(pr Projection, w Window, plan Plan) int {
	v := r.view(pr, w, plan)
	other := make([]bool, len(r.classes)) // they are for others
	for n := 1; n <= r.Len(); n++ {
		id := r.row(n).class
		if other[id] {
			continue
		}
		p := r.like(n)
		_, to := addresses(p)
		if r.Hosts.Names[to] != SnifferHost && r.Hosts.port(p.DstMAC, p) != SnifferHost {
			other[id] = !r.classes[id].odd
			continue
		}
		if s := v.standing(n); s.covered && v.contains(n) {
			return n
		}
	}
	return 0
}
