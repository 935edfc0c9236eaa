package trace

import (
	"slices"

	"wirelab/internal/i18n"
	"wirelab/message"
)

// Misplaced says which marker stands where the script sets none, so that somebody
// else may have set it: a host has set a barrier twice, barriers are not in the
// script's order, or a marker of the segment's mode belongs to no change. The message
// is zero if there is none.
func (r *Recording) Misplaced(plan Plan) message.Message {
	if len(plan.Hosts) == 0 {
		return i18n.Message{}
	}
	before, last := "", map[string]int{}
	for _, label := range slices.Concat([]string{StartLabel}, plan.Barriers) {
		set := map[string]int{} // by whom, and how often
		for _, n := range r.markers(label) {
			m, _ := MarkerOf(r.packet(n))
			if !slices.Contains(plan.Hosts, m.Host) {
				continue
			}
			if n < last[m.Host] && set[m.Host] == 0 {
				return i18n.Msg("claim.barrier.order", "Label", label, "Before", before)
			}
			set[m.Host]++
			last[m.Host] = n
		}
		for _, h := range plan.Hosts {
			if set[h] > 1 {
				return i18n.Msg("claim.barrier.twice", "Label", label, "Host", h, "Times", set[h])
			}
		}
		if len(set) > 0 {
			before = label
		}
	}
	return r.strayMode(plan.Hosts)
}

// strayMode says who has told of other changes of the segment's mode than the rest.
func (r *Recording) strayMode(hosts []string) i18n.Message {
	told := map[string][]string{} // labels, by host
	for _, n := range r.index.modes {
		if m, ok := r.Marker(r.packet(n)); ok && slices.Contains(hosts, m.Host) {
			told[m.Host] = append(told[m.Host], m.Label)
		}
	}
	fewest := slices.MinFunc(hosts, func(a, b string) int { return len(told[a]) - len(told[b]) })
	for _, h := range hosts {
		if !slices.Equal(told[h], told[fewest]) {
			return i18n.Msg("claim.barrier.mode", "Host", h)
		}
	}
	return i18n.Message{}
}
