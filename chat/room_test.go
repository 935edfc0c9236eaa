package chat

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is an outlet that keeps what is delivered, up to space lines.
type record struct {
	heard []string
	space int
	ended int
}

func (r *record) Deliver(l Line) bool {
	if len(r.heard) == r.space {
		return false
	}
	r.heard = append(r.heard, l.String())
	return true
}

func (r *record) End() { r.ended++ }

func enter(t *testing.T, room *Room, name string, space int) (*Member, *record) {
	t.Helper()
	out := &record{space: space}
	m, err := room.Join(Person{Name: name, Transport: "tcp"}, out)
	if err != nil {
		t.Fatalf("join as %q: %v", name, err)
	}
	return m, out
}

func (r *record) check(t *testing.T, who string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.heard); diff != "" {
		t.Errorf("%s heard (-want +got):\n%s", who, diff)
	}
}

func TestRoomTellsEveryone(t *testing.T) {
	room := NewRoom(nil)
	var watched []string
	room.Watch(func(l Line) { watched = append(watched, l.String()) })
	alice, a := enter(t, room, "alice", 99)
	bob, b := enter(t, room, "bob", 99)
	alice.Say("hi")
	bob.Say(" \t ")
	room.Say("welcome")
	bob.Leave("closed")
	bob.Say("a ghost")
	bob.Leave("again")
	a.check(t, "alice", "* you are alice", "* alice joined", "* bob joined", "alice: hi", "server: welcome", "* bob left")
	b.check(t, "bob", "* you are bob", "* bob joined", "alice: hi", "server: welcome")
	if b.ended != 1 || a.ended != 0 {
		t.Errorf("ended: alice %d times, bob %d, want 0 and 1", a.ended, b.ended)
	}
	if diff := cmp.Diff([]string{"* alice joined", "* bob joined", "alice: hi", "server: welcome", "* bob left"}, watched); diff != "" {
		t.Errorf("watched (-want +got):\n%s", diff)
	}
}

func TestRoomNumbersLinesWithoutGaps(t *testing.T) {
	room := NewRoom(nil)
	var last uint64
	room.Watch(func(l Line) {
		if l.Seq != last+1 {
			t.Errorf("line %q has number %d after %d", l, l.Seq, last)
		}
		last = l.Seq
	})
	m, _ := enter(t, room, "alice", 99)
	for range 5 {
		m.Say("x")
	}
	m.Leave("closed")
	if last != 7 {
		t.Errorf("the last line has number %d, want 7", last)
	}
}

func TestRoomNames(t *testing.T) {
	room := NewRoom(nil)
	for _, tt := range []struct{ asked, given string }{
		{"bob", "bob"}, {"BOB", "BOB2"}, {"bob", "bob3"}, {"Server", "Server2"},
	} {
		if m, _ := enter(t, room, tt.asked, 99); m.Name != tt.given {
			t.Errorf("%q was given %q, want %q", tt.asked, m.Name, tt.given)
		}
	}
	if _, err := room.Join(Person{Name: " "}, &record{space: 9}); err == nil {
		t.Error("an empty name was taken")
	}
}

func TestRoomKick(t *testing.T) {
	room := NewRoom(nil)
	_, a := enter(t, room, "alice", 99)
	bob, b := enter(t, room, "bob", 99)
	if err := room.Kick("bo"); !errors.Is(err, ErrNobody) {
		t.Errorf("kick of nobody: %v, want ErrNobody", err)
	}
	if err := room.Kick("BOB"); err != nil {
		t.Error(err)
	}
	bob.Say("still here")
	bob.Leave("closed")
	a.check(t, "alice", "* you are alice", "* alice joined", "* bob joined", "* bob was kicked")
	b.check(t, "bob", "* you are bob", "* bob joined", "* bob was kicked")
	if b.ended != 1 {
		t.Errorf("bob was ended %d times, want once", b.ended)
	}
}

func TestRoomCutsWhoDoesNotRead(t *testing.T) {
	room := NewRoom(nil)
	_, a := enter(t, room, "alice", 99)
	_, f := enter(t, room, "frozen", 3)
	_, g := enter(t, room, "glacier", 3)
	room.Say("one")
	room.Say("two")
	if f.ended != 1 || g.ended != 1 {
		t.Errorf("ended: frozen %d, glacier %d times, want once each", f.ended, g.ended)
	}
	if got := len(room.People()); got != 1 {
		t.Errorf("%d people are left, want alice alone", got)
	}
	said := 0
	for _, l := range a.heard {
		if l == "server: one" || l == "server: two" {
			said++
		}
	}
	if said != 2 {
		t.Errorf("alice heard %q, want both texts", a.heard)
	}
}

func TestRoomClose(t *testing.T) {
	room := NewRoom(nil)
	m, a := enter(t, room, "alice", 99)
	room.Close()
	room.Close()
	m.Leave("closed")
	a.check(t, "alice", "* you are alice", "* alice joined", "* server is closing")
	if a.ended != 1 {
		t.Errorf("ended %d times, want once", a.ended)
	}
	if _, err := room.Join(Person{Name: "late"}, &record{space: 9}); !errors.Is(err, ErrClosed) {
		t.Errorf("join after Close: %v, want ErrClosed", err)
	}
}
