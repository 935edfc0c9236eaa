package report

import (
	"maps"
	"slices"
	"strings"

	"wirelab/internal/columns"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
)

// difference prints why a claim does not pass, and the trace that was expected beside
// the one that was seen, line by line: "-" stands before a line that was expected and
// not seen, "+" before one that was seen and not expected, and below the latter its
// fields are marked that differ.
func (t *Terminal) difference(v claim.Verdict) {
	if v.Matcher != "" {
		t.matched(v)
		return
	}
	// The lines say as much as "line 2: expected …; observed …" does.
	if v.Reason != nil && v.Reason.Code != "claim.different" {
		t.detail(t.text("report.because"), v.Reason.In(t.lang))
	}
	if len(v.Expected) == 0 {
		t.detail(t.text("report.expected"), t.text("report.nothing"))
	}
	looked := len(v.Observed) > 0 || v.Seconds > 0
	if looked && len(v.Observed) == 0 {
		t.detail(t.text("report.observed"), t.unlined(v))
	}
	if !looked && v.Status == claim.Inconclusive {
		return // nothing is known of what was seen
	}
	changes := compare(claim.Align(v.Expected, v.Observed))
	if v.Reason != nil && v.Reason.Code == "claim.absent" { // of a claim that says nothing of other lines
		changes = compare(claim.AlignAnywhere(v.Expected, v.Observed))
		changes = slices.DeleteFunc(changes, func(c change) bool { return c.sign == '+' })
	}
	if slices.ContainsFunc(changes, func(c change) bool { return c.sign != ' ' }) {
		t.detail(t.text("report.difference"), t.text("report.signs"))
		t.changes(abridge(changes))
	}
}

// matched prints why a matcher is not met, and what it selected.
func (t *Terminal) matched(v claim.Verdict) {
	if v.Reason != nil {
		t.detail(t.text("report.because"), v.Reason.In(t.lang))
	}
	t.detail(t.text("report.expected"), v.Matcher)
	if len(v.Observed) > 0 {
		const most = 10
		seen := v.Observed[:min(most, len(v.Observed))]
		if n := len(v.Observed) - most; n > 0 {
			seen = append(slices.Clip(seen), "("+t.text("report.more", "Count", n)+")")
		}
		t.detail(t.text("report.observed"), strings.Join(seen, "\n"))
	}
	for _, expected := range slices.Sorted(maps.Keys(v.Nearest)) {
		_, line, _ := strings.Cut(expected, ": ")
		t.changes(compare([]claim.Pair{{Expected: line}, {Observed: v.Nearest[expected]}}))
	}
}

// beside prints two traces as one, as difference does.
func (t *Terminal) beside(first, second []string) {
	changes := compare(claim.Align(first, second))
	if len(changes) == 0 {
		t.printf("        %s\n", t.text("report.nothing"))
	}
	t.changes(changes)
}

// mostChanges bounds the lines of a difference.
const mostChanges = 400

// changes prints a difference.
func (t *Terminal) changes(all []change) {
	var widths []int // of the columns
	for _, c := range all {
		for i, column := range c.line.columns {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns.Width(t.escape(column)))
		}
	}
	for i, c := range all {
		if i == mostChanges {
			t.printf("        (%s)\n", t.text("report.more", "Count", len(all)-i))
			return
		}
		if c.skipped > 0 {
			t.printf("        (%s)\n", t.text("report.same", "Count", c.skipped))
			continue
		}
		t.change(c, widths)
	}
}

// change prints a line of the difference, whose columns have these widths.
func (t *Terminal) change(c change, widths []int) {
	const indent = 8
	fields, other := c.line.fields(), c.instead.fields()
	var text, marks string
	for i, field := range fields {
		word := t.escape(field)
		if i < len(c.line.columns) {
			word = columns.Pad(word, widths[i])
		}
		if i > 0 {
			text, marks = text+" ", marks+" "
		}
		text += word
		mark := " "
		if len(other) > 0 && (i >= len(other) || other[i] != field) {
			mark = "^"
		}
		width := columns.Width(strings.TrimRight(word, " "))
		marks += columns.Pad(strings.Repeat(mark, width), columns.Width(word))
	}
	if len(other) > len(fields) { // it lacks fields
		marks += " ^"
	}
	colour := map[byte]string{'-': "31", '+': "32"}[c.sign]
	paint := func(s string) string {
		if colour == "" {
			return s
		}
		return t.Paint(colour, s)
	}
	for i, line := range columns.Wrap(text, t.show.Width-indent, t.show.Width-indent-2) {
		sign := string(c.sign)
		if i > 0 {
			sign, line = " ", "  "+line
		}
		t.printf("      %s\n", paint(sign+" "+line))
	}
	if marks = strings.TrimRight(marks, " "); marks != "" && (t.show.Width == 0 || columns.Width(text)+2 <= t.show.Width-indent) {
		t.printf("        %s\n", paint(marks))
	}
}

// line is a line of a trace: its columns, segment, sender, ">" and receiver, and then
// words; a text in quotes is one.
type line struct {
	columns []string
	what    []string
}

// lineOf takes a line of a trace apart.
func lineOf(text string) line {
	l := trace.ParseLine(text)
	out := line{columns: []string{l.From, ">", l.To}}
	if l.Segment != "" {
		out.columns = append([]string{l.Segment}, out.columns...)
	}
	ahead, quoted, behind := trace.Unquoted(l.What)
	out.what = strings.Fields(ahead)
	if quoted != "" {
		out.what = append(out.what, quoted)
	}
	out.what = append(out.what, strings.Fields(behind)...)
	return out
}

// fields are the columns and the words.
func (l line) fields() []string { return slices.Concat(l.columns, l.what) }

// change is a line of a difference, or stands for lines that are left out.
type change struct {
	sign    byte // ' ', '-' or '+'
	line    line
	instead line // of a "+": what was expected in its place, if anything like it was
	skipped int  // lines that are the same
}

// context is how many lines stand around those that differ.
const context = 3

// compare returns the difference of two traces that stand side by side: lines of both,
// and those of one alone, each "-" ahead of the "+" that is like it.
func compare(pairs []claim.Pair) (all []change) {
	var minus, plus []line
	flush := func() {
		all = append(all, matched(minus, plus)...)
		minus, plus = nil, nil
	}
	for _, p := range pairs {
		switch {
		case p.Observed == "":
			minus = append(minus, lineOf(p.Expected))
		case p.Expected == "":
			plus = append(plus, lineOf(p.Observed))
		default:
			flush()
			all = append(all, change{sign: ' ', line: lineOf(p.Observed)})
		}
	}
	flush()
	return all
}

// abridge leaves out lines that are the same, far from those that differ.
func abridge(all []change) (out []change) {
	near := func(at int) bool {
		for i := max(0, at-context); i <= min(len(all)-1, at+context); i++ {
			if all[i].sign != ' ' {
				return true
			}
		}
		return false
	}
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && !near(j) {
			j++
		}
		if j > i {
			out = append(out, change{sign: ' ', skipped: j - i})
		}
		if i = j; i < len(all) {
			out = append(out, all[i])
			i++
		}
	}
	return out
}
