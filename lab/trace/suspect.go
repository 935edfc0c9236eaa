package trace

import (
	"iter"
	"slices"

	"wirelab/message"
	"wirelab/sniffer"
)

// Gap says what the capture itself tells of frames that it lacks. It is zero if it tells
// of none. Drops are in Statistics.
func (r *Recording) Gap() message.Message { return r.gap }

// SnapLength returns the length, in bytes, to which the capture cut its frames, if p is
// cut for this reason; otherwise 0.
func (r *Recording) SnapLength(p *sniffer.Packet) int {
	if snap := r.snaps[p.Interface]; p.Truncated() && len(p.Data) == snap {
		return snap
	}
	return 0
}

// Backwards returns the number of the first packet whose time is before that of the packet
// before it, 0 if there is none.
func (r *Recording) Backwards() int { return r.backwards }

// Frames returns how many judged packets a window has.
func (r *Recording) Frames(w Window, plan Plan) (n int) {
	v := r.view(Projection{}, w, plan)
	for number := 1; number <= r.Len(); number++ {
		if v.contains(number) {
			n++
		}
	}
	return n
}

// Kind is the reason why a packet is suspect.
type Kind int

// The kinds.
const (
	Malformed Kind = iota + 1 // it cannot be decoded to its end
	Truncated                 // the capture cut it short
	NoStart                   // the connection was open when the capture began
	Hole                      // it acknowledges bytes that the capture does not have
	Headless                  // it is a fragment, and the capture lacks the one with the transport header
	Disputed                  // its receiver may have put together other bytes than Carried does
	Crowded                   // tunnels carry more than Carried puts together, from this packet on
)

// Suspect is a packet that may hide something from a claim.
type Suspect struct {
	Packet *sniffer.Packet
	Kind   Kind
	Err    error // of Malformed: what is wrong
}

// Suspect returns the first packet of a window because of which a projection's lines may
// be wrong or incomplete. It is cut or malformed and may be one that the projection
// selects, or its connection was open when the capture began, or it acknowledges bytes
// that the capture lacks. Suspect returns the zero value if there is no such packet.
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

// HoleBeside returns the first packet that acknowledges bytes which the capture lacks, of
// those TCP connections to which any of packets belongs; 0 if there is none.
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

// Outside yields the packets of a window that a projection selects and that are not judged
// because only one of their ends is a host of the plan. There are some only if hosts are
// known by their addresses: the other end may be a host's second address. ARP and neighbor
// discovery are left out.
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

// ForSniffer returns the first packet of a window that a projection selects and that is
// for the sniffer, 0 if there is none. The answers to it may not be in the recording,
// which lacks the sniffer's own frames.
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
