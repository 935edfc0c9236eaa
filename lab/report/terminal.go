// Package report shows what an experiment has come to: on a terminal, as a JSON
// document and as a picture. How a verdict is said to people is decided here alone; the sentences are in internal/i18n.
package report

import (
	"fmt"
	"io"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/sniffer/render"
)

// signs are how a status looks: a sign that needs no colour, the same of ASCII
// characters, and a colour; and the mark of a packet that it cites.
var signs = map[claim.Status]struct {
	sign, ascii, colour string
	mark                render.Mark
}{
	claim.Pass:         {"✓", "+", "32", render.Right},
	claim.Fail:         {"✗", "x", "31", render.Wrong},
	claim.Inconclusive: {"?", "?", "33", render.Unsure},
}

// status is a status in people's language.
func status(s claim.Status, l lang.Lang) string {
	switch s {
	case claim.Pass:
		return i18n.Text(l, "report.pass")
	case claim.Fail:
		return i18n.Text(l, "report.fail")
	}
	return i18n.Text(l, "report.inconclusive")
}

// Terminal prints for people.
type Terminal struct {
	w    io.Writer
	lang lang.Lang
	show display.Display
	err  error // of the first write that failed
}

// NewTerminal returns a printer in a language, for what the place behind w shows.
func NewTerminal(w io.Writer, l lang.Lang, show display.Display) *Terminal {
	return &Terminal{w: w, lang: l, show: show}
}

// Err is the error of the first write that failed.
func (t *Terminal) Err() error { return t.err }

func (t *Terminal) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(t.w, format, args...); err != nil && t.err == nil {
		t.err = err
	}
}

// Paint returns text in a colour of ISO 6429, if the terminal shows colours.
func (t *Terminal) Paint(colour, text string) string {
	if !t.show.Colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// Sign returns the sign of a status in its colour.
func (t *Terminal) Sign(s claim.Status) string { return t.Paint(signs[s].colour, t.sign(s)) }

func (t *Terminal) sign(s claim.Status) string {
	if t.show.ASCII {
		return signs[s].ascii
	}
	return signs[s].sign
}

func (t *Terminal) text(code string, pairs ...any) string { return i18n.Text(t.lang, code, pairs...) }

// escape makes text from outside fit to be shown. Who reads Chinese is shown it.
func (t *Terminal) escape(s string) string {
	if t.show.ASCII && t.lang != lang.Chinese {
		return safetext.ASCII(s)
	}
	return safetext.Escape(s)
}

// Paragraph prints text behind what stands at its beginning, which may have colours
// and takes so many columns. Text that does not fit continues in lines with an indent.
func (t *Terminal) Paragraph(begin string, taken int, text string, indent int) {
	for i, line := range columns.Wrap(text, t.show.Width-taken, t.show.Width-indent) {
		if i > 0 {
			begin = strings.Repeat(" ", indent)
		}
		t.printf("%s\n", strings.TrimRight(begin+line, " "))
	}
}

// detail prints a text of several lines behind a label.
func (t *Terminal) detail(label, text string) {
	const indent = 6 + labelWidth + 1
	for line := range strings.SplitSeq(text, "\n") {
		t.Paragraph("      "+columns.Pad(label, labelWidth)+" ", indent, t.escape(line), indent+2)
		label = ""
	}
}

// labelWidth is that of what stands before a detail, in columns.
const labelWidth = 10
