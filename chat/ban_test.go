package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
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

func refuses(t *testing.T, room *Room, p Person, token, want string) {
	t.Helper()
	p.Transport = "tcp"
	if _, err := room.Join(p, Resume{Token: token}, &fakeSubscriber{log: room.log}); err == nil || err.Error() != want {
		t.Errorf("%s from %s: %v, want %q", p.Name, p.Address, err, want)
	}
}

func TestBan(t *testing.T) {
	room := NewRoom(nil)
	alice := enterFrom(t, room, "alice", "192.0.2.1:1")
	bob := enterFrom(t, room, "bob the builder", "[2001:db8::1]:1")
	if _, err := room.Ban("bob"); !errors.Is(err, errNobody) {
		t.Errorf("ban of nobody: %v, want errNobody", err)
	}
	b, err := room.Ban("bob the builder too  loud\x1b")
	if err != nil || b.Address.String() != "2001:db8::/64" || b.Reason != "too  loud" || b.Spared != 0 {
		t.Fatalf("banned %+v, %v", b, err)
	}
	alice.check(t, "alice", "* you are alice", "* alice joined", "* bob the builder joined", "* bob the builder was kicked: banned: too  loud")
	if bob.ends != 1 {
		t.Errorf("ended %d times, want once", bob.ends)
	}
	const why = "you are banned: too  loud"
	late := Person{Name: "carol", Transport: "tcp", Address: "[2001:db8::ffff]:9"}
	refuses(t, room, late, "", why)
	refuses(t, room, Person{Name: "Bob the Builder", Address: "192.0.2.9:1"}, "", why)
	refuses(t, room, Person{Name: "robert", Address: "192.0.2.9:1"}, bob.member.Token(), why)
	for _, wrong := range []string{"2001:db8:0:1::1", "192.0.2.1", "alice"} {
		if err := room.Unban(wrong); !errors.Is(err, errNotBanned) {
			t.Errorf("unban %s: %v, want errNotBanned", wrong, err)
		}
	}
	if err := room.Unban("2001:db8::/64"); err != nil || len(room.Sanctions()) != 0 {
		t.Errorf("unban: %v, left %v", err, room.Sanctions())
	}
	enterFrom(t, room, "carol", late.Address)
}

// TestBanSparesAClass: the others at an address stay, and may come.
func TestBanSparesAClass(t *testing.T) {
	room := NewRoom(nil)
	bob := enterFrom(t, room, "bob", "192.0.2.1:1")
	carol := enterFrom(t, room, "carol", "192.0.2.1:2")
	enterFrom(t, room, "dave", "192.0.2.1:3")
	b, err := room.Ban("bob")
	if err != nil || b.Spared != 2 || b.Address.IsValid() || carol.ends != 0 {
		t.Fatalf("banned %+v, %v; carol ended %d times", b, err, carol.ends)
	}
	enterFrom(t, room, "erin", "192.0.2.1:4")
	refuses(t, room, Person{Name: "BOB", Address: "192.0.2.1:5"}, "", "you are banned")
	refuses(t, room, Person{Name: "x", Address: "192.0.2.1:5"}, bob.member.Token(), "you are banned")
	all, err := room.Ban("192.0.2.1 enough")
	if err != nil || strings.Join(all.Names, " ") != "carol dave erin" || carol.ends != 1 {
		t.Errorf("the address takes %q, %v", all.Names, err)
	}
	refuses(t, room, Person{Name: "frank", Address: "192.0.2.1:6"}, "", "you are banned: enough")
	if err := room.Unban("bob"); err != nil || len(room.Sanctions()) != 1 {
		t.Errorf("unban bob: %v, left %v", err, room.Sanctions())
	}
}

func TestSanctionsAreBounded(t *testing.T) {
	room := NewRoom(nil)
	for i := range maxSanctions + 1 {
		enterFrom(t, room, fmt.Sprint("x", i), fmt.Sprintf("10.0.%d.%d:1", i/256, i%256))
		if _, err := room.Ban(fmt.Sprint("x", i)); (err != nil) != (i == maxSanctions) {
			t.Fatalf("ban number %d: %v", i+1, err)
		}
	}
}

func TestKickForATime(t *testing.T) {
	room := NewRoom(nil)
	now := time.Now()
	room.now = func() time.Time { return now }
	enterFrom(t, room, "alice", "192.0.2.1:1")
	bob := enterFrom(t, room, "bob", "192.0.2.2:1")
	r, err := room.Kick("bob 10m too loud")
	if err != nil || r.Until.Sub(now) != 10*time.Minute || bob.heard()[len(bob.heard())-1] != "* bob was kicked: too loud" {
		t.Fatalf("kicked %+v, %v; he heard %q", r, err, bob.heard())
	}
	const why = "you were kicked: come back in 10 min"
	now = now.Add(time.Second)
	refuses(t, room, Person{Name: "bob", Address: "192.0.2.3:1"}, "", why)
	refuses(t, room, Person{Name: "robert", Address: "192.0.2.2:2"}, "", why)
	refuses(t, room, Person{Name: "robert", Address: "192.0.2.3:1"}, bob.member.Token(), why)
	now = now.Add(10 * time.Minute)
	enterFrom(t, room, "bob", "192.0.2.2:3")
	if r, err := room.Kick("bob 10 bottles"); err != nil || !r.Until.IsZero() {
		t.Errorf("a reason that is no duration: %+v, %v", r, err)
	}
	enterFrom(t, room, "bob", "192.0.2.2:3")
	for _, word := range []string{"10", "10min", "10分", "0", "0s", "2d spam"} {
		if _, err := room.Kick("bob " + word); err == nil || len(room.People()) != 2 {
			t.Errorf("kick bob %s: %v, and %d people are here: it is no duration", word, err, len(room.People()))
		}
	}
	enterFrom(t, room, "bob 10", "192.0.2.2:4") // whoever is called so cannot hide behind the mistake
	if r, err := room.Kick(`"bob 10"`); err != nil || r.Names[0] != "bob 10" {
		t.Errorf("somebody is called so: %+v, %v", r, err)
	}
}

