package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/inline"
	"wirelab/internal/inline/inlinetest"
	"wirelab/internal/lang"
)

const (
	left, up, home = "\x1b[D", "\x1b[A", "\x01"
	erase          = "\x7f"
	family         = "👨‍👩‍👧"
	waving         = "👋🏽"
	flag           = "🇹🇼"
	accented       = "e\u0301"
)

// desk is a view on a terminal, as a user has it.
type desk struct {
	*view
	vt      *inlinetest.VT
	t       *testing.T
	decoder inline.Decoder
	seq     uint64
}

func newDesk(t *testing.T, l lang.Lang, cols, rows int) *desk {
	t.Helper()
	d := &desk{view: &view{Server: "server:7000"}, vt: inlinetest.New(t, max(cols, 1), max(rows, 1)), t: t}
	d.Words = Words{l}
	d.Resize(cols, rows, false)
	d.start()
	return d
}

func (d *desk) join(name string, others ...string) *desk {
	d.handle(client.Connected{Name: name})
	for _, who := range append([]string{name}, others...) {
		d.receive(chat.Line{Kind: chat.Who, Name: who, Text: "tcp"})
	}
	d.receive(chat.Line{Kind: chat.Reply, Text: "people"})
	return d
}

// hear is told a line at 12:34.
func (d *desk) hear(kind chat.Kind, name, text string) {
	d.seq++
	d.receive(chat.Line{Seq: d.seq, Time: time.Date(2026, 11, 22, 12, 34, 0, 0, time.Local), Kind: kind, Name: name, Text: text})
}

func (d *desk) typing(s string) {
	for _, k := range d.decoder.Feed([]byte(s)) {
		d.press(k)
	}
}

func (d *desk) looks(want string) {
	d.t.Helper()
	d.vt.Show(d.Output())
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), d.vt.Screen()); diff != "" {
		d.t.Errorf("screen (-want +got)\n%s", diff)
	}
}

func TestScreen(t *testing.T) {
	d := newDesk(t, lang.English, 48, 10)
	d.looks("connecting to server:7000 ...\n█\n")
	d.handle(client.Waiting{Cause: errors.New("connection refused")})
	d.handle(client.Waiting{Cause: errors.New("connection refused")})
	d.looks(`
* waiting for server:7000: connection refused
connecting to server:7000 ...
█
`)
	d.join("alice", "小明")
	d.looks(`
* waiting for server:7000: connection refused
* joined server:7000 as alice (tcp)
-- tcp server:7000 -- 2 here: alice, 小明
(alice) █
`)
	d.typing("你好a")
	d.hear(chat.Say, "小明", "早安")
	d.looks(`
* waiting for server:7000: connection refused
* joined server:7000 as alice (tcp)
12:34 小明: 早安
-- tcp server:7000 -- 2 here: alice, 小明
(alice) 你好a█
`)
	d.typing(left + left + erase)
	d.looks(`
* waiting for server:7000: connection refused
* joined server:7000 as alice (tcp)
12:34 小明: 早安
-- tcp server:7000 -- 2 here: alice, 小明
(alice) █好a
`)
	d.typing("\r")
	if diff := cmp.Diff([]string{"好a"}, d.takeOutgoing()); diff != "" {
		t.Errorf("said (-want +got)\n%s", diff)
	}
	d.hear(chat.Say, "alice", "好a")
	d.hear(chat.Join, "bob", "tcp")
	d.hear(chat.Nick, "小明", "大明")
	d.hear(chat.Leave, "bob", "")
	d.hear(chat.Me, "大明", "waves")
	d.looks(`
* waiting for server:7000: connection refused
* joined server:7000 as alice (tcp)
12:34 小明: 早安
12:34 alice: 好a
12:34 * bob joined
12:34 * 小明 is now 大明
12:34 * bob left
12:34 ** 大明 waves
-- tcp server:7000 -- 2 here: alice, 大明
(alice) █
`)
}

func TestScreenInChinese(t *testing.T) {
	d := newDesk(t, lang.Chinese, 60, 9).join("alice", "小明")
	d.hear(chat.Join, "bob", "tcp")
	d.hear(chat.Kick, "bob", "")
	d.hear(chat.Leave, "小明", "")
	d.hear(chat.Gap, "", "2")
	d.hear(chat.Kick, "alice", "吵")
	d.looks(`
* 已加入聊天室 server:7000，你的名稱是 alice (tcp)
12:34 * bob 加入了聊天室
12:34 * bob 被踢出聊天室了
12:34 * 小明 離開了聊天室
12:34 * 遺失 2 則
12:34 * 你被踢出聊天室了！ (吵)
-- tcp server:7000 -- 0 人：
(alice) █
`)
}

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
		d.looks("* joined server:7000 as me (tcp)\n3 lines pasted: Enter says each, j joins them, other keys drop them\n(me) █\n")
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

