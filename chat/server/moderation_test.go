package server

import (
	"strings"
	"testing"

	"wirelab/chat"

	"wirelab/chat/client"
)

// TestBanOnTheWire bans the loopback: who comes is told why.
func TestBanOnTheWire(t *testing.T) {
	s := &Server{}
	serve(t, s)
	bob, talker := joinTCP(t, s, "bob"), talkUDP(t, s, "talker")
	say(t, talker, "in")
	await(t, bob, "talker: in")
	if _, err := s.Room.Ban("127.0.0.1 spam"); err != nil {
		t.Fatal(err)
	}
	await(t, bob, "* bob was kicked: banned: spam")
	await(t, talker, "* talker was kicked: banned: spam")
	const why = "you are banned: spam"
	if _, err := client.JoinTCP(t.Context(), dial(t, "tcp", s.TCP.Addr()), "bob", chat.Resume{}); err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("over TCP: %v, want %q", err, why)
	}
	say(t, talker, "still in?")
	await(t, talker, "* "+why)
	if err := s.Room.Unban("127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	say(t, talker, "back")
	await(t, joinTCP(t, s, "bob"), "talker: back")
}
