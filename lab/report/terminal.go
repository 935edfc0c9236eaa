// Package report shows what an experiment has come to: on a terminal, as a JSON
// document and as a picture. How a verdict is said to people is decided here alone; the sentences are in internal/i18n.
package report

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/sniffer"
	"wirelab/sniffer/render"
)

// signs are how a status looks: a sign that needs no colour, and a colour.
var signs = map[claim.Status]struct{ sign, colour string }{
	claim.Pass:         {"✓", "32"},
	claim.Fail:         {"✗", "31"},
	claim.Inconclusive: {"?", "33"},
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
	w      io.Writer
	lang   lang.Lang
	colour bool
	err    error // of the first write that failed
}

// NewTerminal returns a printer in a language. It prints in colours where w is
// a terminal that shows them.
func NewTerminal(w io.Writer, l lang.Lang) *Terminal {
	f, ok := w.(*os.File)
	colour := ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
	return &Terminal{w: w, lang: l, colour: colour}
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
	if !t.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (t *Terminal) text(code string, pairs ...any) string { return i18n.Text(t.lang, code, pairs...) }

// Outcome prints what crossed the wire and what was judged of it.
func (t *Terminal) Outcome(o *script.Outcome) {
	t.printf("%s  %s\n\n", t.Paint("1", o.Experiment.Name), safetext.Escape(o.Experiment.Lesson.In(t.lang)))
	if err := ladder(o, t.lang).Text(t.w, o.Recording.Packets); err != nil && t.err == nil {
		t.err = err
	}
	t.printf("\n")
	if o.Err != nil {
		t.printf("  %s\n\n", strings.ReplaceAll(safetext.EscapeLines(o.Why.In(t.lang)), "\n", "\n  "))
	}
	for _, v := range o.Verdicts {
		t.verdict(v, o.Err != nil)
	}
	t.printf("\n")
}

// Picture writes the ladder diagram as SVG.
func Picture(w io.Writer, o *script.Outcome, l lang.Lang) error {
	return ladder(o, l).SVG(w, o.Recording.Packets)
}

func ladder(o *script.Outcome, l lang.Lang) render.Ladder {
	return render.Ladder{
		Title: o.Experiment.Name + ": " + o.Experiment.Lesson.In(l),
		Lang:  l,
		Lanes: o.Experiment.Topology.Judged(),
		Names: o.Recording.Hosts.Names,
		Texts: o.Experiment.Plan().Texts,
		Label: func(p *sniffer.Packet) string {
			if m, ok := o.Recording.Marker(p); ok {
				return m.Label
			}
			return ""
		},
	}
}

// verdict prints one verdict; why it is inconclusive has been explained already
// where the script could not be carried out.
func (t *Terminal) verdict(v claim.Verdict, explained bool) {
	s := signs[v.Status]
	t.printf("  %s %s  %s\n", t.Paint(s.colour, s.sign+" "+status(v.Status, t.lang)), v.ID, safetext.Escape(v.Sentence.In(t.lang)))
	if len(v.Packets) > 0 {
		t.detail(t.text("report.packets"), numbers(v.Packets))
	}
	if v.Status == claim.Pass && len(v.Packets) == 0 {
		t.detail(t.text("report.observed"), t.observed(v))
	}
	if v.Status != claim.Pass && !explained {
		if v.Reason != nil {
			t.detail(t.text("report.because"), v.Reason.In(t.lang))
		}
		expected := strings.Join(v.Expected, "\n")
		if expected == "" {
			expected = t.text("report.nothing")
		}
		t.detail(t.text("report.expected"), expected)
		if len(v.Observed) > 0 || v.Seconds > 0 { // else it was not looked at
			t.detail(t.text("report.observed"), t.observed(v))
		}
	}
	if len(v.Notes) > 0 {
		t.detail(t.text("report.note"), i18n.Join(t.lang, v.Notes))
	}
}

// observed is the trace, or how long there was none.
func (t *Terminal) observed(v claim.Verdict) string {
	switch {
	case len(v.Observed) > 0:
		return strings.Join(v.Observed, "\n")
	case v.Dropped == nil:
		return t.text("report.silence.uncounted", "Time", render.Duration(v.Lasted()))
	}
	return t.text("report.silence.counted", "Time", render.Duration(v.Lasted()), "Count", *v.Dropped)
}

// detail prints a text of several lines behind a label.
func (t *Terminal) detail(label, text string) {
	for _, line := range strings.Split(text, "\n") {
		t.printf("      %s %s\n", runewidth.FillRight(label, 10), safetext.Escape(line))
		label = ""
	}
}

// numbers writes packet numbers as people do: 4-7, 12.
func numbers(packets []int) string {
	var parts []string
	for i := 0; i < len(packets); {
		j := i
		for j+1 < len(packets) && packets[j+1] == packets[j]+1 {
			j++
		}
		if j > i {
			parts = append(parts, fmt.Sprintf("%d-%d", packets[i], packets[j]))
		} else {
			parts = append(parts, strconv.Itoa(packets[i]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// Summary prints how many claims came to what, and where the captures are.
func (t *Terminal) Summary(r *Result, took time.Duration, dir string) {
	count := map[claim.Status]int{}
	for _, e := range r.Experiments {
		for _, c := range e.Claims {
			count[c.Status]++
		}
	}
	s := signs[r.Status()]
	t.printf("%s", t.Paint(s.colour, s.sign))
	for _, one := range []claim.Status{claim.Pass, claim.Fail, claim.Inconclusive} {
		if n := count[one]; n > 0 {
			t.printf(" %s", t.text("report.claims", "Number", n, "Status", status(one, t.lang)))
		}
	}
	t.printf("  %s  %.1f s", r.Backend, took.Seconds())
	if dir != "" {
		t.printf("  %s", t.text("report.captures", "Folder", safetext.Escape(dir)))
	}
	t.printf("\n")
}