// A connection is lost and made again: a line typed meanwhile stays in the input
// line, and is said with another Enter.
func TestReconnecting(t *testing.T) {
	d := newDesk(t, lang.English, 60, 12).join("alice", "bob")
	d.typing("heard\rnot heard\r")
	d.takeOutgoing()
	d.handle(client.Lost{})
	d.typing("later\r")
	d.looks(`
* joined server:7000 as alice (tcp)
* the connection to server:7000 is lost
not connected: your line is kept
(alice) later█
`)
	d.handle(client.Connected{Name: "alice", Again: true, Resumed: true})
	d.typing("\r")
	d.hear(chat.Say, "alice", "heard")
	d.hear(chat.Leave, "bob", "")
	d.handle(client.NotHeard{Text: "not heard"})
	d.receive(chat.Line{Kind: chat.Who, Name: "alice"})
	d.receive(chat.Line{Kind: chat.Reply, Text: "1 here"})
	d.hear(chat.Say, "alice", "later")
	d.looks(`
* joined server:7000 as alice (tcp)
* the connection to server:7000 is lost
* connected again; what was missed:
12:34 alice: heard
12:34 * bob left
* not heard by the room: not heard
12:34 alice: later
-- tcp server:7000 -- 1 here: alice
(alice) █
`)
	d.handle(client.Lost{})
	d.handle(client.Connected{Name: "alice", Again: true})
	d.vt.Show(d.Output())
	if !strings.Contains(d.vt.Screen(), "may be missing") {
		t.Errorf("joined another room:\n%s", d.vt.Screen())
	}
}

func TestUDP(t *testing.T) {
	d := newDesk(t, lang.English, 70, 6)
	d.UDP = true
	d.handle(client.Connected{Name: "alice"})
	d.looks("* talking to server:7000 as alice (udp)\n-- udp server:7000 -- the room hears of you when you say something\n(alice) █\n")
	d.typing("hi\r")
	if diff := cmp.Diff([]string{"hi"}, d.takeOutgoing()); diff != "" {
		t.Errorf("said (-want +got)\n%s", diff)
	}
	d.vt.Show(d.Output())
	if !strings.Contains(d.vt.Screen(), " alice: hi\n") { // it does not come back
		t.Errorf("what was said is not shown:\n%s", d.vt.Screen())
	}
	d.hear(chat.Say, "bob", "hello")
	d.vt.Show(d.Output())
	if !strings.Contains(d.vt.Screen(), "heard of: bob\n") {
		t.Errorf("bob is not known:\n%s", d.vt.Screen())
	}
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

func TestColors(t *testing.T) {
	d := newDesk(t, lang.English, 60, 5).join("Bob")
	d.Color = true
	d.Output()
	tests := []struct{ text, want string }{
		{"hi bob, hi", "hi \x1b[1;7mbob\x1b[m, hi"},
		{"bobby and kabob", "bobby and kabob"},
		{"bob bob", "\x1b[1;7mbob\x1b[m \x1b[1;7mbob\x1b[m"},
		{"你好Bob你好", "你好\x1b[1;7mBob\x1b[m你好"},
		{"\x1b[31m\x07\u202ered\x9b", "[31mred\uFFFD"},
	}
	for _, tt := range tests {
		d.hear(chat.Say, "al\x1bice", tt.text)
		got := d.Output()
		if !strings.Contains(got, ": "+tt.want+"\r\n") {
			t.Errorf("%q: %q does not show %q", tt.text, got, tt.want)
		}
		if !strings.Contains(got, "\x1b["+string(d.nameStyle("al\x1bice"))+"malice\x1b[m") {
			t.Errorf("%q: no name in its colour", got)
		}
	}
	d.Color = false
	d.hear(chat.Say, "alice", "hi Bob")
	if got := d.Output(); strings.Contains(got, "m") {
		t.Errorf("NO_COLOR: %q", got)
	}
}

// Whatever the room tells and the user types, the terminal gets nothing but
// what it may (vt fails otherwise), and the two rows are below at the end.
func FuzzView(f *testing.F) {
	f.Add("alice", "\x1b[2Jhi\u202e", "你好"+left+"\r", 40)
	f.Add("👨‍👩‍👧", "\t\x9b\xff", "\x1b[200~a\nb\x1b[201~\r"+up, 3)
	f.Fuzz(func(t *testing.T, name, text, keys string, cols int) {
		cols = 8 + (cols&0xff)%100
		d := &desk{view: &view{Server: "server:7000"}, vt: inlinetest.New(t, cols, 6), t: t}
		d.Words = Words{lang.English}
		d.Resize(cols, 6, false)
		d.handle(client.Connected{Name: "me"})
		for kind := range map[chat.Kind]bool{chat.Say: true, chat.Me: true, chat.Nick: true, chat.Kick: true, chat.Who: true, chat.Gap: true} {
			d.hear(kind, name, text)
			d.vt.Show(d.Output())
		}
		d.typing(keys)
		d.vt.Show(d.Output())
		if screen := d.vt.Screen(); d.vt.Wrapped() || !strings.HasSuffix(screen, "\n") || !strings.Contains(lastLines(screen, 1), "█") {
			t.Errorf("%d columns, cursor at %d, wrapped %v:\n%s", cols, d.vt.Column(), d.vt.Wrapped(), screen)
		}
	})
}
