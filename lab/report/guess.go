package report

import (
	"slices"
	"strings"

	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// Guess prints what somebody had expected in place of a claim's own expectation beside
// what crossed the wire. Whether a segment is acknowledged nobody has to guess.
func (t *Terminal) Guess(c claim.Claim, guessed []string, o *script.Outcome) {
	at := slices.IndexFunc(o.Verdicts, func(v claim.Verdict) bool { return v.ID == c.ID })
	if at < 0 || o.Verdicts[at].Status == claim.Inconclusive {
		return // the report has said why nothing is known
	}
	guess, wire := withoutAcked(guessed), withoutAcked(o.Verdicts[at].Observed)
	right := 0
	for _, p := range claim.Align(guess, wire) {
		if p.Expected != "" && p.Observed != "" {
			right++
		}
	}
	all := max(len(guess), len(wire))
	if all == 0 {
		right, all = 1, 1 // nothing was guessed, and nothing crossed
	}
	t.printf("%s\n", t.Paint("1", t.text("quiz.result", "Claim", c.ID, "Right", right, "All", all)))
	t.beside(guess, wire)
	if right < all {
		t.printf("      %s\n", t.text("quiz.signs"))
	}
	t.printf("\n")
}

func withoutAcked(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, strings.TrimSuffix(line, " "+trace.Acked))
	}
	return all
}

// Provisional prints verdicts that are reached while an experiment runs.
func (t *Terminal) Provisional(verdicts []claim.Verdict) {
	for _, v := range verdicts {
		t.printf("      %s %s\n", t.Paint(signs[v.Status].colour, t.sign(v.Status)+" "+status(v.Status, t.lang)), v.ID)
	}
}

// Filled prints what was filled in in an experiment file, and whose work is left.
func (t *Terminal) Filled(path string, u *script.Updated) {
	path = t.escape(path)
	if len(u.Filled) == 0 {
		t.printf("%s\n\n", t.text("update.same", "File", path))
		return
	}
	t.printf("%s\n", t.text("update.filled", "File", path, "Count", len(u.Filled)))
	for _, v := range u.Filled {
		t.printf("  %s\n", v.ID)
		t.beside(v.Expected, v.Observed)
	}
	t.printf("%s\n\n", t.text("update.read"))
}
