package cli

import (
	"fmt"
	"io"

	"wirelab/chat/tui"
)

// newScreen returns a writer of lines that a frozen terminal cannot block. It
// says how many it has dropped.
func newScreen(out io.Writer) *tui.Writer {
	return tui.NewWriter(out, func(dropped int) string {
		return fmt.Sprintf("[%d lines not shown]\n", dropped)
	})
}
