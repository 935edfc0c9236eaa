package labtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"wirelab/internal/display"
	"wirelab/internal/lang"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/lab/trace"
	"wirelab/sniffer/render"
)

// mostPackets bounds the ladder of a failure.
const mostPackets = 40

// width is that of what a failure prints, in columns.
const width = 100

// describe is a verdict that is no pass, as a test prints it: what differs, and the
// packets of its phases.
func describe(r *trace.Recording, plan claim.Plan, c claim.Claim, v claim.Verdict) string {
	var b bytes.Buffer
	switch v.Status {
	case claim.Inconclusive:
		fmt.Fprintf(&b, "%s: inconclusive, which is neither pass nor fail", v.ID)
	default:
		fmt.Fprintf(&b, "%s: %s", v.ID, v.Status)
	}
	if v.Reason != nil {
		fmt.Fprintf(&b, ": %s", v.Reason)
	}
	b.WriteByte('\n')
	show := display.Display{Width: width, ASCII: !lang.UTF8()}
	// A buffer takes everything.
	if v.Status == claim.Fail {
		shown := v
		shown.Reason = nil // it is told above
		if v.Dropped == nil && len(v.Packets) == 0 {
			shown.Seconds = 0 // what the kernel dropped is known when the capture ends: the ladder has the silence
		}
		_ = report.Difference(&b, lang.English, show, shown)
		if c.Projection.First && len(v.Observed) < len(c.Expected) {
			b.WriteString("      \"first\" shows one line of each conversation: that which opens it\n")
		}
	}
	mark := map[claim.Status]render.Mark{claim.Fail: render.Wrong, claim.Inconclusive: render.Unsure}[v.Status]
	marks := map[int]render.Mark{}
	for _, n := range v.Packets {
		marks[n] = mark
	}
	var phases []render.Phase
	for _, p := range r.Cut(plan.Plan).Phases {
		if slices.Contains(c.Phases, p.Label) {
			phases = append(phases, abridged(r, p, v.Packets))
		}
	}
	draw(&b, r, plan, marks, phases)
	return strings.TrimRight(b.String(), "\n")
}

// latest is what has crossed the wire last, for a test that failed by itself, as by a Fatal
// ahead of Settle: the packets since the last barrier or, where there are none, of the phase
// that it ended. It is "" where nothing has.
func latest(r *trace.Recording, plan claim.Plan) string {
	phases := r.Cut(plan.Plan).Phases
	for len(phases) > 0 && len(phases[len(phases)-1].Packets) == 0 {
		phases = phases[:len(phases)-1]
	}
	if len(phases) == 0 {
		return ""
	}
	last := phases[len(phases)-1]
	if last.Label == "" {
		last.Label = "not settled"
	}
	var b bytes.Buffer
	b.WriteString("the last packets on the wire:\n")
	draw(&b, r, plan, nil, []render.Phase{abridged(r, last, last.Packets[len(last.Packets)-1:])})
	return strings.TrimRight(b.String(), "\n")
}

// draw writes the ladder of phases.
func draw(b *bytes.Buffer, r *trace.Recording, plan claim.Plan, marks map[int]render.Mark, phases []render.Phase) {
	if len(phases) == 0 {
		return
	}
	ladder := render.Ladder{
		Lanes: slices.Clone(plan.Hosts), Names: r.Hosts.Names, Texts: plan.Texts, Ends: r.Hosts.Ends, Fate: r.Fate,
		Marks: marks, ASCII: !lang.UTF8(), Width: width,
	}
	for _, p := range phases {
		for _, packet := range p.Packets {
			from, to := r.Hosts.Ends(packet)
			for _, end := range []string{from, to} {
				if (end == trace.Stranger || end == trace.SnifferHost) && !slices.Contains(ladder.Lanes, end) {
					ladder.Lanes = append(ladder.Lanes, end)
				}
			}
		}
	}
	_ = ladder.Text(b, phases...) // a buffer takes everything
}

// abridged is a phase with at most so many packets, those around the first that a
// verdict cites.
func abridged(r *trace.Recording, p trace.Phase, cited []int) render.Phase {
	phase, shown := render.Phase{Name: p.Label}, p.Packets
	if len(shown) > mostPackets {
		at := max(0, slices.IndexFunc(shown, func(n int) bool { return slices.Contains(cited, n) }))
		begin := min(max(0, at-mostPackets/2), len(shown)-mostPackets)
		shown = shown[begin : begin+mostPackets]
		phase.Notes = []string{fmt.Sprintf("%d packets before these and %d behind them are not shown", begin, len(p.Packets)-begin-mostPackets)}
	}
	for _, n := range shown {
		phase.Packets = append(phase.Packets, r.Packet(n))
	}
	return phase
}
