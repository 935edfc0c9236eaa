package report

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"wirelab/internal/safetext"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// Experiment prints what an experiment is: its lesson, the hosts, the script and what
// it claims.
func (t *Terminal) Experiment(e *script.Experiment) {
	t.printf("%s  %s\n\n", t.Paint("1", e.Name), safetext.Escape(e.Lesson.In(t.lang)))
	t.Topology(e.Topology)
	if e.Runs() {
		t.printf("\n%s\n", t.Paint("1", t.text("show.script")))
		t.Script(e)
	}
	t.printf("\n%s\n", t.Paint("1", t.text("show.claims")))
	for _, c := range e.Claims {
		t.printf("  %s  %s\n", c.ID, c.Scope())
		if s := c.Sentence.In(t.lang); s != "" {
			t.printf("      %s\n", safetext.Escape(s))
		}
		for _, line := range t.expected(c) {
			t.printf("      %s %s\n", t.Paint("2", "|"), safetext.Escape(line))
		}
	}
}

// Question prints what is to be known of an experiment before it is guessed what crosses
// the wire: the hosts and the script. The lesson and the claims would be the answer.
func (t *Terminal) Question(e *script.Experiment) {
	t.printf("%s\n\n", t.Paint("1", e.Name))
	t.Topology(e.Topology)
	t.printf("\n")
	t.Script(e)
}

// expected are the lines of a claim in columns; of none, that there is nothing.
func (t *Terminal) expected(c claim.Claim) []string {
	if len(c.Expected) == 0 {
		return []string{t.text("report.nothing")}
	}
	return trace.Columns(c.Expected)
}

// Script prints the steps of an experiment with the numbers of their lines. A line
// stays empty behind each phase.
func (t *Terminal) Script(e *script.Experiment) {
	for i, s := range e.Steps {
		t.printf("  %4d  %s\n", s.Line, s)
		if s.Verb == "settle" && i < len(e.Steps)-1 {
			t.printf("\n")
		}
	}
}

// Topology draws the hosts of a lab and the segment that they are on.
func (t *Terminal) Topology(topology lab.Topology) {
	width := 0
	for _, h := range topology.Hosts {
		width = max(width, runewidth.StringWidth(h))
	}
	last := len(topology.Hosts) - 1
	for i, h := range topology.Hosts {
		corner := "┤"
		switch i {
		case 0:
			corner = "┐"
		case last:
			corner = "┘"
		}
		note := ""
		switch {
		case i == last/2:
			corner, note = strings.NewReplacer("┤", "┼", "┐", "┬", "┘", "┴").Replace(corner)+"──", " "+t.text("show.segment")
		case h == lab.SnifferHost:
			note = "   " + t.text("show.sniffer")
		}
		t.printf("  %s\n", strings.TrimRight(fmt.Sprintf("%s ──%s%s", runewidth.FillRight(h, width), corner, note), " "))
	}
}
