package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab"
	"wirelab/sniffer"
	"wirelab/sniffer/render"
)

// style is how a status looks: a sign that needs no colour, and a colour.
var styles = map[lab.Status]struct{ sign, colour, chinese string }{
	lab.Pass:         {"✓", "32", "通過"},
	lab.Fail:         {"✗", "31", "失敗"},
	lab.Inconclusive: {"?", "33", "無法判定"},
}

func coloured(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

func paint(w io.Writer, colour, text string) string {
	if !coloured(w) {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// printOutcome prints what crossed the wire and what was judged of it.
func printOutcome(w io.Writer, o *lab.Outcome, l lang.Lang) error {
	fmt.Fprintf(w, "%s  %s\n\n", paint(w, "1", o.Experiment.Name), o.Experiment.Lesson.In(l))
	if err := ladderOf(o, l).Text(w, o.Record.Packets); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if o.Err != nil {
		fmt.Fprintf(w, "  %s\n\n", strings.ReplaceAll(o.Err.Error(), "\n", "\n  "))
	}
	for _, v := range o.Verdicts {
		printVerdict(w, v, o.Err != nil, l)
	}
	fmt.Fprintln(w)
	return nil
}

func ladderOf(o *lab.Outcome, l lang.Lang) render.Ladder {
	return render.Ladder{
		Title: o.Experiment.Name + ": " + o.Experiment.Lesson.In(l),
		Lang:  l,
		Lanes: o.Experiment.Topology.Judged(),
		Names: o.Record.Hosts,
		Texts: o.Experiment.Texts(),
		Label: func(p *sniffer.Packet) string {
			if m, ok := o.Record.Marker(p); ok {
				return m.Label
			}
			return ""
		},
	}
}

func printVerdict(w io.Writer, v lab.Verdict, explained bool, l lang.Lang) {
	s, words := styles[v.Status], v.In(l)
	fmt.Fprintf(w, "  %s %s  %s\n", paint(w, s.colour, s.sign+" "+l.Pick(string(v.Status), s.chinese)), v.ID, words.Sentence)
	detail := func(label, text string) {
		if text == "" {
			return
		}
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(w, "      %s %s\n", runewidth.FillRight(label, 10), line)
		}
	}
	if len(v.Packets) > 0 {
		detail(l.Pick("packets", "封包"), numbers(v.Packets))
	}
	if v.Status == lab.Pass && len(v.Packets) == 0 {
		detail(l.Pick("observed", "實際結果"), words.Observed)
	}
	if v.Status != lab.Pass && !explained {
		detail(l.Pick("because", "原因"), words.Reason)
		detail(l.Pick("expected", "預期結果"), words.Expected)
		detail(l.Pick("observed", "實際結果"), words.Observed)
	}
	detail(l.Pick("note", "備註"), words.Note)
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

func printSummary(w io.Writer, r *lab.Result, took time.Duration, dir string, l lang.Lang) {
	count := map[lab.Status]int{}
	for _, e := range r.Experiments {
		for _, c := range e.Claims {
			count[c.Status]++
		}
	}
	s := styles[r.Status()]
	fmt.Fprintf(w, "%s", paint(w, s.colour, s.sign))
	for _, status := range []lab.Status{lab.Pass, lab.Fail, lab.Inconclusive} {
		if n := count[status]; n > 0 {
			fmt.Fprintf(w, " %s", l.Pick(fmt.Sprintf("%d %s", n, status), fmt.Sprintf("%d 項%s", n, styles[status].chinese)))
		}
	}
	fmt.Fprintf(w, "  %s  %.1f s", r.Backend, took.Seconds())
	if dir != "" {
		fmt.Fprintf(w, "  %s %s", l.Pick("captures in", "擷取檔位於"), safetext.Escape(dir))
	}
	fmt.Fprintln(w)
}

func shorten(s string, width int) string { return runewidth.Truncate(s, width, "…") }
