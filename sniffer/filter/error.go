package filter

import (
	"strings"

	"wirelab/internal/safetext"

	"github.com/mattn/go-runewidth"
)

// syntaxError says what in an expression is wrong or not supported, and where.
type syntaxError struct {
	Expr string // the whole expression
	Pos  int    // offset in Expr, bytes; len(Expr) if its end came too soon
	Msg  string
}

// Error returns the message, and below it the expression with a caret under
// the position. Nothing in it can act on a terminal.
func (e *syntaxError) Error() string {
	before := safetext.Escape(e.Expr[:e.Pos])
	return "filter: " + safetext.Escape(e.Msg) + "\n  " + before + safetext.Escape(e.Expr[e.Pos:]) +
		"\n  " + strings.Repeat(" ", runewidth.StringWidth(before)) + "^"
}
