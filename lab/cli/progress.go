package cli

import (
	"fmt"
	"os"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"wirelab/internal/safetext"
)

// progress is one line on a terminal that says what is being done; on anything
// else it is silent.
type progress struct {
	w     *os.File
	on    bool
	shown bool
}

func newProgress(w *os.File) *progress {
	return &progress{w: w, on: term.IsTerminal(int(w.Fd())) && os.Getenv("TERM") != "dumb"}
}

func (p *progress) show(text string) {
	if !p.on {
		return
	}
	width, _, err := term.GetSize(int(p.w.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", runewidth.Truncate(safetext.Escape(text), width-1, "…"))
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
