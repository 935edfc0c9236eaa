package report

import (
	"io"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/render"
)

// Picture writes the ladder diagram as SVG.
func Picture(w io.Writer, o *script.Outcome, l lang.Lang) error {
	ladder, phases := ladder(o, l, false)
	return ladder.SVG(w, phases...)
}

// ladder is the diagram of an outcome. It has no packet of the lab's own, and says which
// those are. Where the script changes what the sniffer can see, that has a lane.
func ladder(o *script.Outcome, l lang.Lang, ascii bool) (render.Ladder, []render.Phase) {
	e, hosts := o.Experiment, o.Recording.Hosts
	cut := o.Recording.Cut(e.Plan().Plan)
	ladder := render.Ladder{
		Title: e.Name + ": " + e.Lesson.In(l),
		Lanes: e.Topology.Judged(), Names: hosts.Names, Texts: e.Plan().Texts, Ends: hosts.Ends, Fate: o.Recording.Fate,
		Marks: map[int]render.Mark{}, ASCII: ascii, Lang: l,
	}
	if hosts.Several() {
		ladder.Segment = func(p *sniffer.Packet) (string, []string) {
			if p.Interface >= len(hosts.Segments) {
				return "", nil
			}
			return hosts.Segments[p.Interface], append(e.Topology.SegmentHosts(p.Interface), trace.Stranger)
		}
	}
	if slices.ContainsFunc(e.Steps, func(s script.Step) bool { return s.Verb == "mode" }) {
		ladder.Witness = trace.SnifferHost
		ladder.Lanes = append(ladder.Lanes, trace.SnifferHost)
	}
	var phases []render.Phase
	for _, p := range cut.Phases {
		phase := render.Phase{Name: phaseName(o, p, l, len(cut.Phases) == 1)}
		for _, n := range p.Unseen {
			phase.Notes = append(phase.Notes, i18n.Text(l, "report.unseen", "Host", n.String(), "Count", n.Sent-n.Captured))
		}
		drawn := drawn(p.Packets, o.Verdicts)
		if left := len(p.Packets) - len(drawn); left > 0 {
			phase.Notes = append(phase.Notes, i18n.Text(l, "report.undrawn", "Count", left))
		}
		for _, n := range drawn {
			packet := o.Recording.Packet(n)
			phase.Packets = append(phase.Packets, packet)
			ladder.Lanes = withLanes(ladder.Lanes, packet, hosts)
		}
		phases = append(phases, phase)
	}
	for _, v := range o.Verdicts {
		for _, n := range v.Packets {
			ladder.Marks[n] = max(ladder.Marks[n], signs[v.Status].mark)
		}
	}
	if n := cut.Markers; len(n) > 0 {
		said := i18n.Msg("report.markers")
		if len(n) == 1 {
			said = i18n.Msg("report.marker")
		}
		ladder.Notes = append(ladder.Notes, i18n.Text(l, said.Code, "Packets", sentence(n, ascii, l)))
	}
	if disordered(phases) {
		ladder.Notes = append(ladder.Notes, i18n.Text(l, "report.disorder"))
	}
	if slices.ContainsFunc(phases, func(p render.Phase) bool { return toSniffer(p, hosts) }) {
		ladder.Notes = append(ladder.Notes, i18n.Text(l, "report.ownframes", "Host", trace.SnifferHost))
	}
	if n := cut.Others; len(n) > 0 {
		ladder.Notes = append(ladder.Notes, i18n.Text(l, "report.others", "Packets", sentence(n, ascii, l), "Count", len(n)))
	}
	for _, i := range o.Recording.Impairments() {
		ladder.Notes = append(ladder.Notes, impairment(i, ascii, l)...)
	}
	return ladder, phases
}

// mostDrawn bounds the packets of a phase in a diagram: nobody reads more.
const mostDrawn = 2000

// drawn are the packets of a phase that its diagram has: all, or those that a verdict cites
// and the first of the others.
func drawn(packets []int, verdicts []claim.Verdict) []int {
	if len(packets) <= mostDrawn {
		return packets
	}
	cited := map[int]bool{}
	for _, v := range verdicts {
		for _, n := range v.Packets[:min(len(v.Packets), mostDrawn/2)] {
			cited[n] = true
		}
	}
	room := mostDrawn
	for _, n := range packets {
		if cited[n] {
			room--
		}
	}
	shown := []int{}
	for _, n := range packets {
		switch {
		case len(shown) == mostDrawn:
			return shown
		case cited[n]:
			shown = append(shown, n)
		case room > 0:
			shown = append(shown, n)
			room--
		}
	}
	return shown
}

// disordered reports whether a packet stands below one that was captured after it: of
// hosts that set their barriers at different times, as in a capture of several runs.
func disordered(phases []render.Phase) bool {
	last := 0
	for _, phase := range phases {
		for _, p := range phase.Packets {
			if p.Number < last {
				return true
			}
			last = p.Number
		}
	}
	return false
}

// impairment says what a rule was, and what it has acted on.
func impairment(i trace.Impairment, ascii bool, l lang.Lang) (lines []string) {
	rule := safetext.Escape(i.Rule.String()) // a file may tell of it
	if i.Acted == 0 {
		return []string{i18n.Text(l, "report.impaired.none", "Rule", rule)}
	}
	if len(i.Packets) > 0 {
		lines = append(lines, i18n.Text(l, "report.impaired.packets", "Rule", rule, "Packets", sentence(i.Packets, ascii, l)))
	}
	if i.Uncaptured > 0 {
		lines = append(lines, i18n.Text(l, "report.impaired.unseen", "Rule", rule, "Count", i.Uncaptured))
	}
	return lines
}

// toSniffer reports whether a packet of a phase is for the sniffer alone, whose answers are not captured.
func toSniffer(p render.Phase, hosts trace.Hosts) bool {
	return slices.ContainsFunc(p.Packets, func(p *sniffer.Packet) bool {
		_, to := hosts.Ends(p)
		return to == trace.SnifferHost
	})
}

// sentence writes packet numbers within a sentence.
func sentence(packets []int, ascii bool, l lang.Lang) string {
	return ranges(packets, ascii, l.Pick(", ", "、"), l.Pick(" and ", "、"))
}

// withLanes adds lanes for a stranger and for the sniffer, where a packet has such an end.
func withLanes(lanes []string, p *sniffer.Packet, hosts trace.Hosts) []string {
	from, to := hosts.Ends(p)
	for _, end := range []string{from, to} {
		if (end == trace.Stranger || end == trace.SnifferHost) && !slices.Contains(lanes, end) {
			lanes = append(lanes, end)
		}
	}
	return lanes
}

// phaseName is what people call a phase, and what they should know of it. Packets that
// are all of one phase without a barrier need no name.
func phaseName(o *script.Outcome, p trace.Phase, l lang.Lang, only bool) string {
	e := o.Experiment
	switch {
	case p.Label == "" && only:
		return ""
	case p.Label == "":
		return i18n.Text(l, "report.phase.after")
	case p.Label == trace.StartLabel:
		return i18n.Text(l, "report.phase.before")
	case !p.Ended && o.Err != nil:
		return i18n.Text(l, "report.phase.stopped", "Phase", e.PhaseName(p.Label, l))
	case !p.Ended:
		return i18n.Text(l, "report.phase.open", "Phase", e.PhaseName(p.Label, l))
	}
	return e.PhaseName(p.Label, l)
}
