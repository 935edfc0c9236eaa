package trace

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"wirelab/internal/i18n"
	"wirelab/message"
)

// Plan says which hosts of a recording are judged, and which barriers end its phases.
type Plan struct {
	Hosts    []string         // names of the hosts that are judged: all but the sniffer
	On       map[string][]int // the segments of each host, by index; nil if there is one segment
	Barriers []string         // labels of the barriers, in the order of the script
	Texts    []string         // payloads that the modifier "text" shows
}

// places are the hosts on each of their segments: each sets barriers.
func (p Plan) places() (all []place) {
	for _, h := range p.Hosts {
		if p.On == nil {
			all = append(all, place{host: h})
		}
		for _, segment := range p.On[h] {
			all = append(all, place{h, segment})
		}
	}
	return all
}

// Window is the part of a recording that a claim is about. A packet is in it if it stands
// between the markers of its sender at both ends of the window.
type Window struct {
	hosts       map[place]span
	others      span          // for senders that set no markers
	Lasted      time.Duration // from the last marker at its beginning to the first at its end
	OpenEnd     bool          // no barrier ends it: it extends to the end of the capture
	first, last int           // packet numbers between which all of it is
}

// Last returns a packet number at and after which nothing is in the window.
func (w Window) Last() int { return w.last }

// span is what stands behind one packet number and before another.
type span struct{ after, before int }

func (s span) contains(number int) bool { return number > s.after && number < s.before }

// span is where the packets of a sender are in the window.
func (w Window) span(sender place) span {
	if s, ok := w.hosts[sender]; ok {
		return s
	}
	return w.others
}

// contains reports whether a packet that was sent at a place is in the window.
func (w Window) contains(sender place, number int) bool { return w.span(sender).contains(number) }

// until reports whether a packet of a sender stands ahead of the window's end.
func (w Window) until(sender place, number int) bool { return number < w.span(sender).before }

// Window returns the part of a recording from the barrier before the first phase to the
// one that ends the last. The phases are consecutive. Without phases it is the whole lab:
// from the barrier "start" to the plan's last barrier, or to the end of the capture if
// that was not set. The message says which barrier is missing; it is zero if none is.
func (r *Recording) Window(phases []string, plan Plan) (Window, message.Message) {
	begin, end := StartLabel, ""
	switch {
	case len(phases) > 0:
		if at := slices.Index(plan.Barriers, phases[0]); at > 0 {
			begin = plan.Barriers[at-1]
		}
		end = phases[len(phases)-1]
	case len(plan.Barriers) > 0 && r.hasBarrier(plan.Barriers[len(plan.Barriers)-1]):
		end = plan.Barriers[len(plan.Barriers)-1]
	}
	from, missing := r.barrier(begin, plan)
	if !missing.IsZero() {
		return Window{}, missing
	}
	w := Window{hosts: map[place]span{}, OpenEnd: end == ""}
	until := barrier{numbers: map[place]int{}, first: r.Len() + 1, last: r.Len() + 1}
	for _, at := range plan.places() {
		until.numbers[at] = r.Len() + 1
	}
	if end != "" {
		if until, missing = r.barrier(end, plan); !missing.IsZero() {
			return Window{}, missing
		}
	}
	for _, at := range plan.places() {
		s := span{from.numbers[at], until.numbers[at]}
		if s.after >= s.before {
			return Window{}, i18n.Msg("claim.barrier.order", "Label", end, "Before", begin)
		}
		w.hosts[at] = s
	}
	w.others = span{from.last, until.last}
	w.first, w.last = from.first, until.last
	w.Lasted = r.between(from.last, until.first)
	return w, i18n.Message{}
}

// Whole returns the whole recording as a window, whether or not it has barriers.
func (r *Recording) Whole() Window {
	all := span{0, r.Len() + 1}
	return Window{others: all, Lasted: r.between(1, r.Len()), OpenEnd: true, first: all.after, last: all.before}
}

// between is the time from one packet to another, which may be one behind the
// last: then it is to the last.
func (r *Recording) between(a, b int) time.Duration {
	b = min(b, r.Len())
	if a < 1 || b < 1 {
		return 0
	}
	return r.time(b).Sub(r.time(a))
}

// barrier is where the markers of one label stand.
type barrier struct {
	numbers     map[place]int // of packets, by who has set it where
	first, last int
}

func (r *Recording) hasBarrier(label string) bool { return len(r.markers(label)) > 0 }

// markers are the packets that are markers of a label, set by whom they name.
func (r *Recording) markers(label string) (found []int) {
	for _, n := range r.index.markers[label] {
		if m, ok := r.Marker(r.Packet(n)); ok && !m.Recount {
			found = append(found, n)
		}
	}
	return found
}

// phaseLabels are the labels of the barriers that end phases, in the order of the
// recording, and at most so many as a person reads.
func (r *Recording) phaseLabels() []string {
	const most = 8
	labels := slices.DeleteFunc(slices.Collect(maps.Keys(r.index.markers)), func(label string) bool {
		return ReservedLabel(label) || !r.hasBarrier(label)
	})
	slices.SortFunc(labels, func(a, b string) int { return cmp.Compare(r.index.markers[a][0], r.index.markers[b][0]) })
	return labels[:min(most, len(labels))]
}

// barrier finds the markers of a label, of which every host has set one.
func (r *Recording) barrier(label string, plan Plan) (barrier, i18n.Message) {
	places := plan.places()
	b := barrier{numbers: map[place]int{}}
	count := map[place]int{}
	for _, n := range r.markers(label) {
		at := r.Hosts.place(r.Packet(n))
		if !slices.Contains(places, at) {
			continue
		}
		if b.first == 0 {
			b.first = n
		}
		b.last = n
		b.numbers[at] = n
		count[at]++
	}
	switch {
	case len(b.numbers) == 0 && label == StartLabel:
		return b, i18n.Msg("claim.barrier.start", "Label", label)
	case len(b.numbers) == 0:
		if others := r.phaseLabels(); len(others) > 0 {
			return b, i18n.Msg("claim.barrier.others", "Label", label, "Known", others)
		}
		return b, i18n.Msg("claim.barrier.none", "Label", label)
	}
	for _, at := range places {
		switch {
		case count[at] == 0:
			return b, i18n.Msg("claim.barrier.host", "Label", label, "Host", r.Hosts.describe(at))
		case count[at] > 1:
			return b, i18n.Msg("claim.barrier.twice", "Label", label, "Host", r.Hosts.describe(at), "Times", count[at])
		}
	}
	return b, i18n.Message{}
}
