package display

import (
	"bytes"
	"testing"

	"github.com/creack/pty"
)

func TestOf(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close(); terminal.Close() })
	for _, test := range []struct {
		name, term, noColour, locale string
		cols                         uint16
		want                         Display
	}{
		{"a terminal", "xterm", "", "C.UTF-8", 60, Display{Width: 60, Colour: true}},
		{"without its size", "xterm", "", "C.UTF-8", 0, Display{Width: assumedWidth, Colour: true}},
		{"a dumb one", "dumb", "", "C.UTF-8", 60, Display{Width: 60}},
		{"NO_COLOR", "xterm", "1", "C.UTF-8", 60, Display{Width: 60}},
		{"a locale without UTF-8", "xterm", "", "C", 60, Display{Width: 60, Colour: true, ASCII: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TERM", test.term)
			t.Setenv("NO_COLOR", test.noColour)
			t.Setenv("LC_ALL", test.locale)
			if err := pty.Setsize(terminal, &pty.Winsize{Cols: test.cols, Rows: 24}); err != nil {
				t.Fatal(err)
			}
			if got := Of(terminal); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
	t.Setenv("LC_ALL", "C.UTF-8")
	if got := Of(&bytes.Buffer{}); got != (Display{}) {
		t.Errorf("a buffer: %+v", got)
	}
}
