package claim

import (
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// judgeAnywhere judges a claim that needs no barrier: the capture has the expected
// lines, in this order. What was seen was seen, whatever the capture lacks, so that
// it passes a capture with gaps; that a line is missing says nothing there.
func judgeAnywhere(r *trace.Recording, plan Plan, c Claim) Verdict {
	window := r.Whole()
	seen := r.Project(c.Projection, window, plan.Plan)
	// A conversation's lines stand together; which frame came first, numbers tell.
	slices.SortStableFunc(seen.Lines, func(a, b trace.Line) int { return a.Packets[0] - b.Packets[0] })
	v := observed(r, c, window, seen)
	found, cited := inOrder(c.Expected, seen.Lines)
	v.Packets = cited
	if found < len(c.Expected) {
		reason, packet := gaps(r), 0
		if reason.IsZero() {
			reason, packet = suspect(r, plan, c, window)
		}
		if packet > 0 {
			v.Packets = []int{packet}
		}
		if reason.IsZero() {
			v.Status, reason = Fail, i18n.Msg("claim.absent", "Line", c.Expected[found])
		}
		v.Reason = &reason
		return v
	}
	v.Status, v.Reason = Pass, nil
	if gap := gaps(r); !gap.IsZero() {
		v.Notes = append(v.Notes, gap)
	}
	if n := len(seen.Lines) - len(c.Expected); n > 0 {
		v.Notes = append(v.Notes, i18n.Msg("claim.note.more", "Count", n))
	}
	if !r.Hosts.ByPort() {
		v.Notes = append(v.Notes, i18n.Msg("claim.note.address"))
	}
	if n := r.Backwards(); n > 0 {
		v.Notes = append(v.Notes, i18n.Msg("claim.note.backwards", "Packet", n))
	}
	return v
}

// inOrder returns how many of the expected lines the trace has, each behind the
// one before, and the packets that show them.
func inOrder(expected []string, lines []trace.Line) (found int, cited []int) {
	cited = []int{}
	for _, l := range lines {
		if found == len(expected) {
			break
		}
		line := normal(l.String())
		// That nobody has acknowledged a segment would be an absence.
		if line == expected[found] || line == expected[found]+" "+trace.Acked {
			cited = append(cited, l.Packets...)
			found++
		}
	}
	slices.Sort(cited)
	return found, slices.Compact(cited)
}

// CheckAnywhere refuses what cannot be claimed without barriers: that something was
// not there.
func (c Claim) CheckAnywhere() error {
	if len(c.Expected) == 0 || c.Projection.Hidden {
		return i18n.Errmsg("script.anywhere.nothing")
	}
	for _, line := range c.Expected {
		for _, word := range strings.Fields(line)[3:] {
			if word == trace.Unasked || word == trace.Fragment {
				return i18n.Errmsg("script.anywhere.word", "Line", line, "Word", word)
			}
		}
	}
	return nil
}
