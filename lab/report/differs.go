package report

import (
	"io"

	"wirelab/internal/display"
	"wirelab/internal/lang"
	"wirelab/lab/claim"
)

// Difference writes why a claim does not pass: the trace that was expected beside the
// one that was seen, with marks below the fields that differ.
func Difference(w io.Writer, l lang.Lang, show display.Display, v claim.Verdict) error {
	t := NewTerminal(w, l, show)
	t.difference(v)
	return t.Err()
}
