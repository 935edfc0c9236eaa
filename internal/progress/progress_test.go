package progress

import (
	"strings"
	"testing"

	"github.com/creack/pty"
)

// Progress is one line that fits, on a terminal that can take it away again.
func TestProgress(t *testing.T) {
	for _, test := range []struct {
		name, term string
		ascii      bool
		want       string
	}{
		{"a terminal", "xterm", false, "\r\x1b[Kping: 線路上…\r\x1b[Kdone"},
		{"ASCII", "xterm", true, "\r\x1b[Kping: 線路...\r\x1b[Kdone"},
		{"a dumb terminal", "dumb", false, "done"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TERM", test.term)
			master, terminal, err := pty.Open()
			if err != nil {
				t.Skipf("no pseudo-terminal: %v", err)
			}
			t.Cleanup(func() { master.Close(); terminal.Close() })
			if err := pty.Setsize(terminal, &pty.Winsize{Cols: 15, Rows: 24}); err != nil {
				t.Fatal(err)
			}
			p := New(terminal, test.ascii)
			p.Show("ping: 線路上的封包")
			p.Clear()
			if _, err := terminal.WriteString("done"); err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for b := make([]byte, 256); !strings.HasSuffix(got.String(), "done"); {
				n, err := master.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				got.Write(b[:n])
			}
			if got.String() != test.want {
				t.Errorf("%q, want %q", got.String(), test.want)
			}
		})
	}
}
