package trace

import (
	"slices"

	"wirelab/sniffer"
)

// SeesUnicast reports whether the sniffer saw what others sent to each other, during all
// of a window, on every segment that a projection is about. It did if the segment was
// never a switch, and if between any two changes of its mode the recording has unicast
// frames of one pair of the plan's hosts in both directions.
func (r *Recording) SeesUnicast(pr Projection, w Window, plan Plan) bool {
	for _, segment := range r.segments(pr) {
		for _, s := range r.stretches(plan, segment) {
			if s.before <= w.first || s.after >= w.last {
				continue
			}
			if s.switched || !r.pairSeen(s.span, plan.Hosts, segment) {
				return false
			}
		}
	}
	return true
}

// EverSwitched reports whether a segment was a switch in any part of a window. For "" it
// reports whether any segment was.
func (r *Recording) EverSwitched(segment string, w Window, plan Plan) bool {
	for _, i := range r.segments(Projection{Segment: segment}) {
		if slices.ContainsFunc(r.stretches(plan, i), func(s stretch) bool {
			return s.switched && s.before > w.first && s.after < w.last
		}) {
			return true
		}
	}
	return false
}

// Switched reports whether every segment that a projection is about was a switch at the
// end of a window.
func (r *Recording) Switched(pr Projection, w Window, plan Plan) bool {
	return !slices.ContainsFunc(r.segments(pr), func(segment int) bool {
		return !r.switched(segment, w, plan)
	})
}

func (r *Recording) switched(segment int, w Window, plan Plan) bool {
	for _, s := range r.stretches(plan, segment) {
		if s.before >= w.last {
			return s.switched
		}
	}
	return false
}

// stretch is a part of the recording in which a segment's mode is one.
type stretch struct {
	span
	switched bool
}

// stretches cuts the recording where the markers of every host on a segment tell of a
// change.
func (r *Recording) stretches(plan Plan, segment int) []stretch {
	all := []stretch{{span: span{0, r.Len() + 1}}}
	places := slices.DeleteFunc(plan.places(), func(at place) bool { return at.segment != segment })
	told := map[place]bool{} // who has told of the next change
	for _, n := range r.index.modes {
		p := r.Packet(n)
		m, ok := r.Marker(p)
		at := r.Hosts.place(p)
		if !ok || !slices.Contains(places, at) {
			continue
		}
		current, switched := &all[len(all)-1], m.Label == LearnLabel
		if current.switched == switched {
			clear(told)
			continue
		}
		if told[at] = true; len(told) < len(places) {
			continue
		}
		clear(told)
		current.before = n
		all = append(all, stretch{span{n, r.Len() + 1}, switched})
	}
	return all
}

// pairSeen reports whether two of the hosts were seen to send to each other on a
// segment.
func (r *Recording) pairSeen(s span, hosts []string, segment int) bool {
	seen := map[[2]string]bool{}
	known := make([]bool, len(r.classes))
	for n := s.after + 1; n < s.before; n++ {
		if id := r.row(n).class; known[id] && !r.classes[id].odd {
			continue
		} else {
			known[id] = true
		}
		p := r.like(n)
		if p.DstMAC.Multicast() || r.Hosts.segment(p) != segment {
			continue
		}
		from, to := r.Hosts.Sender(p), r.receiver(p)
		if from == to || !slices.Contains(hosts, from) || !slices.Contains(hosts, to) {
			continue
		}
		if seen[[2]string{to, from}] {
			return true
		}
		seen[[2]string{from, to}] = true
	}
	return false
}

// receiver is the host that a unicast packet is for.
func (r *Recording) receiver(p *sniffer.Packet) string {
	if r.Hosts.ByPort() {
		return r.Hosts.port(p.DstMAC, p)
	}
	_, to := addresses(p)
	return r.Hosts.Names[to]
}
