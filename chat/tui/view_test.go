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
	d.looks("* talking to server:7000 as alice (udp)\n-- udp server:7000 -- the room knows you once you say something\n(alice) █\n")
	d.typing("hi\r")
	if diff := cmp.Diff([]string{"hi"}, d.takeOutgoing()); diff != "" {
		t.Errorf("said (-want +got)\n%s", diff)
	}
	d.vt.Show(d.Output())
	if !strings.Contains(d.vt.Screen(), " alice: hi\n") { // it does not come back
		t.Errorf("what was said is not shown:\n%s", d.vt.Screen())
	}
	if !strings.Contains(d.vt.Screen(), "-- nobody else has spoken yet\n") {
		t.Errorf("the room knows alice, who has spoken:\n%s", d.vt.Screen())
	}
	d.handle(client.PortUnreachable{})
	d.vt.Show(d.Output())
	if !strings.Contains(d.vt.Screen(), "-- the room knows you once you say something\n") {
		t.Errorf("nobody has heard alice:\n%s", d.vt.Screen())
	}
	d.hear(chat.Say, "bob", "hello")
	d.vt.Show(d.Output())
	if !strings.Contains(d.vt.Screen(), "heard of: bob\n") {
		t.Errorf("bob is not known:\n%s", d.vt.Screen())
	}
	d.hear(chat.You, "alice2", "")
	d.vt.Show(d.Output())
	if screen := d.vt.Screen(); !strings.Contains(screen, "* your name in this room is alice2\n") || !strings.Contains(screen, "\n(alice2) ") {
		t.Errorf("the name that the server gives is not shown:\n%s", screen)
	}
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

// The bell rings for a private message and where the user is named, once a second at
// most, and not for history.
func TestBell(t *testing.T) {
	d := newDesk(t, lang.English, 60, 6)
	rings := func() int { return strings.Count(d.Output(), "\a") }
	d.handle(client.Connected{Name: "nina"})
	d.hear(chat.Say, "bob", "nina, are you there?")
	if rings() > 0 {
		t.Error("it rang for history")
	}
	d.receive(chat.Line{Kind: chat.Who, Name: "nina", Text: "tcp"})
	d.receive(chat.Line{Kind: chat.Reply, Text: "1 person"})
	for _, tt := range []struct {
		kind       chat.Kind
		name, text string
		want       int
	}{
		{chat.Say, "bob", "ninas are not named", 0},
		{chat.Say, "nina", "nina says it herself", 0},
		{chat.Join, "nina", "tcp", 0},
		{chat.Say, "bob", "hi NINA!", 1},
		{chat.Me, "bob", "waves at nina", 1},
		{chat.Msg, "bob", "psst", 1},
	} {
		d.rang = time.Time{}
		d.hear(tt.kind, tt.name, tt.text)
		d.hear(tt.kind, tt.name, tt.text)
		if got := rings(); got != tt.want {
			t.Errorf("%s %s %q: it rang %d times, want %d", tt.kind, tt.name, tt.text, got, tt.want)
		}
	}
	d.NoBell, d.rang = true, time.Time{}
	d.hear(chat.Msg, "bob", "psst")
	if rings() > 0 {
		t.Error("it rang, and was not to")
	}
}

// What the room has not heard shows until it has.
func TestUnheardShows(t *testing.T) {
	d := newDesk(t, lang.English, 60, 4).join("me")
	d.handle(client.Unheard{Texts: 1})
	d.looks("* joined server:7000 as me (tcp)\n-- tcp server:7000 -- 1 line not heard yet -- 1 here: me\n(me) █\n")
	d.handle(client.Unheard{})
	d.looks("* joined server:7000 as me (tcp)\n-- tcp server:7000 -- 1 here: me\n(me) █\n")
	d.handle(client.Unheard{Texts: 12, Leaving: true})
	d.looks("* joined server:7000 as me (tcp)\n* leaving when 12 more lines are heard (Ctrl-C gives up)\n(me) █\n")
}
