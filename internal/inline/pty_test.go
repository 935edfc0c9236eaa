//go:build linux || darwin

package inline

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"wirelab/internal/inline/inlinetest"
)

const patience = 10 * time.Second

// openPTY returns a terminal and its other end, where a person sits.
func openPTY(t *testing.T, size *pty.Winsize) (*Terminal, *os.File, *os.File) {
	t.Helper()
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close(); tty.Close() })
	if size != nil {
		if err := pty.Setsize(person, size); err != nil {
			t.Fatal(err)
		}
	}
	terminal, _, err := Open(tty, tty)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, person, tty
}

func await[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v, ok := <-c:
		if !ok {
			t.Fatalf("awaited %s: the channel is closed", what)
		}
		return v
	case <-time.After(patience):
		t.Fatalf("awaited %s", what)
	}
	panic("unreachable")
}

func awaitClosed(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("awaited %s", what)
	}
}

func TestTerminal(t *testing.T) {
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer person.Close()
	defer tty.Close()
	if err := pty.Setsize(person, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	terminal, size, err := Open(tty, tty)
	if err != nil {
		t.Fatal(err)
	}
	if size != (Size{80, 24}) {
		t.Errorf("size %v", size)
	}
	io.WriteString(person, "你好\x7f")
	if k := await(t, terminal.Keys, "a key"); k != (Key{Typed, "你好"}) {
		t.Errorf("got %+v", k)
	}
	if k := await(t, terminal.Keys, "a key"); k.Code != Backspace {
		t.Errorf("got %+v", k)
	}
	for _, size := range []pty.Winsize{{Rows: 25, Cols: 81}, {Rows: 24, Cols: 80}} { // as docker attach
		if err := pty.Setsize(person, &size); err != nil {
			t.Fatal(err)
		}
		syscall.Kill(os.Getpid(), syscall.SIGWINCH) // it is not our controlling terminal
	}
	if c := await(t, terminal.Changes, "a change of size"); c != (Change{Size{80, 24}, true}) {
		t.Errorf("got %+v", c)
	}
	terminal.Write("goodbye")
	if err := terminal.Close(); err != nil {
		t.Error(err)
	}
	shown := make([]byte, len(markPastes+"goodbye"+doNotMark))
	if _, err := io.ReadFull(person, shown); err != nil || string(shown) != markPastes+"goodbye"+doNotMark {
		t.Errorf("shown %q, %v", shown, err)
	}
	after, err := term.GetState(int(tty.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal's mode is not as it was: %v, %v, %v", before, after, err)
	}
}

// A terminal that does not read, such as a frozen docker attach, blocks nobody;
// when it reads again that is told, for all to be shown anew.
func TestFrozenTerminal(t *testing.T) {
	terminal, person, _ := openPTY(t, nil)
	line := strings.Repeat("x", 1022) + "\r\n"
	for range 3 * maxUnread / len(line) {
		terminal.Write(line) // nobody reads yet: if it blocked, it would for ever
	}
	var mu sync.Mutex
	var shown bytes.Buffer
	var reading sync.WaitGroup
	reading.Go(func() {
		b := make([]byte, 4096)
		for {
			n, err := person.Read(b)
			mu.Lock()
			shown.Write(b[:n])
			mu.Unlock()
			if err != nil || bytes.Contains(shown.Bytes(), []byte("the end")) {
				return
			}
		}
	})
	await(t, terminal.Behind, "a word about what was not shown")
	terminal.Write("the end")
	shownAll := make(chan struct{})
	go func() { reading.Wait(); close(shownAll) }()
	for waiting := true; waiting; {
		select {
		case <-shownAll:
			waiting = false
		case <-terminal.Behind: // the queue was full again, and so the end was dropped
			terminal.Write("the end")
		case <-time.After(patience):
			t.Fatal("awaited the end, which was written whenever something was not shown")
		}
	}
	if err := terminal.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(shown.String(), markPastes) {
		t.Error("a terminal without a size was told to mark what is pasted: it is a container's")
	}
}

func TestNoTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, _, err := Open(r, w); err == nil {
		t.Error("a pipe is no terminal")
	}
}

// The server's console: lines typed come out whole, lines written are shown
// above the one being typed.
func TestConsole(t *testing.T) {
	for _, container := range []bool{false, true} {
		person, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer person.Close()
		defer tty.Close()
		if !container {
			if err := pty.Setsize(person, &pty.Winsize{Rows: 6, Cols: 40}); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("NO_COLOR", "1")
		c, err := OpenConsole(tty, tty, nil, "(server) ", "/quit ends")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(person, "歡迎\x7f光臨\r")
		if line := await(t, c.Lines(), "a line"); line != "歡光臨" {
			t.Errorf("typed %q", line)
		}
		io.WriteString(person, "half\x03\x03")
		if !container {
			awaitClosed(t, c.Interrupted(), "Ctrl-C")
		}
		c.Write([]byte("one\ntwo\n"))
		io.WriteString(person, "next\r") // after Ctrl-C
		await(t, c.Lines(), "a line")
		select {
		case <-c.Interrupted():
			if container {
				t.Error("Ctrl-C ends the container that one is attached to")
			}
		default:
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, open := <-c.Lines(); open {
			t.Error("lines after Close")
		}
		v := inlinetest.New(t, 40, 6)
		if container {
			v = inlinetest.New(t, 80, 24)
		}
		var shown []byte
		b := make([]byte, 4096)
		for !bytes.Contains(shown, []byte("two\r\n")) {
			n, err := person.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			shown = append(shown, b[:n]...)
		}
		s := strings.NewReplacer(markPastes, "", doNotMark, "").Replace(string(shown))
		v.Show(s)
		if got := v.Screen(); !strings.HasPrefix(got, "one\ntwo\n") {
			t.Errorf("shown:\n%s", got)
		}
	}
}
