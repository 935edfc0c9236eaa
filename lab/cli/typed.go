package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"wirelab/internal/safetext"
)

// typed is what the person who runs a command types, a line at a time, on a terminal
// or through a pipe.
type typed struct {
	out      io.Writer   // where a line of a pipe is shown, as a terminal shows its own
	terminal bool        // in is one
	lines    chan string // closed at the end of the input
}

// maxTyped bounds a line that is typed, in bytes.
const maxTyped = 1 << 12

// newTyped reads lines until in ends. Nothing interrupts a read of a terminal, so that
// its goroutine ends with the process.
func newTyped(in io.Reader, out io.Writer) *typed {
	f, ok := in.(*os.File)
	t := &typed{out: out, terminal: ok && term.IsTerminal(int(f.Fd())), lines: make(chan string)}
	go func() {
		defer close(t.lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, maxTyped)
		for scanner.Scan() {
			t.lines <- scanner.Text()
		}
	}()
	return t
}

// errTypedEnd says that nobody types any more.
var errTypedEnd = io.EOF

// errOther says that something else has happened than that a line was typed.
var errOther = fmt.Errorf("something else has happened")

// next returns the next line. The error is errTypedEnd, errOther where the channel other
// was closed before, or that of ctx.
func (t *typed) next(ctx context.Context, other <-chan struct{}) (string, error) {
	select {
	case line, ok := <-t.lines:
		if !t.terminal {
			fmt.Fprintln(t.out, safetext.Escape(line))
		}
		if !ok {
			return "", errTypedEnd
		}
		return line, nil
	case <-other:
		return "", errOther
	case <-ctx.Done():
		fmt.Fprintln(t.out)
		return "", context.Cause(ctx)
	}
}