// TestKickMeansTheShorterName: nobody is safe behind a name that looks like a reason.
func TestKickMeansTheShorterName(t *testing.T) {
	room := NewRoom(nil)
	for _, tt := range []struct{ args, want string }{{"bob spam", "bob"}, {`"bob spam" and eggs`, "bob spam"}, {`"bob" spam`, "bob"}, {"bob  spam", "bob"}} {
		for _, name := range []string{"bob", "bob spam"} {
			if room.find(name) == nil {
				enter(t, room, name)
			}
		}
		if r, err := room.Kick(tt.args); err != nil || r.Names[0] != tt.want {
			t.Errorf("kick %s takes %q, %v, want %q", tt.args, r.Names, err, tt.want)
		}
	}
}

func TestOrder(t *testing.T) {
	room := NewRoom(nil)
	now := time.Now()
	room.now = func() time.Time { return now }
	alice, bob := enter(t, room, "alice"), enter(t, room, "bob")
	says := func(e *fakeSubscriber, line, want string) {
		t.Helper()
		e.member.Do(line)
		if heard := e.heard(); heard[len(heard)-1] != want {
			t.Errorf("%s is answered by %q, want %q", line, heard[len(heard)-1], want)
		}
	}
	room.Lock(true)
	refuses(t, room, Person{Name: "carol"}, "", "the room is locked: nobody new joins now")
	bob.member.Leave("connection reset", true)
	bob = resume(t, room, "bob", Resume{Seq: 1, Token: bob.member.Token()})
	room.Lock(false)
	enter(t, room, "carol")

	if err := room.Quiet("nobody"); !errors.Is(err, errNobody) {
		t.Errorf("quiet nobody: %v", err)
	}
	room.Quiet("")
	room.Quiet("alice")
	says(alice, "I may", "alice: I may")
	for _, line := range []string{"hi", "/me waves", "/nick x", "/topic x", "/msg alice hi", "/away shouting"} {
		says(bob, line, "* "+errQuiet.Error())
	}
	room.Unquiet()
	says(bob, "hi", "bob: hi")

	room.Slow(30 * time.Second)
	says(bob, "again", "* not said: one line in 30 s, the next in 31 s")
	now = now.Add(10 * time.Second)
	bob = resume(t, room, "bob", Resume{Seq: 1, Token: bob.member.Token()})
	says(bob, "again", "* not said: one line in 30 s, the next in 21 s")
	says(enter(t, room, "dave"), "new here", "* not said: one line in 30 s, the next in 31 s")
	now = now.Add(21 * time.Second)
	says(bob, "again", "bob: again")
	if said := i18n.Join(lang.Chinese, room.Order()); !strings.Contains(said, "30 秒") || strings.Contains(said, "slow") {
		t.Errorf("the room's order is, in Chinese, %q", said)
	}
	room.Slow(0)
	says(bob, "at once", "bob: at once")
	if order := room.Order(); len(order) > 0 {
		t.Errorf("the room's order is %v", order)
	}
}

// TestMuteOutlivesAReconnect: the token, the name and an address of one's own.
func TestMuteOutlivesAReconnect(t *testing.T) {
	room := NewRoom(nil)
	enterFrom(t, room, "alice", "192.0.2.1:1")
	bob := enterFrom(t, room, "bob", "192.0.2.2:1")
	bob.member.Do("/away ask me about my shop")
	if _, err := room.Mute("bob"); err != nil {
		t.Fatal(err)
	}
	if p := room.People()[1]; p.Away != "" {
		t.Errorf("/who still tells %q", p.Away)
	}
	bob.member.Leave("exit", false)
	for _, address := range []string{"192.0.2.2:2", "192.0.2.3:3"} {
		again := enterFrom(t, room, "bob", address)
		if again.member.Do("hi"); again.heard()[len(again.heard())-1] != "* "+errMuted.Error() {
			t.Errorf("from %s he heard %q", address, again.heard())
		}
		again.member.Leave("exit", false)
	}
	robert := enterFrom(t, room, "robert", "192.0.2.2:3")
	if robert.member.Do("hi"); robert.heard()[len(robert.heard())-1] != "* "+errMuted.Error() {
		t.Errorf("under another name he heard %q", robert.heard())
	}
	if err := room.Unmute("bob"); err != nil {
		t.Fatal(err)
	}
	if robert.member.Do("hi"); robert.heard()[len(robert.heard())-1] != "robert: hi" {
		t.Errorf("he heard %q", robert.heard())
	}
}

func TestMute(t *testing.T) {
	room := NewRoom(nil)
	alice, bob := enter(t, room, "alice"), enter(t, room, "bob the builder")
	if _, err := room.Mute("bob"); !errors.Is(err, errNobody) {
		t.Errorf("mute of nobody: %v, want errNobody", err)
	}
	if _, err := room.Mute("Bob the Builder"); err != nil {
		t.Fatal(err)
	}
	heard := len(alice.heard())
	for _, line := range []string{"hi", "//hi", "/me waves", "/away hi", "/msg alice hi", "/nick hi", "/topic hi"} {
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
