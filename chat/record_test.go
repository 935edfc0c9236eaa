package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorded returns a room, and what it records.
func recorded() (*Room, *bytes.Buffer) {
	room, file := NewRoom(nil), new(bytes.Buffer)
	room.Record = func(r Record) { json.NewEncoder(file).Encode(r) }
	return room, file
}

func TestRestore(t *testing.T) {
	room, file := recorded()
	alice := enterFrom(t, room, "alice", "192.0.2.1:1")
	bob := enterFrom(t, room, "bob", "192.0.2.2:1")
	carol := enterFrom(t, room, "carol", "192.0.2.3:1")
	alice.member.Do("/topic restarts")
	alice.member.Do("hi")
	bob.member.Do("/nick robert")
	room.Kick("carol")
	seen := bob.lines()[len(bob.lines())-1].Seq
	alice.member.Do("missed")
	bob.member.Leave("connection reset", true)
	if strings.Contains(file.String(), bob.member.Token()) {
		t.Error("the record has a token")
	}
	// The server is killed: its last line is broken.
	text := file.String() + `{"seq":99,"time":"2026-01-01T00:00:0`

	again, more := recorded()
	if err := again.Restore(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	back := resume(t, again, "whoever", Resume{Seq: seen, Token: bob.member.Token()})
	back.check(t, "robert", "* you are robert", "alice: missed", "* robert left", "* robert joined")
	if got := resume(t, again, "x", Resume{Seq: 1, Token: alice.member.Token()}).member.Name(); got != "alice" {
		t.Errorf("who was in the room is %q", got)
	}
	if got := resume(t, again, "carol", Resume{Seq: 1, Token: carol.member.Token()}); got.member.Token() == carol.member.Token() {
		t.Error("who was kicked resumes")
	}
	late := enter(t, again, "late")
	if heard := late.heard(); !slices.Contains(heard, "alice: hi") || !slices.Contains(heard, "* the topic is: restarts") {
		t.Errorf("who is new heard %q", heard)
	}
	var first Record
	if err := json.NewDecoder(more).Decode(&first); err != nil || first.Name != "robert" || first.Session != sessionID(bob.member.Token()) {
		t.Errorf("the record goes on with %+v, %v", first, err)
	}
}

// TestRestoreDistrusts: a file may come from anywhere, and may be old.
func TestRestoreDistrusts(t *testing.T) {
	for _, foreign := range []string{"hello\n", "{}\n", `{"seq":1}` + "\n", "[1]\n"} {
		if err := NewRoom(nil).Restore(strings.NewReader(foreign)); !errors.Is(err, errNoRecord) {
			t.Errorf("%q: %v, want errNoRecord", foreign, err)
		}
	}
	old, file := recorded()
	alice := enter(t, old, "alice")
	alice.member.Leave("connection reset", true)
	text := strings.ReplaceAll(file.String(), time.Now().Format("2006-"), "1999-")
	room := NewRoom(nil)
	if err := room.Restore(strings.NewReader(text +
		`{"seq":7,"time":"2026-01-01T00:00:00Z","kind":"say","name":"bob","text":"after a gap"}` + "\n" +
		`{"seq":8,"time":"2026-01-01T00:00:00Z","kind":"say","name":"bob","text":"\u001b[2J"}` + "\n" +
		`{"seq":8,"time":"2026-01-01T00:00:00Z","kind":"msg","name":"bob","text":"private"}` + "\n" +
		strings.Repeat("\x00", 2*maxRecord) + "\n" + // as a power failure may leave them
		`{"seq":8,"time":"2026-01-01T00:00:00Z","kind":"say","name":"` + strings.Repeat("x", 200) + `","text":"wide"}` + "\n" +
		`{"kind":"gap","text":"5"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	late := resume(t, room, "late", Resume{Seq: 1, Token: alice.member.Token()})
	late.check(t, "late", "* you are late", "bob: after a gap", "* late joined")
	if late.lines()[1].Seq != 7 {
		t.Errorf("the line has number %d", late.lines()[1].Seq)
	}
}

// A disk that was full may have lost the line that told of a session first: what tells of
// its end or its new name has the name, too.
func TestRestoreWithoutJoin(t *testing.T) {
	for _, last := range []struct {
		line func(*Member)
		name string
	}{
		{func(m *Member) { m.Leave("connection reset", true) }, "alice"},
		{func(m *Member) { m.Do("/nick alicia") }, "alicia"},
	} {
		old, file := recorded()
		alice := enter(t, old, "alice")
		last.line(alice.member)
		_, rest, _ := strings.Cut(file.String(), "\n")
		room := NewRoom(nil)
		if err := room.Restore(strings.NewReader(rest)); err != nil {
			t.Fatal(err)
		}
		if got := resume(t, room, "x", Resume{Seq: 1, Token: alice.member.Token()}).member.Name(); got != last.name {
			t.Errorf("who resumes is %q, want %q", got, last.name)
		}
	}
}

// Who cannot resume has the same name again after a restart: it is kept for nobody.
func TestRestoreKeepsNoNameOfGuests(t *testing.T) {
	old, file := recorded()
	bob := Person{Name: "bob", Transport: "udp", Guest: true}
	if _, err := old.Join(bob, Resume{}, &fakeSubscriber{log: old.log}); err != nil {
		t.Fatal(err)
	}
	room := NewRoom(nil)
	if err := room.Restore(strings.NewReader(file.String())); err != nil {
		t.Fatal(err)
	}
	again, err := room.Join(bob, Resume{}, &fakeSubscriber{log: room.log})
	if err != nil || again.Name() != "bob" {
		t.Errorf("%q, %v, want bob", again.Name(), err)
	}
}
