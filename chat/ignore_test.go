package chat

import (
	"slices"
	"testing"
)

func TestIgnore(t *testing.T) {
	room := NewRoom(nil)
	alice, bob := enter(t, room, "alice"), enter(t, room, "Bob")
	last := func() string { heard := alice.heard(); return heard[len(heard)-1] }
	for _, tt := range []struct{ do, want string }{
		{"/ignore", "* you ignore nobody (/ignore NAME)"},
		{"/ignore carol", "* nobody else of that name is here (/ignore NAME)"},
		{"/ignore alice", "* nobody else of that name is here (/ignore NAME)"},
		{"/ignore bob", "* you ignore Bob (/ignore Bob ends it)"},
		{"/ignore", "* you ignore: Bob"},
	} {
		if alice.member.Do(tt.do); last() != tt.want {
			t.Errorf("%s: %q, want %q", tt.do, last(), tt.want)
		}
	}
	bob.member.Do("/msg alice psst")
	if got := alice.heard(); slices.Contains(got, "* Bob to you: psst") {
		t.Error("a message from someone ignored arrives")
	}
	bob.member.Do("/nick robert")
	for kind, want := range map[Kind]bool{Say: true, Me: true, Msg: true, Join: false, Nick: false, Kick: false} {
		if got := alice.member.Ignores(Line{Kind: kind, Name: "robert"}); got != want {
			t.Errorf("a line of kind %s is ignored: %t", kind, got)
		}
	}
	again := resume(t, room, "alice", Resume{Seq: 1, Token: alice.member.Token()})
	if !again.member.Ignores(Line{Kind: Say, Name: "robert"}) {
		t.Error("who resumes ignores nobody any more")
	}
	bob.member.Leave("exit", false)
	again.member.Do("/ignore Robert")
	if again.member.IgnoresAnyone() {
		t.Error("who has left is ignored for ever")
	}
}
