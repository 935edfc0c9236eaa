package chat

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSubscriber is a Subscriber that reads the log when it is asked what it
// heard.
type fakeSubscriber struct {
	log    *Log
	pos    uint64
	alone  map[uint64][]Line // by the position that they precede
	stop   uint64            // 0: not ended
	ends   int
	member *Member
}

func (e *fakeSubscriber) Begin(pos uint64, you Line) {
	e.pos, e.alone = pos, map[uint64][]Line{pos: {you}}
}
func (e *fakeSubscriber) SendPrivate(l Line) {
	at := e.log.Snapshot().Head
	e.alone[at] = append(e.alone[at], l)
}
func (e *fakeSubscriber) End()        { e.stop = e.log.Snapshot().Head; e.ends++ }
func (e *fakeSubscriber) Queued() int { return 7 }

func (e *fakeSubscriber) lines() (heard []Line) {
	v := e.log.Snapshot()
	for pos := e.pos; ; {
		heard = append(heard, e.alone[pos]...)
		limit := v.Head
		if e.ends > 0 {
			limit = e.stop
		}
		b, _ := v.From(pos, limit)
		if len(b) == 0 {
			return heard
		}
		l, n := CutLine(b)
		heard = append(heard, l)
		pos += uint64(n)
	}
}

func (e *fakeSubscriber) heard() (texts []string) {
	for _, l := range e.lines() {
		texts = append(texts, l.String())
	}
	return texts
}

func enter(t *testing.T, room *Room, name string) *fakeSubscriber {
	t.Helper()
	return resume(t, room, name, Resume{})
}

func resume(t *testing.T, room *Room, name string, from Resume) *fakeSubscriber {
	t.Helper()
	e := &fakeSubscriber{log: room.log}
	m, err := room.Join(Person{Name: name, Transport: "tcp"}, from, e)
	if err != nil {
		t.Fatalf("join as %q: %v", name, err)
	}
	e.member = m
	return e
}

func (e *fakeSubscriber) check(t *testing.T, who string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, e.heard()); diff != "" {
		t.Errorf("%s heard (-want +got):\n%s", who, diff)
	}
}

func TestRoomTellsEveryone(t *testing.T) {
	room := NewRoom(nil)
	w := room.Watch()
	alice := enter(t, room, "alice")
	bob := enter(t, room, "bob")
	alice.member.sayToAll(Say, "hi")
	bob.member.sayToAll(Say, " \t ")
	room.Say("welcome")
	bob.member.Leave("closed", false)
	bob.member.sayToAll(Say, "a ghost")
	bob.member.Leave("again", false)
	alice.check(t, "alice", "* you are alice", "* alice joined", "* bob joined", "alice: hi", "server: welcome", "* bob left")
	bob.check(t, "bob", "* you are bob", "* alice joined", "* bob joined", "alice: hi", "server: welcome")
	if bob.ends != 1 || alice.ends != 0 {
		t.Errorf("ended: alice %d times, bob %d, want 0 and 1", alice.ends, bob.ends)
	}
	room.Close()
	var watched []string
	for {
		l, missed, err := w.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || missed != 0 {
			t.Fatal(missed, err)
		}
		watched = append(watched, l.String())
	}
	want := []string{"* alice joined", "* bob joined", "alice: hi", "server: welcome", "* bob left", "* server is closing"}
	if diff := cmp.Diff(want, watched); diff != "" {
		t.Errorf("watched (-want +got):\n%s", diff)
	}
}

func TestHistory(t *testing.T) {
	room := NewRoom(nil)
	alice := enter(t, room, "alice") // 1
	for range 99 {
		alice.member.sayToAll(Say, "x") // 2 to 100
	}
	got := enter(t, room, "bob").lines()
	if you := got[0]; you.Kind != You || you.Seq != 50 || you.Text == "" {
		t.Errorf("first came %+v, want a you numbered 50 with a token", you)
	}
	if len(got) != 1+historyLines+1 || got[1].Seq != 51 || got[51].Kind != Join || got[51].Seq != 101 {
		t.Errorf("%d lines from number %d on, want you, 50 lines from 51 on, and the join", len(got), got[1].Seq)
	}
}

