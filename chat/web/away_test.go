package web

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/chat/server"
)

// A phone that is away for a while is sent what it has missed, what was for it alone
// included, each line once; nobody is told that it was away.
func TestAwayForAWhile(t *testing.T) {
	h := open(t, setUp{})
	nc := newTerminal(t, h, "nc")
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	in.untilEvent("ready")
	nc.until("* alice joined")
	for round := range 5 {
		in.close()
		var want []string
		for i := range 10 {
			text := fmt.Sprintf("%d.%d", round, i)
			h.room.Say(text)
			want = append(want, "server: "+text)
			if i == 4 {
				nc.say("/msg alice " + text)
				nc.until("* to alice: " + text)
				want = append(want, "nc privately: "+text)
			}
		}
		in = a.listen()
		if got := in.untilEvent("ready"); !slices.Equal(got, want) {
			t.Fatalf("round %d: told %q, want %q", round, got, want)
		}
	}
	nc.say("/who")
	for _, line := range nc.until("* 2 people") {
		if strings.Contains(line, "alice left") || strings.Contains(line, "alice joined") {
			t.Errorf("told %q", line)
		}
	}
}

// A page that is opened anew in the same tab has the room's last lines.
func TestReload(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	a.say("one")
	in := a.listen()
	before := in.untilEvent("ready")
	in.close()
	a.after = ""
	if got := a.listen().untilEvent("ready"); !slices.Equal(got, before) || !slices.Contains(got, "alice: one") {
		t.Errorf("after a reload %q, before %q", got, before)
	}
}

// Someone who does not come back has left, and may resume with the token.
func TestAwayForLong(t *testing.T) {
	h := open(t, setUp{grace: 50 * time.Millisecond})
	nc := newTerminal(t, h, "nc")
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	in.untilLine("* alice joined")
	in.close()
	nc.until("* alice left")
	h.room.Say("missed")
	in = a.listen()
	in.untilEvent("gone")
	var seq, private uint64
	fmt.Sscanf(a.after, "%d-%d", &seq, &private)
	old := a.joined
	a.join(joining{Name: "alice", Token: old.Token, Seq: seq})
	if !a.Resumed || a.Name != "alice" || a.Token != old.Token || a.Session == old.Session {
		t.Errorf("resumed as %+v, was %+v", a.joined, old)
	}
	in = a.listen()
	if got, want := in.untilLine("* alice joined"), []string{"* alice left", "server: missed", "* alice joined"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// One who never opens a stream is in the room for a while only.
func TestJoinedWithoutAStream(t *testing.T) {
	h := open(t, setUp{grace: 50 * time.Millisecond, limits: server.Limits{PerAddress: 3}})
	p := newPhone(t, h)
	for range 5 {
		p.join(joining{Name: "ghost"})
		h.awaitPeople(t, 0)
	}
	h.site.mu.Lock()
	defer h.site.mu.Unlock()
	if len(h.site.members)+len(h.site.joins) > 1 { // the last may be leaving
		t.Errorf("%d sessions are remembered", len(h.site.members))
	}
}

// The server is started anew on its record: who was there resumes, and nobody joins twice.
func TestRestart(t *testing.T) {
	record := new(bytes.Buffer)
	h := open(t, setUp{record: record})
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	in.untilEvent("ready")
	a.say("before")
	in.untilLine("alice: before")
	h.room.Say("unseen")
	last := a.after
	h.stop()
	for {
		if _, ok := in.next(); !ok {
			break
		}
	}

	again := open(t, setUp{at: h.address, record: record})
	a.h, a.after = again, last
	in = a.listen()
	in.untilEvent("gone")
	var seq, private uint64
	fmt.Sscanf(last, "%d-%d", &seq, &private)
	a.join(joining{Name: "alice", Token: a.Token, Seq: seq})
	if !a.Resumed {
		t.Fatalf("not resumed: %+v", a.joined)
	}
	a.after = fmt.Sprintf("%d-0", a.Seq)
	in = a.listen()
	a.say("after")
	got := in.untilLine("alice: after")
	want := []string{"server: unseen", "* server is closing", "* alice joined", "alice: after"}
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// A browser that opens the page twice chats in the second window.
func TestTwoWindows(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	first := a.listen()
	first.untilEvent("ready")
	second := a.listen()
	second.untilEvent("ready")
	first.untilEvent("replaced")
	a.say("in the second")
	second.untilLine("alice: in the second")
	other := newPhone(t, h).join(joining{Name: "alice", Token: a.Token, Another: true})
	if other.Name == "alice" || other.Token == a.Token {
		t.Errorf("another window has %+v while the first is open", other.joined)
	}
}
