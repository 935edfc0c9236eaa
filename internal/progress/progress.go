// Package progress says on one line of a terminal what is being done.
package progress

import (
	"fmt"
	"os"

	"golang.org/x/term"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/safetext"
)

// Line is one line on a terminal that says what is being done; on anything else it is
// silent. It is used by one goroutine at a time.
type Line struct {
	w     *os.File
	on    bool
	cut   string // stands for what does not fit
	shown bool
}

// New returns the line of a terminal. With ascii what does not fit is cut with dots.
func New(w *os.File, ascii bool) *Line {
	p := &Line{w: w, on: term.IsTerminal(int(w.Fd())) && !display.Dumb(), cut: "…"}
	if ascii {
		p.cut = "..."
	}
	return p
}

// Show replaces what the line says.
func (p *Line) Show(text string) {
	if !p.on {
		return
	}
	// The width is asked for each time, as the window may change.
	fmt.Fprintf(p.w, "\r\x1b[K%s", columns.Truncate(safetext.Escape(text), display.Of(p.w).Width-1, p.cut))
	p.shown = true
}

// Clear takes the line away, for other output.
func (p *Line) Clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
