// Package display tells what the place can show to which text goes.
package display

import (
	"io"
	"os"

	"golang.org/x/term"

	"wirelab/internal/lang"
)

// Display is what a place can show. The zero value has lines of any length, no colour
// and all characters.
type Display struct {
	Width  int  // columns; 0 where a line may have any length
	Colour bool // escape sequences are carried out
	ASCII  bool // other characters are not shown
}

// assumedWidth is that of a terminal which does not tell its own, in columns.
const assumedWidth = 80

// Of returns what w can show: a terminal has its width, and colours unless NO_COLOR is
// set (https://no-color.org) or TERM is "dumb"; a locale without UTF-8 has ASCII.
func Of(w io.Writer) Display {
	d := Display{ASCII: !lang.UTF8()}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return d
	}
	d.Colour = os.Getenv("NO_COLOR") == "" && !Dumb()
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 1 {
		width = assumedWidth
	}
	d.Width = width
	return d
}

// Dumb reports whether the terminal carries out no escape sequence.
func Dumb() bool { return os.Getenv("TERM") == "dumb" }
