package filter

import (
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"

	"github.com/mattn/go-runewidth"
)

// syntaxError says what in an expression is wrong or not supported, and where.
type syntaxError struct {
	Expr string // the whole expression
	Pos  int    // offset in Expr, bytes; len(Expr) if its end came too soon
	Msg  i18n.Message
}

// reasonMsg is what is wrong with an expression. Texts are parts of it: what acts on a
// terminal is escaped in them.
func reasonMsg(code string, pairs ...any) i18n.Message {
	for i, v := range pairs {
		if text, ok := v.(string); ok {
			pairs[i] = safetext.Escape(text)
		}
	}
	return i18n.Msg(code, pairs...)
}

// UnknownHostError says that an expression has the name of a host that Compile was not
// given.
type UnknownHostError struct {
	Name    string // the unknown name
	Nearest string // the most similar name that Compile was given, "" if none is similar
	place   *syntaxError
}

func (e *UnknownHostError) Error() string { return e.place.Error() }

// Unwrap returns the error that shows the place.
func (e *UnknownHostError) Unwrap() error { return e.place }

// Place returns the expression, and a line to print below it that has a caret under the
// name. Control characters are escaped in both.
func (e *UnknownHostError) Place() (expression, caret string) { return e.place.show() }

// Error returns the message, and below it the expression with a caret under
// the position. Nothing in it can act on a terminal.
func (e *syntaxError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated.
func (e *syntaxError) Unwrap() error {
	expression, caret := e.show()
	return i18n.Errmsg("filter.at", "Cause", e.Msg, "Filter", expression, "Caret", caret)
}

func (e *syntaxError) show() (expression, caret string) {
	before := safetext.Escape(e.Expr[:e.Pos])
	return before + safetext.Escape(e.Expr[e.Pos:]), strings.Repeat(" ", runewidth.StringWidth(before)) + "^"
}
