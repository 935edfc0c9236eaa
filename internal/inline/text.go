package inline

import (
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"wirelab/internal/columns"
	"wirelab/internal/safetext"
)

// Width returns how many columns s takes. The cursor is right even on a terminal that
// gives a character another width: it is saved and restored, not moved by counting.
func Width(s string) int { return columns.Width(s) }

// rows returns how many rows s takes on a terminal that wraps.
func rows(s string, cols int) int {
	n, at := 1, 0
	for g := graphemes.FromString(s); g.Next(); {
		w := Width(g.Value())
		if at+w > cols {
			n, at = n+1, 0
		}
		at += w
	}
	return n
}

// truncate cuts s to so many columns and marks the cut.
func truncate(s string, cols int) string { return columns.Truncate(s, cols, "›") }

// tail returns the end of s that fits in so many columns.
func tail(s string, cols int) string {
	w, at := Width(s), 0
	for g := graphemes.FromString(s); w > cols && g.Next(); {
		w -= Width(g.Value())
		at += len(g.Value())
	}
	return s[at:]
}

// Style is how a piece of text looks: the parameters of SGR (ECMA-48, section
// 8.3.117); empty for plain.
type Style string

// The styles.
const (
	Plain   Style = ""
	Dim     Style = "2"
	Bold    Style = "1"
	Marked  Style = "1;7" // bold, colours exchanged
	Warning Style = "33"
	Picture Style = "97;40" // white on black, whatever the terminal's colours are
)

// Span is text in one style.
type Span struct {
	Style Style
	Text  string
}

// Span returns text in the style.
func (s Style) Span(text string) Span { return Span{s, text} }

// Text is a line of output.
type Text []Span

// render returns the text with its colours or without, and without control
// characters.
func (t Text) render(color bool) string {
	var b strings.Builder
	for _, s := range t {
		safe := safetext.Strip(s.Text)
		if color && s.Style != Plain && safe != "" {
			b.WriteString("\x1b[" + string(s.Style) + "m" + safe + "\x1b[m")
		} else {
			b.WriteString(safe)
		}
	}
	return b.String()
}
