package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"wirelab/chat"
	"wirelab/internal/columns"
	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/require"
)

func TestConsoleCommands(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		typed     string
		want      string // on the screen: a pattern
		said      string // in the room
		quits     bool
		wantInDir string
	}{
		{typed: "print", want: `(?s)T.* server: before\npeople: 0\n`},
		{typed: "blueprint", said: "blueprint"},
		{typed: "print it", said: "print it"},
		{typed: "kick", want: `not said: "kick" \(did you mean kick NAME \[10m\] \[REASON\]\?\)`},
		{typed: "kickoff at nine", said: "kickoff at nine"},
		{typed: "kick nobody", want: `nobody called "nobody" is here`},
		{typed: "ban", want: `not said: "ban" \(did you mean ban NAME \[REASON\]\?\)`},
		{typed: "banana split", said: "banana split"},
		{typed: "ban nobody", want: `nobody called "nobody" is here`},
		{typed: "unban 192.0.2.7", want: `"192.0.2.7" is not banned`},
		{typed: "unban bob", want: `"bob" is not banned`},
		{typed: "mute nobody", want: `nobody called "nobody" is here`},
		{typed: "unmute nobody", want: `nobody called "nobody" is muted`},
		{typed: "quiet nobody", want: `nobody called "nobody" is here`},
		{typed: "lock", said: "the room is locked: nobody new joins"},
		{typed: "mute", want: `did you mean mute NAME\?`},
		{typed: "slow", want: `did you mean slow SECONDS\?`},
		{typed: "locksmith", said: "locksmith"},
		{typed: "slow 10", said: "slow: each person says one line in 10 s"},
		{typed: "slow food", want: `want SECONDS, such as slow 10; slow 0 ends it`},
		{typed: "ban 192.0.2.7 spam", want: `banned: 192.0.2.7  spam\n  0 people were there`},
		{typed: "/save " + filepath.Join(dir, "new"), want: `the transcript is in .*new`, wantInDir: "new"},
		{typed: "/save " + taken, want: `taken: file exists`},
		{typed: "/save", want: `/save: write /save FILE`},
		{typed: "/kick", want: `/kick: write kick NAME \[10m\] \[REASON\]`},
		{typed: "/dance", want: `unknown command /dance; type /help`},
		{typed: "/slow 10", said: "slow: each person says one line in 10 s"},
		{typed: "/print", want: `(?s)T.* server: before\npeople: 0\n`},
		{typed: "/kcik bob", want: `unknown command /kcik bob \(did you mean /kick\?\); type /help`},
		{typed: "kcik bob", said: "kcik bob"},
		{typed: "help", want: `not said: "help" \(did you mean /help\?\); the same line again says it`},
		{typed: "exit", want: `did you mean /quit\?`},
		{typed: "help yourselves", said: "help yourselves"},
		{typed: "//dance", said: "/dance"},
		{typed: "/help kick", want: `^  kick NAME \[10m\] \[REASON\] close that person's connection, and keep them out\n +for a time\n$`},
		{typed: "/help /quiet", want: `^  quiet +let nobody (?s:.*)\n  quiet NAME +let that person speak, too\n$`},
		{typed: "/help quit", want: `^  /quit +say goodbye`},
		{typed: "/help kcik", want: `^unknown command kcik \(did you mean /kick\?\); type /help\n$`},
		{typed: "/help", want: `kick NAME \[10m\] \[REASON\]`},
		{typed: "/quit", quits: true},
	}
	for _, tt := range tests {
		t.Run(tt.typed, func(t *testing.T) {
			var out bytes.Buffer
			quit := false
			room := chat.NewRoom(nil)
			room.Say("before")
			w := room.Watch()
			(&console{room: room, out: &out, quit: func() { quit = true }}).carryOut(tt.typed)
			if tt.want == "" && out.Len() > 0 || !regexp.MustCompile(tt.want).MatchString(out.String()) {
				t.Errorf("the screen shows %q, want %q", out.String(), tt.want)
			}
			if quit != tt.quits {
				t.Errorf("quits: %t, want %t", quit, tt.quits)
			}
			room.Close()
			said := "server is closing"
			if l, _, err := w.Next(); err == nil {
				said = l.Text
			}
			if tt.said == "" {
				tt.said = "server is closing"
			}
			if said != tt.said {
				t.Errorf("said is %q, want %q", said, tt.said)
			}
			if tt.wantInDir != "" {
				b, err := os.ReadFile(filepath.Join(dir, tt.wantInDir))
				if err != nil || !strings.HasSuffix(string(b), " server: before\n") {
					t.Errorf("the file has %q, %v", b, err)
				}
			}
		})
	}
	if b, err := os.ReadFile(taken); err != nil || string(b) != "precious" {
		t.Errorf("what was in a file is %q, %v", b, err)
	}
}

