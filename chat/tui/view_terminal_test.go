package tui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/chat"
	"wirelab/internal/inline/inlinetest"
	"wirelab/internal/lang"
)

// The cursor stands where the next character goes, in columns: 中文 and emoji
// take two each, an accent none.
func TestCursorColumns(t *testing.T) {
	tests := []struct {
		keys string
		want int // after the prompt
	}{
		{"你好a", 5}, // bubbles v2.2.1 puts it at 7
		{"你好a" + left, 4},
		{"你好a" + left + left, 2},
		{family + "b", 3},
		{waving + flag, 4},
		{"caf" + accented, 4},
		{"caf" + accented + left, 3},
		{"你好" + home, 0},
		{"你好" + erase + "x", 3},
	}
	for _, tt := range tests {
		d := newDesk(t, lang.English, 40, 5).join("me")
		d.typing(tt.keys)
		d.vt.Show(d.Output())
		if got := d.vt.Column() - len("(me) "); got != tt.want {
			t.Errorf("%q: column %d, want %d:\n%s", tt.keys, got, tt.want, d.vt.Screen())
		}
	}
}

func TestLongLineScrolls(t *testing.T) {
	d := newDesk(t, lang.English, 20, 4).join("me")
	d.vt.Show(d.Output())
	d.typing("一二三四五六七八九十")
	d.looks("* joined server:7000\n as me (tcp)\n-- tcp server:7000›\n(me) ‹七八九十█\n")
	d.typing(left + left)
	d.looks("* joined server:7000\n as me (tcp)\n-- tcp server:7000›\n(me) ‹五六七八█九十\n")
	d.typing(home)
	d.looks("* joined server:7000\n as me (tcp)\n-- tcp server:7000›\n(me) █一二三四五六›\n")
	d.typing("\r")
	if got := d.takeOutgoing(); got[len(got)-1] != "一二三四五六七八九十" {
		t.Errorf("said %q", got)
	}
}

func TestCtrlCAndCtrlD(t *testing.T) {
	d := newDesk(t, lang.English, 40, 4).join("me")
	d.typing("half a line\x03")
	d.looks("* joined server:7000 as me (tcp)\n/quit or Ctrl-D leaves the room\n(me) █\n")
	d.typing("x")
	d.looks("* joined server:7000 as me (tcp)\n-- tcp server:7000 -- 1 here: me\n(me) x█\n")
	d.typing("\x04")
	if _, leaving := d.wantsToLeave(); leaving {
		t.Error("Ctrl-D left in the middle of a line")
	}
	d.typing(erase + "\x04")
	if _, leaving := d.wantsToLeave(); !leaving {
		t.Error("Ctrl-D on an empty line does not leave")
	}
	for _, word := range []string{"exit", "/quit"} {
		d := newDesk(t, lang.English, 40, 4).join("me")
		d.typing(word + "ing\r")
		if _, leaving := d.wantsToLeave(); leaving {
			t.Errorf("%sing leaves", word)
		}
		d.typing(word + "\r")
		if got, leaving := d.wantsToLeave(); !leaving || got != word {
			t.Errorf("%s does not leave", word)
		}
	}
}

func TestPasteAsks(t *testing.T) {
	tests := []struct {
		answer string
		said   []string
		line   string
	}{
		{"\r", []string{"one", "二", "three"}, ""},
		{"j", nil, "one 二 three"},
		{"n", nil, ""},
		{"\x03", nil, ""},
	}
	for _, tt := range tests {
		d := newDesk(t, lang.English, 70, 4).join("me")
		d.takeOutgoing()
		d.typing("\x1b[200~one\n二\r\n\nthree\n\x1b[201~")
		d.looks("* joined server:7000 as me (tcp)\n3 lines pasted: Enter says each, j as one (13/4095 bytes), else none\n(me) █\n")
		d.typing(tt.answer)
		if diff := cmp.Diff(tt.said, d.takeOutgoing()); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tt.answer, diff)
		}
		d.vt.Show(d.Output())
		if got := lastLines(d.vt.Screen(), 1); got != "(me) "+tt.line+"█\n" {
			t.Errorf("%q: the line is %q, want %q", tt.answer, got, tt.line)
		}
	}
	d := newDesk(t, lang.English, 70, 4).join("me")
	d.typing("\x1b[200~one\n\x1b[201~")
	d.looks("* joined server:7000 as me (tcp)\n-- tcp server:7000 -- 1 here: me\n(me) one█\n")
}

// Each time somebody attaches, the last screenful is shown where their cursor
// is, and what they have on their screen stays.
func TestAttach(t *testing.T) {
	d := newDesk(t, lang.English, 0, 0).join("alice")
	for _, text := range []string{"one", "two", "a line that is longer than the screen is wide", "four"} {
		d.hear(chat.Say, "bob", text)
	}
	if got := d.Output(); strings.Contains(got, "\x1b") || !strings.Contains(got, " bob: two\r\n") {
		t.Errorf("before anyone looks: %q", got)
	}
	d.vt = inlinetest.New(t, 30, 8)
	d.vt.Show("$ docker attach client1\r\n")
	d.Resize(30, 8, true)
	d.typing("half")
	d.looks(`
$ docker attach client1
12:34 bob: one
12:34 bob: two
12:34 bob: a line that is long
er than the screen is wide
12:34 bob: four
-- tcp server:7000 -- 1 here›
(alice) half█
`)
	d.vt.Show("read escape sequence\r\n$ docker attach client1\r\n")
	d.hear(chat.Say, "bob", "five")
	d.Output() // nobody sees it
	d.Resize(30, 8, true)
	d.vt.Show(d.Output())
	if diff := cmp.Diff("12:34 bob: five\n-- tcp server:7000 -- 1 here›\n(alice) half█\n", lastLines(d.vt.Screen(), 3)); diff != "" {
		t.Errorf("after attaching again (-want +got)\n%s", diff)
	}
}

func lastLines(s string, n int) string {
	lines := strings.SplitAfter(strings.TrimSuffix(s, "\n"), "\n")
	return strings.Join(lines[len(lines)-n:], "") + "\n"
}

// A terminal that has become narrower has wrapped the two rows: nothing is left
// of them.
func TestNarrower(t *testing.T) {
	d := newDesk(t, lang.English, 40, 8).join("alice", "bob")
	d.typing("twelve bytes")
	d.vt.Show(d.Output())
	wrapped := inlinetest.New(t, 20, 8)
	wrapped.Show("* joined server:7000 as alice (tcp)\r\n-- tcp server:7000 -- 2 here: alice, bo›\r\n(alice) twelve bytes")
	wrapped.SetCursor(5, 0) // as xterm and VTE have it: at column 20 of 20
	d.vt = wrapped
	d.Resize(20, 8, false)
	d.looks(`
* joined server:7000
 as alice (tcp)
-- tcp server:7000›
(alice) ‹e bytes█
`)
}

func TestRedraw(t *testing.T) {
	d := newDesk(t, lang.English, 40, 5).join("me")
	d.vt.Show(d.Output())
	d.vt.Show("\x1b[Hsomething else has written here")
	d.typing("\x0c")
	d.looks("* joined server:7000 as me (tcp)\n-- tcp server:7000 -- 1 here: me\n(me) █\n")
	d.Close()
	d.looks("* joined server:7000 as me (tcp)\n█\n")
}
