package chat

import (
	"strings"
	"testing"
)

func TestTopic(t *testing.T) {
	tests := []struct {
		typed []string // by alice, before bob joins
		alice []string
		bob   []string // after "* bob joined"
	}{
		{[]string{"/topic"}, []string{"* there is no topic (/topic TEXT sets one)"}, nil},
		{[]string{"/topic three  segments"}, []string{"* alice set the topic: three  segments"}, []string{"* the topic is: three  segments"}},
		{[]string{"/topic a", "/topic \x1b[2Jb", "/topic"},
			[]string{"* alice set the topic: a", "* alice set the topic: [2Jb", "* the topic is: [2Jb"}, []string{"* the topic is: [2Jb"}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.typed, ","), func(t *testing.T) {
			room := NewRoom(nil)
			alice := enter(t, room, "alice")
			for _, line := range tt.typed {
				alice.member.Do(line)
			}
			alice.check(t, "alice", append([]string{"* you are alice", "* alice joined"}, tt.alice...)...)
			bob := enter(t, room, "bob").heard()
			after := bob[len(bob)-len(tt.bob)-1:]
			if got, want := strings.Join(after, "\n"), strings.Join(append([]string{"* bob joined"}, tt.bob...), "\n"); got != want {
				t.Errorf("bob heard %q, want %q", got, want)
			}
		})
	}
}

// Who resumes has heard the topic, or hears of its change among what was missed.
func TestTopicIsToldOnce(t *testing.T) {
	room := NewRoom(nil)
	alice := enter(t, room, "alice")
	alice.member.Do("/topic one")
	bob := enter(t, room, "bob")
	seen := bob.lines()
	bob.member.Leave("connection reset", true)
	alice.member.Do("/topic two")
	from := Resume{Seq: seen[len(seen)-1].Seq, Token: seen[0].Text}
	resume(t, room, "bob", from).check(t, "bob", "* you are bob", "* bob left", "* alice set the topic: two", "* bob joined")
}
