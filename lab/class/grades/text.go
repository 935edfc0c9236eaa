package grades

import (
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab/claim"
)

// stateText is a state in people's language.
func stateText(s State, l lang.Lang) string {
	switch s {
	case Pass:
		return i18n.Text(l, "report.pass")
	case Fail:
		return i18n.Text(l, "report.fail")
	case Inconclusive:
		return i18n.Text(l, "report.inconclusive")
	case Missing:
		return i18n.Text(l, "grades.missing")
	}
	return i18n.Text(l, "grades.pending")
}

// verdictOf is the status by which a report shows a state, false for a state that is no
// verdict.
func verdictOf(s State) (claim.Status, bool) {
	switch s {
	case Pass, Fail, Inconclusive:
		return claim.Status(s), true
	}
	return "", false
}
