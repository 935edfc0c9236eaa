package inline

import (
	"os"
	"strings"
	"sync"
)

// maxPrinted is how many lines wait to be shown on a Console.
const maxPrinted = 4096

// Console is a terminal at which lines are typed below what is written. Its
// methods may be called from several goroutines at once.
type Console struct {
	lines       chan string
	interrupted chan struct{}
	container   bool // the terminal had no size
	end         chan struct{}
	done        chan struct{}
	once        sync.Once
	err         error // of closing, after done

	mu      sync.Mutex
	printed []Text
	wake    chan struct{}
}

// OpenConsole returns a console on the terminal of in and out; the caller closes
// it. The status line shows help, and so does the hint after Ctrl-C, which clears
// the line, and after Ctrl-D. askPaste is that of Screen. The error is that of Open.
func OpenConsole(in, out *os.File, askPaste func(lines, bytes int) string, prompt, help string) (*Console, error) {
	t, size, err := Open(in, out)
	if err != nil {
		return nil, err
	}
	c := &Console{
		lines: make(chan string), interrupted: make(chan struct{}), container: size.Cols == 0,
		end: make(chan struct{}), done: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	screen := &Screen{AskPaste: askPaste, Prompt: prompt, InterruptHint: help, Color: os.Getenv("NO_COLOR") == ""}
	screen.SetStatus(Text{{Dim, "-- " + help}})
	screen.Resize(size.Cols, size.Rows, false)
	go c.serve(t, screen)
	return c, nil
}

// Lines returns the lines that are typed. The channel is closed when the terminal is
// gone, or with the console.
func (c *Console) Lines() <-chan string { return c.lines }

// Interrupted returns a channel that is closed when Ctrl-C or Ctrl-D was pressed on
// an empty line. On a container's terminal it stays open: someone attached to a container
// must not stop it by accident.
func (c *Console) Interrupted() <-chan struct{} { return c.interrupted }

// Write shows lines above the one being typed. It never blocks and never fails: it
// drops lines that the terminal does not read for long.
func (c *Console) Write(p []byte) (int, error) {
	c.Print(Plain, string(p))
	return len(p), nil
}

// Print is Write in a style.
func (c *Console) Print(style Style, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range strings.Lines(text) {
		c.printed = append(c.printed, Text{{style, strings.TrimRight(line, "\r\n")}})
	}
	if extra := len(c.printed) - maxPrinted; extra > 0 {
		c.printed = c.printed[extra:]
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Close shows the lines that were written and restores the terminal's mode.
func (c *Console) Close() error {
	c.once.Do(func() { close(c.end) })
	<-c.done
	return c.err
}

// serve owns the terminal and the screen until the console is closed.
func (c *Console) serve(t *Terminal, screen *Screen) {
	defer close(c.done)
	keys, lines, interrupted := t.Keys, c.lines, c.interrupted
	var entered []string
	for {
		screen.Print(c.takePrinted()...)
		t.Write(screen.Output())
		out, first := lines, ""
		if len(entered) == 0 {
			out = nil
		} else {
			first = entered[0]
		}
		select {
		case <-c.end:
			screen.Print(c.takePrinted()...)
			screen.Close()
			t.Write(screen.Output())
			if lines != nil {
				close(lines)
			}
			c.err = t.Close()
			return
		case out <- first:
			entered = entered[1:]
		case k, ok := <-keys:
			if !ok {
				keys = nil
				close(lines)
				lines, entered = nil, nil
				break
			}
			if (k.Code == Interrupt || k.Code == Leave) && screen.editor.Text() == "" && !c.container && interrupted != nil {
				close(interrupted)
				interrupted = nil
			}
			typed, leave := screen.Key(k)
			entered = append(entered, typed...)
			if leave {
				screen.Hint(screen.InterruptHint)
			}
		case change := <-t.Changes:
			screen.Resize(change.Cols, change.Rows, change.Attached)
		case <-t.Behind:
			screen.Refresh()
		case <-c.wake:
		}
	}
}

func (c *Console) takePrinted() []Text {
	c.mu.Lock()
	defer c.mu.Unlock()
	printed := c.printed
	c.printed = nil
	return printed
}
