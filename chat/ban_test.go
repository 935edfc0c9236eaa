package chat

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

func enterFrom(t *testing.T, room *Room, name, address string) *fakeSubscriber {
	t.Helper()
	e := &fakeSubscriber{log: room.log}
	m, err := room.Join(Person{Name: name, Transport: "tcp", Address: address}, Resume{}, e)
	if err != nil {
		t.Fatal(err)
	}
	e.member = m
	return e
}

func TestBannedAddress(t *testing.T) {
	tests := []struct{ address, want string }{
		{"192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7/32"},
		{"2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::1/128"},
		{"::1", "::1/128"},
	}
	for _, tt := range tests {
		if got := AddressBlock(netip.MustParseAddr(tt.address)).String(); got != tt.want {
			t.Errorf("with %s is banned %s, want %s", tt.address, got, tt.want)
		}
	}
}

func TestBan(t *testing.T) {
	room := NewRoom(nil)
	alice := enterFrom(t, room, "alice", "192.0.2.1:1")
	bob := enterFrom(t, room, "bob the builder", "[2001:db8::1]:1")
	again := enterFrom(t, room, "bob again", "[2001:db8::2]:2")
	if _, err := room.Ban("bob"); !errors.Is(err, errNobody) {
		t.Errorf("ban of nobody: %v, want errNobody", err)
	}
	b, err := room.Ban("bob the builder too  loud\x1b")
	if err != nil || b.Address.String() != "2001:db8::/64" || b.Reason != "too  loud" {
		t.Fatalf("banned %+v, %v", b, err)
	}
	alice.check(t, "alice", "* you are alice", "* alice joined", "* bob the builder joined", "* bob again joined",
		"* bob the builder was kicked: banned: too  loud", "* bob again was kicked: banned: too  loud")
	if bob.ends != 1 || again.ends != 1 {
		t.Errorf("ended %d and %d times, want once each", bob.ends, again.ends)
	}
	late := Person{Name: "carol", Transport: "tcp", Address: "[2001:db8::ffff]:9"}
	if _, err := room.Join(late, Resume{}, &fakeSubscriber{log: room.log}); err == nil || err.Error() != "your address is banned: too  loud" {
		t.Errorf("from a banned address: %v", err)
	}
	for _, wrong := range []string{"2001:db8:0:1::1", "192.0.2.1"} {
		if err := room.Unban(wrong); !errors.Is(err, errNotBanned) {
			t.Errorf("unban %s: %v, want errNotBanned", wrong, err)
		}
	}
	if err := room.Unban("2001:db8::/64"); err != nil || len(room.Bans()) != 0 {
		t.Errorf("unban: %v, left %v", err, room.Bans())
	}
	enterFrom(t, room, "carol", late.Address)
}

func TestBansAreBounded(t *testing.T) {
	room := NewRoom(nil)
	for i := range maxBans + 1 {
		enterFrom(t, room, "x", fmt.Sprintf("10.0.%d.%d:1", i/256, i%256))
		if _, err := room.Ban("x"); (err != nil) != (i == maxBans) {
			t.Fatalf("ban number %d: %v", i+1, err)
		}
	}
}

func TestMute(t *testing.T) {
	room := NewRoom(nil)
	alice, bob := enter(t, room, "alice"), enter(t, room, "bob the builder")
	if err := room.Mute("bob"); !errors.Is(err, errNobody) {
		t.Errorf("mute of nobody: %v, want errNobody", err)
	}
	if err := room.Mute("Bob the Builder"); err != nil {
		t.Fatal(err)
	}
	heard := len(alice.heard())
	for _, line := range []string{"hi", "//hi", "/me waves", "/msg alice hi", "/nick hi", "/topic hi"} {
		bob.member.Do(line)
		if told := bob.heard(); told[len(told)-1] != "* "+errMuted.Error() {
			t.Errorf("%s is answered by %q", line, told[len(told)-1])
		}
	}
	if now := alice.heard(); len(now) != heard {
		t.Errorf("alice heard %q", now[heard:])
	}
	again := resume(t, room, "bob", Resume{Seq: 1, Token: bob.lines()[0].Text})
	again.member.Leave("connection reset", true)
	again = resume(t, room, "bob", Resume{Seq: 1, Token: bob.lines()[0].Text})
	if p := room.People()[1]; !p.Muted || p.Name != "bob the builder" {
		t.Errorf("who resumes is %+v, want muted", p)
	}
	if err := room.Unmute("bob the builder"); err != nil {
		t.Fatal(err)
	}
	again.member.Do("hi")
	if now := alice.heard(); now[len(now)-1] != "bob the builder: hi" {
		t.Errorf("alice heard %q", now)
	}
}
