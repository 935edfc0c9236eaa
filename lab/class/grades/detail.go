package grades

import (
	"strings"

	"wirelab/internal/display"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/report"
)

// detail is all that is to be said of a claim that is not a pass: why, and the trace that
// was expected beside the one that was seen.
func (w Work) detail(c Claim, l lang.Lang) string {
	why := safetext.EscapeLines(w.why(c, l))
	// Of an expectation that could not be read there is nothing to compare.
	if c.State == Pass || c.Verdict == nil || c.Verdict.Reason == nil || strings.HasPrefix(c.Verdict.Reason.Code, "class.") {
		return why
	}
	var b strings.Builder
	if err := report.Difference(&b, l, display.Display{}, *c.Verdict); err != nil || b.Len() == 0 {
		return why
	}
	return outdented(strings.TrimRight(b.String(), "\n"))
}

// outdented is a text without the spaces that all its lines begin with.
func outdented(text string) string {
	lines, least := strings.Split(text, "\n"), len(text)
	for _, line := range lines {
		if rest := strings.TrimLeft(line, " "); rest != "" {
			least = min(least, len(line)-len(rest))
		}
	}
	for i, line := range lines {
		lines[i] = line[min(least, len(line)):]
	}
	return strings.Join(lines, "\n")
}