// However long the last line is, it is shown.
func TestConsolePrintsALongLine(t *testing.T) {
	var out bytes.Buffer
	room := chat.NewRoom(nil)
	defer room.Close()
	room.Say("before")
	long := strings.Repeat("x", 3000)
	room.Say(long)
	(&console{room: room, out: &out}).carryOut("print")
	if text := out.String(); !strings.Contains(text, " server: "+long+"\n") || strings.Contains(text, "before") {
		t.Errorf("the screen shows %d bytes: %.100q", len(text), text)
	}
}

// audience is a member's connection that hears nothing.
type audience struct{}

func (audience) Begin(uint64, chat.Line) {}
func (audience) SendPrivate(chat.Line)   {}
func (audience) End()                    {}
func (audience) Queued() int             { return 0 }

// A slip in a command about somebody who is in the room is not said to them: once
// they have read it, it cannot be taken back. The same line again is said.
func TestConsoleHoldsMistypedCommands(t *testing.T) {
	room := chat.NewRoom(nil)
	for _, name := range []string{"bob", "小 明"} {
		if _, err := room.Join(chat.Person{Name: name}, chat.Resume{}, audience{}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	k := &console{room: room, out: &out}
	for _, tt := range []struct{ typed, meant string }{ // meant "" is said
		{"kcik bob", "kick bob"},
		{"kcik bob", ""},
		{"kcik bob", "kick bob"},
		{"mtue 小 明", "mute 小 明"},
		{"kick-off, bob", ""},
		{"kcik bobby", ""},
		{"hello bob", ""},
		{"kcik bob", "kick bob"},
		{"hello", ""},
		{"kcik bob", "kick bob"}, // the line before was another one
	} {
		out.Reset()
		w := room.Watch()
		k.carryOut(tt.typed)
		room.Say("after")
		l, _, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		want, said := "", tt.typed
		if tt.meant != "" {
			want, said = fmt.Sprintf("not said: %q (did you mean %s?); the same line again says it\n", tt.typed, tt.meant), "after"
		}
		if out.String() != want || l.Text != said {
			t.Errorf("%s: the screen shows %q and the room hears %q, want %q and %q", tt.typed, out.String(), l.Text, want, said)
		}
	}
	if len(room.People()) != 2 {
		t.Errorf("%d people are left, want 2", len(room.People()))
	}
}

// The list of the commands fits a terminal of 80 columns in both languages.
func TestConsoleHelpFits(t *testing.T) {
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		for line := range strings.Lines(consoleHelp(l, "")) {
			if wide := columns.Width(strings.TrimSuffix(line, "\n")); wide > 79 {
				t.Errorf("%d columns: %s", wide, line)
			}
		}
	}
}

// What a command's arguments stand for is in the reader's language wherever it is told.
func TestConsoleFormsAreInTheReadersLanguage(t *testing.T) {
	for typed, want := range map[string]string{
		"/help kick": "  kick 名稱 [10m] [原因] ",
		"/help save": "  /save 檔案 ",
		"/help slow": "  slow 秒數 ",
		"/help help": "  /help [指令] ",
		"ban":        "ban 名稱 [原因]",
		"/kick":      "/kick：請寫成 kick 名稱 [10m] [原因]",
	} {
		var out bytes.Buffer
		(&console{room: chat.NewRoom(nil), out: &out, lang: lang.Chinese}).carryOut(typed)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: the screen shows %q, want %q", typed, out.String(), want)
		}
	}
	for _, c := range consoleCommands {
		if form := c.form(lang.Chinese); strings.ContainsFunc(form, unicode.IsUpper) {
			t.Errorf("in Chinese %q", form)
		}
	}
}

