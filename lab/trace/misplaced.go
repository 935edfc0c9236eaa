package trace

import (
	"slices"

	"wirelab/internal/i18n"
	"wirelab/message"
)

// Misplaced says which marker stands where the script sets none, so that somebody else may
// have set it. A host has set a barrier twice, barriers are not in the script's order, or
// a host tells of a change of the segment's mode of which others do not. The message is
// zero if there is no such marker.
func (r *Recording) Misplaced(plan Plan) message.Message {
	places := plan.places()
	if len(places) == 0 {
		return message.Message{}
	}
	before, last := "", map[place]int{}
	for _, label := range slices.Concat([]string{StartLabel}, plan.Barriers) {
		set := map[place]int{} // by whom, and how often
		for _, n := range r.markers(label) {
			at := r.Hosts.place(r.Packet(n))
			if !slices.Contains(places, at) {
				continue
			}
			if n < last[at] && set[at] == 0 {
				return i18n.Msg("claim.barrier.order", "Label", label, "Before", before)
			}
			set[at]++
			last[at] = n
		}
		for _, at := range places {
			if set[at] > 1 {
				return i18n.Msg("claim.barrier.twice", "Label", label, "Host", r.Hosts.describe(at), "Times", set[at])
			}
		}
		if len(set) > 0 {
			before = label
		}
	}
	return r.strayMode(places)
}

// strayMode says who has told of other changes of a segment's mode than the rest of
// the segment, or has set other markers of those that routers are waited for with.
func (r *Recording) strayMode(places []place) message.Message {
	told := map[place][]string{} // labels
	for _, n := range slices.Concat(r.index.modes, r.index.transits) {
		p := r.Packet(n)
		if m, ok := r.Marker(p); ok {
			at := r.Hosts.place(p)
			told[at] = append(told[at], m.Label)
		}
	}
	fewest := map[int]place{} // by segment
	for _, at := range places {
		if least, ok := fewest[at.segment]; !ok || len(told[at]) < len(told[least]) {
			fewest[at.segment] = at
		}
	}
	for _, at := range places {
		if !slices.Equal(told[at], told[fewest[at.segment]]) {
			return i18n.Msg("claim.barrier.mode", "Host", r.Hosts.describe(at))
		}
	}
	return message.Message{}
}