func TestResume(t *testing.T) {
	room := NewRoom(nil)
	alice := enter(t, room, "alice")
	bob := enter(t, room, "bob")
	seen := bob.lines()
	from := Resume{Seq: seen[len(seen)-1].Seq, Token: seen[0].Text}
	alice.member.sayToAll(Say, "missed")

	// The server has not noticed: bob is taken over, and nobody hears of it.
	again := resume(t, room, "whoever", from)
	again.check(t, "bob", "* you are bob", "alice: missed")
	if bob.ends != 1 || bob.heard()[len(bob.heard())-1] != "* you have joined from elsewhere" {
		t.Errorf("the old connection ended %d times and heard %q", bob.ends, bob.heard())
	}
	bob.member.Leave("closed", false) // as its session does at last
	alice.check(t, "alice", "* you are alice", "* alice joined", "* bob joined", "alice: missed")
	if tokens := again.lines()[0].Text; tokens != from.Token {
		t.Error("the token has changed")
	}

	// The server has noticed: the name is kept, and the leave is among what was missed.
	again.member.Leave("connection reset", true)
	if other := enter(t, room, "bob"); other.member.Name() != "bob2" {
		t.Errorf("someone else was given %q", other.member.Name())
	}
	from.Seq++
	third := resume(t, room, "bob", from)
	third.check(t, "bob", "* you are bob", "* bob left", "* bob2 joined", "* bob joined")

	for _, bad := range []Resume{{Seq: from.Seq, Token: "wrong"}, {}, {Seq: 999, Token: from.Token}} {
		e := resume(t, room, "mallory", bad)
		if e.lines()[1].Seq != 1 {
			t.Errorf("resume with %+v: told from %d on, want everything there is", bad, e.lines()[1].Seq)
		}
		if bad.Token == "wrong" && e.member.Name() == "bob" {
			t.Error("a wrong token gave bob's name")
		}
	}
}

func TestRoomNames(t *testing.T) {
	room := NewRoom(nil)
	for _, tt := range []struct{ asked, given string }{
		{"bob", "bob"}, {"BOB", "BOB2"}, {"bob", "bob3"}, {"Server", "Server2"}, {"bоb", "bоb4"}, {"ѕerver", "ѕerver3"},
	} {
		if e := enter(t, room, tt.asked); e.member.Name() != tt.given {
			t.Errorf("%q was given %q, want %q", tt.asked, e.member.Name(), tt.given)
		}
	}
	if _, err := room.Join(Person{Name: " "}, Resume{}, &fakeSubscriber{log: room.log}); !errors.Is(err, ErrNoName) {
		t.Errorf("an empty name: %v, want ErrNoName", err)
	}
}

func TestRoomKick(t *testing.T) {
	room := NewRoom(nil)
	alice := enter(t, room, "alice")
	bob := enter(t, room, "bob")
	enter(t, room, "bob the builder")
	if _, err := room.Kick("bo"); !errors.Is(err, errNobody) {
		t.Errorf("kick of nobody: %v, want errNobody", err)
	}
	if _, err := room.Kick(`"bob the builder" too loud`); err != nil {
		t.Error(err)
	}
	if _, err := room.Kick("BOB"); err != nil {
		t.Error(err)
	}
	bob.member.sayToAll(Say, "still here")
	bob.member.Leave("closed", false)
	tail := []string{"* bob the builder joined", "* bob the builder was kicked: too loud", "* bob was kicked"}
	alice.check(t, "alice", append([]string{"* you are alice", "* alice joined", "* bob joined"}, tail...)...)
	bob.check(t, "bob", append([]string{"* you are bob", "* alice joined", "* bob joined"}, tail...)...)
	if bob.ends != 1 {
		t.Errorf("bob was ended %d times, want once", bob.ends)
	}
}

func TestRoomClose(t *testing.T) {
	room := NewRoom(nil)
	alice := enter(t, room, "alice")
	room.Close()
	room.Close()
	alice.member.Leave("closed", false)
	room.Say("into the void")
	alice.check(t, "alice", "* you are alice", "* alice joined", "* server is closing")
	if alice.ends != 1 {
		t.Errorf("ended %d times, want once", alice.ends)
	}
	if _, err := room.Join(Person{Name: "late"}, Resume{}, &fakeSubscriber{log: room.log}); !errors.Is(err, ErrClosed) {
		t.Errorf("join after Close: %v, want ErrClosed", err)
	}
}

func TestCommands(t *testing.T) {
	tests := []struct {
		typed string
		want  []string // that alice, who types, hears
		bob   []string
	}{
		{"//who is who", []string{"alice: /who is who"}, []string{"alice: /who is who"}},
		{"/me waves", []string{"** alice waves"}, []string{"** alice waves"}},
		{"/me", []string{"* /me what? (/me TEXT)"}, nil},
		{"/who", []string{"* alice is here (tcp)", "* bob is here (tcp)", "* 2 people"}, nil},
		{"/nick 小明", []string{"* alice is now 小明"}, []string{"* alice is now 小明"}},
		{"/nick ALICE", []string{"* alice is now ALICE"}, []string{"* alice is now ALICE"}},
		{"/nick Bob", []string{"* the name Bob is taken, or too like another"}, nil},
		{"/nick", []string{"* the name is empty"}, nil},
		{"/msg bob psst, here", []string{"* to bob: psst, here"}, []string{"* alice to you: psst, here"}},
		{"/msg carol hi", []string{"* nobody of that name is here, or nothing to say (/msg NAME TEXT)"}, nil},
		{"/kick bob", []string{"* /kick is no command; /help lists them, //kick bob says it"}, nil},
		{"exit stage left", []string{"alice: exit stage left"}, []string{"alice: exit stage left"}},
		{" ", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.typed, func(t *testing.T) {
			room := NewRoom(nil)
			alice, bob := enter(t, room, "alice"), enter(t, room, "bob")
			a, b := len(alice.lines()), len(bob.lines())
			if err := alice.member.Do(tt.typed); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, alice.heard()[a:], cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("alice heard (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]string{}, tt.bob...), append([]string{}, bob.heard()[b:]...)); diff != "" {
				t.Errorf("bob heard (-want +got):\n%s", diff)
			}
			last := uint64(0)
			for _, l := range alice.lines() {
				if l.Seq < last || l.Seq > last+1 {
					t.Errorf("line %q is numbered %d after %d", l, l.Seq, last)
				}
				last = l.Seq
			}
		})
	}
	for _, word := range []string{"exit", "/quit"} {
		if err := enter(t, NewRoom(nil), "alice").member.Do(word); !errors.Is(err, ErrLeave) {
			t.Errorf("%s: %v, want ErrLeave", word, err)
		}
	}
	alice := enter(t, NewRoom(nil), "alice")
	alice.member.Do("/help")
	for _, c := range commands {
		if !strings.Contains(strings.Join(alice.heard(), "\n"), "\n* "+c.name) {
			t.Errorf("/help does not tell of %s: %q", c.name, alice.heard())
		}
	}
}

