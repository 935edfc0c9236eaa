package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab"
	"wirelab/lab/report"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/sniffer/render"
)

// stepper carries a script out a line at a time, whenever Enter is typed, and shows
// what the sniffer has captured by then. Between two barriers that may not be all that
// was sent; at a barrier it is.
type stepper struct {
	ctx   context.Context
	lang  lang.Lang
	in    *typed // nil once the input has ended: the rest is carried out at once
	out   io.Writer
	t     *report.Terminal // on out
	clear string           // takes a prompt away
	texts []string         // that the experiment says
	shown int              // packets, of the experiment that runs
	phase int              // of these, packets that are no markers, since the last barrier
}

func newStepper(ctx context.Context, l lang.Lang, in *typed, out io.Writer, t *report.Terminal) *stepper {
	s := &stepper{ctx: ctx, lang: l, in: in, out: out, t: t, clear: "\n"}
	if f, ok := out.(*os.File); ok && in.terminal && term.IsTerminal(int(f.Fd())) && !display.Dumb() {
		s.clear = "\r\x1b[K"
	}
	return s
}

// begin is told which experiment is next.
func (s *stepper) begin(e *script.Experiment) { s.texts, s.shown, s.phase = e.Plan().Texts, 0, 0 }

// observe is told what happens; the script waits for it.
func (s *stepper) observe(e script.Event) {
	switch e.Kind {
	case script.Up:
		s.t.Paragraph("", 0, i18n.Text(s.lang, "step.help"), 0)
		fmt.Fprintln(s.out)
	case script.Begun:
		s.wait(e)
	case script.Ended:
		s.show(e.Lab)
		if e.Error != "" && s.ctx.Err() == nil {
			fmt.Fprintln(s.out, indented(safetext.EscapeLines(e.Error)))
		}
	case script.Barrier:
		fmt.Fprintf(s.out, "      %s\n", i18n.Text(s.lang, "step.phase", "Label", e.Label, "Count", s.phase))
		s.t.Provisional(e.Verdicts)
		s.phase = 0
		fmt.Fprintln(s.out)
	}
}

// wait shows the step that is next and returns when Enter was typed, or ctx has ended.
// Packets that arrive meanwhile are shown as they arrive.
func (s *stepper) wait(e script.Event) {
	step := fmt.Sprintf("%4d  %s", e.Line, safetext.Escape(e.Step))
	if s.in == nil {
		fmt.Fprintln(s.out, step)
		return
	}
	prompt := step + "  " + i18n.Text(s.lang, "step.enter") + " "
	fmt.Fprint(s.out, prompt)
	for {
		changed := e.Lab.Changed()
		if lines := s.news(e.Lab); lines != "" {
			fmt.Fprint(s.out, s.clear+lines+prompt)
		}
		_, err := s.in.next(s.ctx, changed)
		switch {
		case errors.Is(err, errOther):
			continue
		case errors.Is(err, errTypedEnd):
			s.in = nil
		}
		return
	}
}

// show prints what was captured since it was shown last.
func (s *stepper) show(l *lab.Lab) { fmt.Fprint(s.out, s.news(l)) }

// news are the lines of the packets that were captured since they were shown last,
// without the lab's own.
func (s *stepper) news(l *lab.Lab) string {
	var b strings.Builder
	l.View(func(r *trace.Recording) {
		lines := render.Ladder{Names: r.Hosts.Names, Texts: s.texts}
		for n := s.shown + 1; n <= r.Len(); n++ {
			p := r.Packet(n)
			if _, marker := r.Marker(p); marker {
				continue
			}
			s.phase++
			line := lines.Line(p)
			if segment := r.Hosts.SegmentOf(p); segment != "" {
				line = segment + "  " + line
			}
			fmt.Fprintf(&b, "      %4d  %s\n", p.Number, line)
		}
		s.shown = r.Len()
	})
	return b.String()
}

// indented sets lines off.
func indented(text string) string {
	return "      " + strings.ReplaceAll(text, "\n", "\n      ")
}
