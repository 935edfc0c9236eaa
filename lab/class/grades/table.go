package grades

import (
	"fmt"
	"io"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/report"
)

// mostName bounds the column of names, in columns of the terminal.
const mostName = 24

// Print writes the table of a course for a terminal, and below it whose grade is open.
func (b *Book) Print(w io.Writer, l lang.Lang, show display.Display) error {
	t := report.NewTerminal(w, l, show)
	escape := safetext.Escape
	cut := "…"
	if show.ASCII {
		cut = "..."
		if l != lang.Chinese {
			escape = safetext.ASCII
		}
	}
	var widths []int
	rows := [][]string{{i18n.Text(l, "grades.student"), i18n.Text(l, "grades.name")}}
	for _, e := range b.Course.Experiments {
		rows[0] = append(rows[0], e.Name)
	}
	rows[0] = append(rows[0], i18n.Text(l, "grades.points"))
	for _, s := range b.Students {
		row := []string{escape(s.ID), columns.Truncate(escape(s.Name), mostName, cut)}
		for _, work := range s.Work {
			row = append(row, "  "+points(work.Score())+"/"+fmt.Sprint(work.Most))
		}
		rows = append(rows, append(row, points(s.Score())+"/"+fmt.Sprint(s.Most())))
	}
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns.Width(text))
		}
	}
	var out strings.Builder
	for n, row := range rows {
		line := ""
		for i, text := range row {
			padded := columns.Pad(text, widths[i])
			if at := i - 2; n > 0 && at >= 0 && at < len(b.Course.Experiments) {
				padded = sign(t, b.Students[n-1].Work[at].State) + " " + strings.TrimPrefix(padded, "  ")
			}
			if n == 0 {
				padded = t.Paint("1", padded)
			}
			line += padded + "  "
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.footer(&out, t, l, show)
	_, err := io.WriteString(w, out.String())
	return err
}

// points are those of a score, "?" where it is open.
func points(n int, known bool) string {
	if !known {
		return "?"
	}
	return fmt.Sprint(n)
}

// sign is that of a state, in its colour.
func sign(t *report.Terminal, s State) string {
	if v, ok := verdictOf(s); ok {
		return t.Sign(v)
	}
	if s == Missing {
		return "-"
	}
	return "."
}

// mostOpen bounds the list of those whose grade is open.
const mostOpen = 40

// footer says what the signs mean, and whose grade is open.
func (b *Book) footer(out *strings.Builder, t *report.Terminal, l lang.Lang, show display.Display) {
	const gap = "   "
	at := 0
	for _, s := range []State{Pass, Fail, Inconclusive, Missing, Pending} {
		text := " " + stateText(s, l)
		width := 1 + columns.Width(text) // of the sign as well
		switch {
		case at == 0 || show.Width > 0 && at+len(gap)+width > show.Width:
			out.WriteString("\n")
			at = width
		default:
			out.WriteString(gap)
			at += len(gap) + width
		}
		out.WriteString(sign(t, s) + text)
	}
	out.WriteString("\n")
	open := b.Open()
	if len(open) == 0 {
		return
	}
	var who []string
	for i, w := range open {
		if i == mostOpen {
			who = append(who, i18n.Text(l, "grades.more", "Number", len(open)-i))
			break
		}
		who = append(who, w.Student+" ("+w.Experiment.Name+")")
	}
	text := i18n.Text(l, "grades.open", "Students", who)
	for _, line := range columns.Wrap(text, show.Width, show.Width-2) {
		out.WriteString(line + "\n")
	}
}
