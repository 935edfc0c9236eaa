package trace

import "slices"

// Phase is a part of a recording that a barrier ends.
type Phase struct {
	Label   string  // of the barrier; "" after the last barrier of the plan, and if no barrier was set
	Ended   bool    // every host has set the barrier
	Packets []int   // numbers of its judged packets, ascending
	Unseen  []Count // hosts that sent more frames than were captured
}

// Cut is a recording divided into phases.
type Cut struct {
	Phases  []Phase // those that have begun; the first has the label "start" if packets came before that barrier
	Markers []int   // numbers of the lab's own packets, ascending
	Others  []int   // numbers of packets that are not judged, ascending
}

// Cut divides the recording at the plan's barriers. As in a Window, a packet's phase is
// that of its sender: the packet stands between two markers of the host that sent it. A
// host of the plan that the recording does not know sets no barrier.
func (r *Recording) Cut(plan Plan) Cut {
	plan.Hosts = slices.DeleteFunc(slices.Clone(plan.Hosts), func(h string) bool { return !r.Hosts.Known(h) })
	var cut Cut
	set, begun := r.plannedBarriers(plan)
	for _, b := range set {
		cut.Phases = append(cut.Phases, Phase{Label: b.label, Ended: b.complete})
	}
	cut.Phases = append(cut.Phases, Phase{})
	v := r.view(Projection{}, Window{}, plan)
	for n := 1; n <= r.Len(); n++ {
		switch p := r.like(n); {
		case r.class(n).odd && r.planned(p, plan):
			cut.Markers = append(cut.Markers, n)
		case v.judged(n):
			at := phaseOf(set, begun, r.Hosts.place(p), n)
			cut.Phases[at].Packets = append(cut.Phases[at].Packets, n)
		default:
			cut.Others = append(cut.Others, n)
		}
	}
	for i := range cut.Phases {
		cut.Phases[i].Unseen = r.unseen(cut.Phases[i], plan)
	}
	cut.Phases = cut.Phases[:min(begun+1, len(cut.Phases))]
	empty := func(i int, label string) bool { return cut.Phases[i].Label == label && len(cut.Phases[i].Packets) == 0 }
	if last := len(cut.Phases) - 1; last > 0 && empty(last, "") {
		cut.Phases = cut.Phases[:last] // the experiment has ended with its last barrier
	}
	if empty(0, StartLabel) {
		cut.Phases = cut.Phases[1:]
	}
	return cut
}

// plannedBarrier is a barrier of a plan, as far as it was set.
type plannedBarrier struct {
	barrier
	label    string
	complete bool
}

// plannedBarriers are those of a plan, from the barrier "start", and how many of them have
// begun. There are none where nobody has set any, and none before the first one that was
// set in a file without a start.
func (r *Recording) plannedBarriers(plan Plan) (all []plannedBarrier, begun int) {
	for i, label := range slices.Concat([]string{StartLabel}, plan.Barriers) {
		b, missing := r.barrier(label, plan)
		all = append(all, plannedBarrier{b, label, missing.IsZero()})
		if b.last > 0 {
			begun = i + 1
		}
	}
	switch {
	case begun == 0:
		return nil, 0
	case all[0].last == 0:
		return all[1:], begun - 1
	}
	return all, begun
}

// phaseOf returns how many of the barriers a sender had set before it sent a packet. One
// that it has not set it is past with the others, unless that is still being set.
func phaseOf(set []plannedBarrier, begun int, sender place, number int) (at int) {
	for i, b := range set[:begun] {
		marker, known := b.numbers[sender]
		if !known && (b.complete || i+1 < begun) {
			marker, known = b.last, true
		}
		if known && number > marker {
			at = i + 1
		}
	}
	return at
}

// unseen counts the frames of a phase that were sent and not captured.
func (r *Recording) unseen(phase Phase, plan Plan) (hosts []Count) {
	if !slices.Contains(plan.Barriers, phase.Label) {
		return nil
	}
	w, missing := r.Window([]string{phase.Label}, plan)
	if !missing.IsZero() {
		return nil
	}
	for _, n := range r.Counts(w, plan).Hosts {
		// A counter that went backwards makes a number that no wire carries.
		if n.Sent > n.Captured && n.Sent < 1<<48 {
			hosts = append(hosts, n)
		}
	}
	return hosts
}
