package chat

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAway(t *testing.T) {
	const away, back = "* you are away: lunch", "* you are no longer away"
	tests := []struct {
		typed []string // by bob
		want  []string // that he hears
		who   string   // what is said of him
	}{
		{[]string{"/away lunch"}, []string{away}, "tcp, away: lunch"},
		{[]string{"/away"}, []string{"* you are away: no reason given"}, "tcp, away"},
		{[]string{"/away lunch", "/nick bob"}, []string{away}, "tcp, away: lunch"},
		{[]string{"/away lunch", "hi"}, []string{away, back, "bob: hi"}, "tcp"},
		{[]string{"/away lunch", "/me waves"}, []string{away, back, "** bob waves"}, "tcp"},
		{[]string{"/away lunch", "/msg alice hi"}, []string{away, back, "* to alice: hi"}, "tcp"},
		{[]string{"/away lunch", "/msg carol hi"}, []string{away, "* nobody of that name is here, or nothing to say (/msg NAME TEXT)"}, "tcp, away: lunch"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.typed, ","), func(t *testing.T) {
			room := NewRoom(nil)
			alice, bob := enter(t, room, "alice"), enter(t, room, "bob")
			before := len(bob.heard())
			for _, line := range tt.typed {
				bob.member.Do(line)
			}
			if diff := cmp.Diff(tt.want, bob.heard()[before:]); diff != "" {
				t.Errorf("bob heard (-want +got):\n%s", diff)
			}
			alice.member.Do("/who")
			if !strings.Contains(strings.Join(alice.heard(), "\n"), "* bob is here ("+tt.who+")\n") {
				t.Errorf("alice heard %q, want that bob is %s", alice.heard(), tt.who)
			}
		})
	}
}

func TestMessageToAway(t *testing.T) {
	room := NewRoom(nil)
	alice, bob := enter(t, room, "alice"), enter(t, room, "bob")
	bob.member.Do("/away lunch")
	alice.member.Do("/msg bob hi")
	if heard := alice.heard(); heard[len(heard)-1] != "* bob is away: lunch" {
		t.Errorf("alice heard %q", heard)
	}
	if heard := bob.heard(); heard[len(heard)-1] != "* alice to you: hi" {
		t.Errorf("bob heard %q", heard)
	}
}

// A connection that is lost and made again does not bring anyone back.
func TestAwayIsResumed(t *testing.T) {
	for _, noticed := range []bool{false, true} {
		room := NewRoom(nil)
		bob := enter(t, room, "bob")
		bob.member.Do("/away lunch")
		if noticed {
			bob.member.Leave("connection reset", true)
		}
		resume(t, room, "bob", Resume{Seq: 1, Token: bob.lines()[0].Text})
		if p := room.People()[0]; p.Away != "lunch" {
			t.Errorf("noticed %t: away is %q, want lunch", noticed, p.Away)
		}
	}
}

// Many long reasons do not cut who asks for them.
func TestWhoIsBounded(t *testing.T) {
	room := NewRoom(nil)
	alice := enter(t, room, "alice")
	for i := range 600 {
		e := enter(t, room, fmt.Sprint("somebody ", i))
		e.member.Do("/away " + strings.Repeat("好", 1000))
	}
	alice.member.Do("/who")
	size := 0
	for _, l := range alice.lines() {
		if l.Kind == Who {
			size += len(l.Append(nil)) + 1
		}
	}
	heard := alice.heard()
	if last := heard[len(heard)-1]; size > MaxAnswer || !strings.Contains(last, "people, of whom") {
		t.Errorf("/who took %d bytes of %d and ended with %q", size, MaxAnswer, last)
	}
}

// A class of three hundred is listed whole, and the one who asks is in the list.
func TestWhoListsAClass(t *testing.T) {
	room := NewRoom(nil)
	for i := range 302 {
		enter(t, room, fmt.Sprint("student number ", i))
	}
	alice := enter(t, room, "alice")
	alice.member.Do("/who")
	var who []string
	for _, l := range alice.lines() {
		if l.Kind == Who {
			who = append(who, l.Name)
		}
	}
	heard := alice.heard()
	if len(who) != 303 || who[0] != "alice" || heard[len(heard)-1] != "* 303 people" {
		t.Errorf("%d people are listed, the first is %q, and then: %q", len(who), who[0], heard[len(heard)-1])
	}
}
