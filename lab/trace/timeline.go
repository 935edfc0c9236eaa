package trace

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"wirelab/internal/i18n"
	"wirelab/message"
	"wirelab/sniffer"
)

// Plan is what a recording is read by: the script's hosts and barriers.
type Plan struct {
	Hosts    []string // that are judged: all of the topology but the sniffer
	Barriers []string // labels, in the order of the script
	Texts    []string // that the script says: shown by the modifier "text"
}

// Window is the stretch of a recording that a claim is about. A packet is in
// it if it stands between the markers of the host that sent it.
type Window struct {
	hosts       map[string]span
	others      span // for senders that set no markers
	Lasted      time.Duration
	OpenEnd     bool // no barrier ends it: it goes to the end of the capture
	first, last int  // packet numbers between which all of it is
}

// span is what stands behind one packet number and before another.
type span struct{ after, before int }

func (s span) contains(number int) bool { return number > s.after && number < s.before }

// contains reports whether a packet of a sender is in the window.
func (w Window) contains(sender string, number int) bool {
	s, ok := w.hosts[sender]
	if !ok {
		s = w.others
	}
	return s.contains(number)
}

// until reports whether a packet of a sender stands ahead of the window's end.
func (w Window) until(sender string, number int) bool {
	s, ok := w.hosts[sender]
	if !ok {
		s = w.others
	}
	return number < s.before
}

// Window finds the stretch between the barrier before the first phase and the
// one that ends the last; the phases are consecutive. No phase is all of the
// capture, from the barrier "start" to the last barrier, or to the end of the
// capture where it has no barrier of the plan. The message says what is
// missing; it is zero where nothing is.
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
	from, missing := r.barrier(begin, plan.Hosts)
	if !missing.IsZero() {
		return Window{}, missing
	}
	w := Window{hosts: map[string]span{}, OpenEnd: end == ""}
	until := barrier{numbers: map[string]int{}, first: len(r.Packets) + 1, last: len(r.Packets) + 1}
	for _, h := range plan.Hosts {
		until.numbers[h] = len(r.Packets) + 1
	}
	if end != "" {
		if until, missing = r.barrier(end, plan.Hosts); !missing.IsZero() {
			return Window{}, missing
		}
	}
	for _, h := range plan.Hosts {
		s := span{from.numbers[h], until.numbers[h]}
		if s.after >= s.before {
			return Window{}, i18n.Msg("claim.barrier.order", "Label", end, "Before", begin)
		}
		w.hosts[h] = s
	}
	w.others = span{from.last, until.last}
	w.first, w.last = from.first, until.last
	w.Lasted = r.between(from.last, until.first)
	return w, i18n.Message{}
}

// Whole is all of the recording, whether or not it has barriers.
func (r *Recording) Whole() Window {
	all := span{0, len(r.Packets) + 1}
	return Window{others: all, Lasted: r.between(1, len(r.Packets)), OpenEnd: true, first: all.after, last: all.before}
}

// between is the time from one packet to another, which may be one behind the
// last: then it is to the last.
func (r *Recording) between(a, b int) time.Duration {
	b = min(b, len(r.Packets))
	if a < 1 || b < 1 {
		return 0
	}
	return r.packet(b).Time.Sub(r.packet(a).Time)
}

// barrier is where the markers of one label stand.
type barrier struct {
	numbers     map[string]int // of packets, by host
	first, last int
}

func (r *Recording) hasBarrier(label string) bool { return len(r.markers(label)) > 0 }

// markers are the packets that are markers of a label, set by whom they name.
func (r *Recording) markers(label string) (found []int) {
	for _, n := range r.index.markers[label] {
		if m, ok := r.Marker(r.packet(n)); ok && !m.Recount {
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
		return label == StartLabel || label == LearnLabel || label == FloodLabel || !r.hasBarrier(label)
	})
	slices.SortFunc(labels, func(a, b string) int { return cmp.Compare(r.index.markers[a][0], r.index.markers[b][0]) })
	return labels[:min(most, len(labels))]
}

// barrier finds the markers of a label, of which every host has set one.
func (r *Recording) barrier(label string, hosts []string) (barrier, i18n.Message) {
	b := barrier{numbers: map[string]int{}}
	count := map[string]int{}
	for _, n := range r.markers(label) {
		m, _ := MarkerOf(r.packet(n))
		if !slices.Contains(hosts, m.Host) {
			continue
		}
		if b.first == 0 {
			b.first = n
		}
		b.last = n
		b.numbers[m.Host] = n
		count[m.Host]++
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
	for _, h := range hosts {
		switch {
		case count[h] == 0:
			return b, i18n.Msg("claim.barrier.host", "Label", label, "Host", h)
		case count[h] > 1:
			return b, i18n.Msg("claim.barrier.twice", "Label", label, "Host", h, "Times", count[h])
		}
	}
	return b, i18n.Message{}
}

// SeesUnicast reports whether the sniffer stood where it sees what others send
// to each other, all through a window: whether in every stretch between two
// changes of the segment's mode that the window touches, the recording has
// unicast frames of one pair of the hosts in both directions, and the segment
// was no switch.
func (r *Recording) SeesUnicast(w Window, hosts []string) bool {
	for _, s := range r.stretches(hosts) {
		if s.before <= w.first || s.after >= w.last {
			continue
		}
		if s.switched || !r.pairSeen(s.span, hosts) {
			return false
		}
	}
	return true
}

// EverSwitched reports whether the segment was a switch in any part of a window.
func (r *Recording) EverSwitched(w Window, hosts []string) bool {
	return slices.ContainsFunc(r.stretches(hosts), func(s stretch) bool {
		return s.switched && s.before > w.first && s.after < w.last
	})
}

// Switched reports whether the segment was a switch when a window ended.
func (r *Recording) Switched(w Window, hosts []string) bool {
	for _, s := range r.stretches(hosts) {
		if s.before >= w.last {
			return s.switched
		}
	}
	return false
}

// stretch is a part of the recording in which the segment's mode is one.
type stretch struct {
	span
	switched bool
}

// stretches cuts the recording where the markers of every host tell of a change.
func (r *Recording) stretches(hosts []string) []stretch {
	all := []stretch{{span: span{0, len(r.Packets) + 1}}}
	told := map[string]bool{} // hosts that have told of the next change
	for _, n := range r.index.modes {
		m, ok := r.Marker(r.packet(n))
		if !ok || !slices.Contains(hosts, m.Host) {
			continue
		}
		current, switched := &all[len(all)-1], m.Label == LearnLabel
		if current.switched == switched {
			clear(told)
			continue
		}
		if told[m.Host] = true; len(told) < len(hosts) {
			continue
		}
		clear(told)
		current.before = n
		all = append(all, stretch{span{n, len(r.Packets) + 1}, switched})
	}
	return all
}

// pairSeen reports whether two of the hosts were seen to send to each other.
func (r *Recording) pairSeen(s span, hosts []string) bool {
	seen := map[[2]string]bool{}
	for n := s.after + 1; n < s.before; n++ {
		p := r.packet(n)
		if p.DstMAC.Multicast() {
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
		return r.Hosts.Ports[p.DstMAC]
	}
	_, to := addresses(p)
	return r.Hosts.Names[to]
}