// As many as are held may resume, the first to have left too. Who joins, or tries a token
// of nobody, makes nobody forgotten; the next to leave does.
func TestResumeOfMany(t *testing.T) {
	room := NewRoom(nil)
	left := make([]string, maxDisconnected+1) // their tokens
	for i := range left {
		m := enter(t, room, "m").member
		left[i] = m.Token()
		m.Leave("connection reset", false)
	}
	for range 3 {
		enter(t, room, "new")
		resume(t, room, "guesser", Resume{Token: "a token of nobody"})
	}
	again := func(token string) bool {
		e := &fakeSubscriber{log: room.log}
		m, err := room.Join(Person{Name: "again", Transport: "tcp"}, Resume{Token: token}, e)
		return err == nil && m.Token() == token
	}
	if again(left[0]) {
		t.Error("the first to have left resumes though too many have left since")
	}
	for i, token := range left[1:] {
		if !again(token) {
			t.Fatalf("of %d who left number %d cannot resume", len(left), i+2)
		}
	}
}

// TestTokenFromAnotherAddress: whoever saw a token on the wire does not get its place
// while the member answers, and both hear of it.
func TestTokenFromAnotherAddress(t *testing.T) {
	var log strings.Builder
	room := NewRoom(slog.New(slog.NewTextHandler(&log, nil)))
	come := func(address string, from Resume) *fakeSubscriber {
		t.Helper()
		e := &fakeSubscriber{log: room.log}
		m, err := room.Join(Person{Name: "nina", Transport: "tcp", Address: address}, from, e)
		if err != nil {
			t.Fatal(err)
		}
		e.member = m
		return e
	}
	nina := come("192.0.2.1:1000", Resume{})
	token := nina.member.Token()
	thief := come("192.0.2.66:1000", Resume{Seq: 1, Token: token})
	if thief.member.Name() != "nina2" || thief.member.Token() == token || nina.ends != 0 {
		t.Errorf("from another address it is %q, and nina ended %d times", thief.member.Name(), nina.ends)
	}
	if got := thief.heard(); !slices.Contains(got, "* the session is in use from 192.0.2.1, which answers: you are here as another person") {
		t.Errorf("the other heard %q", got)
	}
	again := come("192.0.2.1:1001", Resume{Seq: 1, Token: token})
	if again.member.Name() != "nina" || nina.ends != 1 {
		t.Errorf("from her own address she is %q", again.member.Name())
	}
	if strings.Contains(log.String(), "resumed from another address") {
		t.Errorf("the log has %s", &log)
	}
	moved := come("198.51.100.1:1000", Resume{Seq: 1, Token: token, Unanswered: true})
	if moved.member.Name() != "nina" || !slices.Contains(moved.heard(), "* your session was at 192.0.2.1 before") {
		t.Errorf("from where she moved she is %q and heard %q", moved.member.Name(), moved.heard())
	}
	moved.member.Leave("connection reset", true)
	come("192.0.2.1:1002", Resume{Seq: 1, Token: token})
	for _, want := range []string{"level=WARN msg=\"token in use sent from another address\" name=nina", "level=WARN msg=\"resumed from another address\" name=nina"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, &log)
		}
	}
}

// Who was removed and has lines on the way tells nobody anything, in private either.
func TestRemovedTellsNobody(t *testing.T) {
	room := NewRoom(nil)
	alice, bob := enter(t, room, "alice"), enter(t, room, "bob")
	if _, err := room.Kick("alice"); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"hi", "/me waves", "/msg bob psst", "/nick mallory", "/topic spam", "/away lunch"} {
		alice.member.Do(line)
	}
	bob.check(t, "bob", "* you are bob", "* alice joined", "* bob joined", "* alice was kicked")
}
