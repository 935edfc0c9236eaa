package report

import (
	"path/filepath"
	"time"

	"wirelab/internal/columns"
	"wirelab/internal/self"
	"wirelab/lab/claim"
)

// Summary prints what all experiments have come to: a table of their claims where there
// were several experiments, and how many claims came to what.
func (t *Terminal) Summary(r *Result, took time.Duration) {
	count := map[claim.Status]int{}
	widest := 0
	for _, e := range r.Experiments {
		for _, c := range e.Claims {
			count[c.Status]++
			widest = max(widest, columns.Width(c.ID))
		}
	}
	if len(r.Experiments) > 1 {
		for _, e := range r.Experiments {
			for _, c := range e.Claims {
				head := "  " + t.Sign(c.Status) + " " + columns.Pad(c.ID, widest) + "  "
				packets := t.packets(c.Packets)
				if packets == "" && c.Status != claim.Inconclusive { // of which it is not known
					packets = t.text("report.nothing")
					if c.Matcher != "" {
						packets = t.text("report.unmatched.none")
					}
				}
				t.Paragraph(head, widest+6, packets, widest+6)
			}
		}
		t.printf("\n")
	}
	t.printf("%s", t.Sign(r.Status()))
	for _, one := range []claim.Status{claim.Pass, claim.Fail, claim.Inconclusive} {
		if n := count[one]; n > 0 {
			t.printf(" %s", t.text("report.claims", "Number", n, "Status", status(one, t.lang)))
		}
	}
	t.printf("  %s  %.1f s\n", r.Backend, took.Seconds())
}

// Next prints what to do with the files of a run, and after it. Up is the command that
// starts a lab to try things in; it is "" for a reader who has a lab.
func (t *Terminal) Next(r *Result, dir, up string) {
	of := r.Experiments[0] // the first that somebody should look at
	for _, e := range r.Experiments {
		if e.Status != claim.Pass {
			of = e
			break
		}
	}
	path := filepath.Join(dir, of.Name)
	steps := [][2]string{
		{self.Quote(path + ".svg"), t.text("report.next.svg")},
		{"wireshark " + self.Quote(path+".pcapng"), t.text("report.next.wireshark")},
	}
	if up != "" {
		steps = append(steps, [2]string{up, t.text("report.next.up")})
	}
	widest := 0
	for _, s := range steps {
		widest = max(widest, columns.Width(t.escape(s[0])))
	}
	t.printf("\n%s\n", t.text("report.next.title"))
	for _, s := range steps {
		command := t.escape(s[0])
		if taken := widest + 4; t.show.Width == 0 || taken+columns.Width(s[1]) <= t.show.Width {
			t.printf("  %s  %s\n", columns.Pad(command, widest), s[1])
			continue
		}
		t.printf("  %s\n", command) // which is pasted as a whole
		t.Paragraph("      ", 6, s[1], 6)
	}
}
