package report

import (
	"fmt"

	"wirelab/internal/columns"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// Experiment prints what an experiment is: its lesson, the hosts, the script and what
// it claims.
func (t *Terminal) Experiment(e *script.Experiment) {
	t.lesson(e)
	t.printf("\n")
	t.Topology(e.Topology)
	if e.Runs() {
		t.printf("\n%s\n", t.Paint("1", t.text("show.script")))
		t.Script(e)
	}
	t.printf("\n%s\n", t.Paint("1", t.text("show.claims")))
	for _, c := range e.Claims {
		t.Paragraph("  "+c.ID+"  ", columns.Width(c.ID)+4, t.escape(c.Scope()), 6)
		if s := c.Sentence.In(t.lang); s != "" {
			t.Paragraph("      ", 6, t.escape(s), 6)
		}
		for _, line := range t.expected(c) {
			t.Paragraph("      "+t.Paint("2", "|")+" ", 8, t.escape(line), 10)
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
	if c.Matcher != nil {
		var what []string
		for _, s := range c.Matcher.What {
			what = append(what, s.String())
		}
		return what
	}
	if len(c.Expected) == 0 {
		return []string{t.text("report.nothing")}
	}
	return trace.Columns(c.Expected)
}

// Script prints the steps of an experiment with the numbers of their lines. A line
// stays empty behind each phase.
func (t *Terminal) Script(e *script.Experiment) {
	for i, s := range e.Steps {
		t.Paragraph(fmt.Sprintf("  %4d  ", s.Line), 8, t.escape(s.String()), 10)
		if s.Verb == "settle" && i < len(e.Steps)-1 {
			t.printf("\n")
		}
	}
}
