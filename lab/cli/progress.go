package cli

import (
	"fmt"
	"os"

	"golang.org/x/term"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/safetext"
)

// progress is one line on a terminal that says what is being done; on anything
// else it is silent.
type progress struct {
	w     *os.File
	on    bool
	cut   string // stands for what does not fit
	shown bool
}

func newProgress(w *os.File, ascii bool) *progress {
	p := &progress{w: w, on: term.IsTerminal(int(w.Fd())) && !display.Dumb(), cut: "…"}
	if ascii {
		p.cut = "..."
	}
	return p
}

func (p *progress) show(text string) {
	if !p.on {
		return
	}
	// The width is asked for each time, as the window may change.
	fmt.Fprintf(p.w, "\r\x1b[K%s", columns.Truncate(safetext.Escape(text), display.Of(p.w).Width-1, p.cut))
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
