package cli

import (
	"fmt"
	"io"

	"wirelab/internal/inline"
)

// newScreen returns a writer of lines that a frozen terminal cannot block. It writes
// how many lines it has dropped.
func newScreen(out io.Writer) *inline.Writer {
	return inline.NewWriter(out, func(dropped int) string {
		return fmt.Sprintf("[%d lines not shown]\n", dropped)
	})
}
