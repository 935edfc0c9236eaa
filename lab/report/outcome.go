package report

import (
	"strconv"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/sniffer/render"
)

// Outcome prints what crossed the wire and what was judged of it.
func (t *Terminal) Outcome(o *script.Outcome) {
	t.lesson(o.Experiment)
	t.printf("\n")
	ladder, phases := ladder(o, t.lang, t.show.ASCII)
	ladder.Colour, ladder.Width = t.show.Colour, t.show.Width
	if err := ladder.Text(t.w, phases...); err != nil && t.err == nil {
		t.err = err
	}
	t.printf("\n")
	if o.Err != nil {
		for line := range strings.SplitSeq(safetext.EscapeLines(o.Why.In(t.lang)), "\n") {
			t.Paragraph("  ", 2, t.escape(line), 4)
		}
		t.printf("\n")
	}
	for _, v := range o.Verdicts {
		t.verdict(v, o.Err != nil)
	}
	t.printf("\n")
}

// lesson prints what an experiment is about.
func (t *Terminal) lesson(e *script.Experiment) {
	t.Paragraph(t.Paint("1", e.Name)+"  ", columns.Width(e.Name)+2, t.escape(e.Lesson.In(t.lang)), 2)
}

// Listed prints an experiment and what it claims.
func (t *Terminal) Listed(e *script.Experiment) {
	t.lesson(e)
	for _, c := range e.Claims {
		t.printf("  %s\n", c.ID)
		t.Paragraph("      ", 6, t.escape(c.Sentence.In(t.lang)), 6)
	}
}

// verdict prints one verdict; why it is inconclusive has been explained already
// where the script could not be carried out.
func (t *Terminal) verdict(v claim.Verdict, explained bool) {
	s := t.sign(v.Status) + " " + status(v.Status, t.lang)
	head := "  " + t.Paint(signs[v.Status].colour, s) + " " + v.ID + "  "
	t.Paragraph(head, columns.Width(s+v.ID)+5, t.escape(v.Sentence.In(t.lang)), 6)
	t.details(v, explained)
}

// Details returns what is said below a verdict, in lines: which packets show it, and why
// it is no pass.
func Details(v claim.Verdict, l lang.Lang) string {
	var b strings.Builder
	t := NewTerminal(&b, l, display.Display{})
	t.details(v, false)
	return b.String()
}

func (t *Terminal) details(v claim.Verdict, explained bool) {
	if len(v.Packets) > 0 {
		t.detail(t.text("report.packets"), t.packets(v.Packets))
	}
	if v.Status != claim.Pass && !explained {
		t.difference(v)
	} else if v.Status == claim.Pass && len(v.Packets) == 0 {
		t.detail(t.text("report.observed"), t.silence(v))
	}
	if len(v.Notes) > 0 {
		t.detail(t.text("report.note"), i18n.Join(t.lang, v.Notes))
	}
}

func (t *Terminal) packets(numbers []int) string { return ranges(numbers, t.show.ASCII, ", ", ", ") }

// silence is how long there were no packets, or none that a matcher selects.
func (t *Terminal) silence(v claim.Verdict) string {
	lasted, matcher := render.Duration(v.Lasted()), v.Matcher != ""
	switch {
	case matcher && v.Dropped == nil:
		return t.text("report.unmatched.uncounted", "Time", lasted)
	case matcher:
		return t.text("report.unmatched.counted", "Time", lasted, "Count", *v.Dropped)
	case v.Dropped == nil:
		return t.text("report.silence.uncounted", "Time", lasted)
	}
	return t.text("report.silence.counted", "Time", lasted, "Count", *v.Dropped)
}

// unlined is what was seen where a trace has no line: silence, or packets such as segments
// of data, which are counted and of which no line is compared.
func (t *Terminal) unlined(v claim.Verdict) string {
	if len(v.Packets) > 0 {
		return t.text("report.unlined", "Count", len(v.Packets), "Packets", t.packets(v.Packets))
	}
	for _, n := range v.Notes {
		if n.Code == "claim.note.unshown" {
			return n.In(t.lang)
		}
	}
	return t.silence(v)
}

// mostRanges bounds a list of packet numbers that people read.
const mostRanges = 24

// ranges writes packet numbers as people do: 4–7, 12. The last one stands behind and.
func ranges(packets []int, ascii bool, comma, and string) string {
	dash, more := "–", "…"
	if ascii {
		dash, more = "-", "..."
	}
	var parts []string
	for i := 0; i < len(packets); {
		j := i
		for j+1 < len(packets) && packets[j+1] == packets[j]+1 {
			j++
		}
		part := strconv.Itoa(packets[i])
		if j > i {
			part += dash + strconv.Itoa(packets[j])
		}
		if parts = append(parts, part); len(parts) > mostRanges {
			parts[mostRanges] = more
			break
		}
		i = j + 1
	}
	last := len(parts) - 1
	if last < 1 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:last], comma) + and + parts[last]
}

// Text returns all that Outcome prints, for a place that shows all characters and no
// colour.
func Text(o *script.Outcome, l lang.Lang) string {
	var b strings.Builder
	NewTerminal(&b, l, display.Display{Width: 100}).Outcome(o)
	return b.String()
}