// TestTranscript kills the server: what was said is in the file, in whole lines,
// and the next server continues after them.
func TestTranscript(t *testing.T) {
	file := filepath.Join(t.TempDir(), "record.txt")
	if err := os.WriteFile(file, []byte("an earlier line\na broken li"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"chat", "serve", "--tcp", "127.0.0.1:0", "--udp", "", "--record", file}
	server := start(t, args...)
	tcp := server.await(`listening on tcp (\S+)\n`)[1]
	start(t, "chat", "send", "--name", "alice", tcp, "hello", "你好").exits(exit.OK)
	var b []byte
	require.Eventually(t, patience, func() bool {
		b, _ = os.ReadFile(file)
		return strings.Contains(string(b), "alice left")
	}, func() string { return fmt.Sprintf("that alice left, the transcript has %q", b) })
	server.cmd.Process.Kill()
	server.exits(-1)
	const stamp = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S+ `
	want := regexp.MustCompile(`^an earlier line\na broken li\n` + stamp + `\* alice joined\n` + stamp + `alice: hello\n` +
		stamp + `alice: 你好\n` + stamp + `\* alice left\n$`)
	if !want.Match(b) {
		t.Errorf("the record has %q, want %v", b, want)
	}
}

func TestServeErrors(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--burst", "-1"}, exit.Usage, "at least 0"},
		{[]string{"--rate", "nan"}, exit.Usage, "at least 0"},
		{[]string{"--rate", "inf"}, exit.Usage, "at least 0"},
		{[]string{"--name", "a:b"}, exit.Usage, "cannot contain"},
		{[]string{"--name", "a：b"}, exit.Usage, "cannot contain"},
		{[]string{"--record", dir}, exit.Unable, "the transcript cannot be kept: .*directory"},
	}
	for _, tt := range tests {
		p := start(t, append([]string{"chat", "serve", "--tcp", "127.0.0.1:0", "--udp", ""}, tt.args...)...)
		p.exits(tt.code)
		if !regexp.MustCompile(tt.want).MatchString(p.output()) {
			t.Errorf("%q: %q, want %q", tt.args, p.output(), tt.want)
		}
	}
}

// The console's name is cleaned before it speaks: a line has no newline in it.
func TestConsoleNameIsCleaned(t *testing.T) {
	server := start(t, "chat", "serve", "--name", "te\nach\u0301er", "--tcp", "127.0.0.1:0", "--udp", "")
	server.await(`listening on tcp (\S+)\n`)
	server.say("hello")
	server.await("teach\u0301er: hello\n")
	server.say("/quit")
	server.exits(exit.OK)
}

// The screen tells what happens in the reader's language.
func TestConsoleIsInTheReadersLanguage(t *testing.T) {
	room := chat.NewRoom(nil)
	w := room.Watch()
	if _, err := room.Join(chat.Person{Name: "bob", Transport: "tcp"}, chat.Resume{}, audience{}); err != nil {
		t.Fatal(err)
	}
	ann, err := room.Join(chat.Person{Name: "ann", Transport: "tcp"}, chat.Resume{}, audience{})
	if err != nil {
		t.Fatal(err)
	}
	ann.Leave("closed", false)
	room.Say("hi \x1b[31m")
	room.Lock(true)
	if _, err := room.Kick("bob too loud"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ english, chinese string }{
		{"* bob joined (tcp)", "* bob 加入了聊天室 (tcp)"},
		{"* ann joined (tcp)", "* ann 加入了聊天室 (tcp)"},
		{"* ann left (closed)", "* ann 離開了聊天室 (關閉了連線)"},
		{"server: hi [31m", "server: hi [31m"},
		{"* the room is locked: nobody new joins", "* 聊天室已鎖定，不接受新的人"},
		{"* bob was kicked (too loud)", "* bob 被踢出聊天室了 (too loud)"},
	} {
		l, _, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(l, lang.English); got != want.english {
			t.Errorf("in English %q, want %q", got, want.english)
		}
		if got := shown(l, lang.Chinese); got != want.chinese {
			t.Errorf("in Chinese %q, want %q", got, want.chinese)
		}
	}
}
