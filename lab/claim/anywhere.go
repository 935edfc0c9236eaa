package claim

import (
	"maps"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// judgeAnywhere judges a claim that needs no barrier: the capture has the expected
// lines, in this order. What was seen was seen, whatever the capture lacks, so that
// it passes a capture with gaps, of which a note tells; that a line is missing says nothing
// there.
func judgeAnywhere(r *trace.Recording, plan Plan, c Claim) Verdict {
	window := r.Whole()
	seen := r.Project(c.Projection, window, plan.Plan)
	// A conversation's lines stand together; which frame came first, numbers tell.
	slices.SortStableFunc(seen.Lines, func(a, b trace.Line) int { return a.Packets[0] - b.Packets[0] })
	v := observed(r, c, window, seen)
	found, cited, whole := inOrder(c.Expected, seen.Lines)
	v.Packets = cited
	if found < len(c.Expected) {
		reason, packet := gaps(r), 0
		if !whole {
			reason = i18n.Msg("claim.anywhere.many", "Count", maxChoices)
		}
		if reason.IsZero() && r.Len() == 0 {
			reason = i18n.Msg("claim.empty")
		}
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
	if n := r.HoleBeside(cited); n > 0 {
		v.Notes = append(v.Notes, i18n.Msg("claim.hole", "Packet", n))
	}
	if r.FaultsTold() {
		v.Notes = append(v.Notes, i18n.Msg("claim.note.faultstold"))
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

// maxChoices bounds the choices of conversations that are tried for a claim. A
// capture of an ordinary network has some of a pair of hosts.
const maxChoices = 10_000

// inOrder returns how many of the expected lines the trace has, each behind the one
// before, and the packets that show them. Lines of TCP or UDP between two hosts are
// those of one conversation: a SYN of one and the answer of another are no handshake.
// It reports false where it has not tried every choice of conversations.
func inOrder(expected []string, lines []trace.Line) (found int, cited []int, whole bool) {
	m := matching{expected: expected, chosen: map[string]int{}}
	conversations := map[string][]int{} // by pair of hosts
	for _, l := range lines {
		text := normal(l.String())
		if !slices.ContainsFunc(expected, func(want string) bool { return shows(text, want) }) {
			continue
		}
		c := candidate{line: l, text: text}
		if l.Conversation > 0 {
			c.pair = l.Segment + " " + min(l.From, l.To) + " " + max(l.From, l.To)
			if !slices.Contains(conversations[c.pair], l.Conversation) {
				conversations[c.pair] = append(conversations[c.pair], l.Conversation)
			}
		}
		m.candidates = append(m.candidates, c)
	}
	whole = m.choose(slices.Sorted(maps.Keys(conversations)), conversations)
	return m.found, m.cited, whole
}

// candidate is a line that may be one of those that are expected.
type candidate struct {
	line trace.Line
	text string
	pair string // of hosts on a segment; empty where the line has no conversation
}

// shows reports whether a line that was seen shows one that is expected anywhere. What
// that leaves out it does not claim: that nobody has acknowledged a segment would be an
// absence, and with which number a ping begins, or in which VLAN, is each network's own.
func shows(seen, want string) bool {
	ahead, text, behind := trace.Unquoted(seen)
	wantAhead, wantText, wantBehind := trace.Unquoted(want)
	return text == wantText && says(ahead, wantAhead) && says(behind, wantBehind)
}

// says reports whether words that were seen are those that are wanted, and besides them
// only such as need not be claimed.
func says(seen, want string) bool {
	rest := strings.Fields(want)
	for _, word := range strings.Fields(seen) {
		switch {
		case len(rest) > 0 && word == rest[0]:
			rest = rest[1:]
		case word != trace.Acked && !strings.HasPrefix(word, "seq=") && !strings.HasPrefix(word, "vlan=") && !trace.IsColumn(word):
			return false
		}
	}
	return len(rest) == 0
}

// matching finds the choice of conversations that shows most of the expected lines.
type matching struct {
	expected   []string
	candidates []candidate
	chosen     map[string]int // conversation by pair of hosts
	tried      int
	found      int
	cited      []int
}

// choose tries the conversations of each pair of hosts, until all lines are found. It
// reports false if it has given up before.
func (m *matching) choose(pairs []string, conversations map[string][]int) bool {
	if len(pairs) == 0 {
		m.tried++
		m.match()
		return true
	}
	for _, c := range conversations[pairs[0]] {
		if m.tried == maxChoices {
			return false
		}
		m.chosen[pairs[0]] = c
		if !m.choose(pairs[1:], conversations) {
			return false
		}
		if m.found == len(m.expected) {
			break
		}
	}
	return true
}

// match looks for the expected lines in the conversations that are chosen.
func (m *matching) match() {
	found, cited := 0, []int{}
	for _, c := range m.candidates {
		if found == len(m.expected) {
			break
		}
		if m.chosen[c.pair] != c.line.Conversation {
			continue
		}
		if shows(c.text, m.expected[found]) {
			cited = append(cited, c.line.Packets...)
			found++
		}
	}
	if found > m.found || m.cited == nil {
		slices.Sort(cited)
		m.found, m.cited = found, slices.Compact(cited)
	}
}

// CheckAnywhere returns an error if the claim cannot be judged without barriers: if it
// says that something was not sent, or what comes first in a conversation, which also says
// that nothing came before. Its Expected lines are those of ParseExpected.
func (c Claim) CheckAnywhere() error {
	if len(c.Expected) == 0 || c.Projection.Hidden {
		return i18n.Errmsg("script.anywhere.nothing")
	}
	if c.Projection.First {
		return i18n.Errmsg("script.anywhere.first")
	}
	for _, line := range c.Expected {
		unquoted, _, _ := strings.Cut(line, `"`)
		for _, word := range strings.Fields(unquoted)[3:] {
			if word == trace.Unasked || word == trace.Fragment {
				return i18n.Errmsg("script.anywhere.word", "Line", line, "Word", word)
			}
		}
	}
	return nil
}
