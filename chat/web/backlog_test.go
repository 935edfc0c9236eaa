package web

import (
	"fmt"
	"strings"
	"testing"

	"wirelab/chat"
	"wirelab/internal/webguard"
)

// What was said while a phone was away is bounded, and what is gone is counted.
func TestGap(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	in.untilEvent("ready")
	in.close()
	text := strings.Repeat("x", 4000)
	before := h.room.Log().Snapshot().Seq
	for range 1000 { // 4 MB; the log keeps 2
		h.room.Say(text)
	}
	s := h.room.Log().Snapshot()
	got := a.listen().untilEvent("ready")
	if want := fmt.Sprintf("* %d lost", s.FirstSeq()-1-before); got[0] != want {
		t.Errorf("first told %.60q, want %q", got[0], want)
	}
	if uint64(len(got)-1) != s.Seq-s.FirstSeq()+1 {
		t.Errorf("%d lines are told of %d", len(got)-1, s.Seq-s.FirstSeq()+1)
	}
}

// The lines for one alone that nobody reads are bounded.
func TestPrivateLinesAreBounded(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	m := h.site.find(a.Session)
	line := chat.Line{Kind: chat.Msg, Name: "x", Text: strings.Repeat("x", 4000)}
	for range 100 {
		m.SendPrivate(line)
	}
	m.mu.Lock()
	size, kept := m.bytes, len(m.private)
	m.mu.Unlock()
	if size > maxPrivate || kept == 0 {
		t.Errorf("%d bytes in %d lines are kept", size, kept)
	}
	got := a.listen().untilEvent("ready")
	if want := fmt.Sprintf("* %d lost", 100-kept); got[0] != want {
		t.Errorf("first told %.60q, want %q", got[0], want)
	}
}

// Any position that a page could send is one, or none; nothing panics.
func FuzzPosition(f *testing.F) {
	for _, s := range []string{"", "0-0", "5-1", "18446744073709551615-18446744073709551615", "-", "1-", "-1-2", "9999-0"} {
		f.Add(s)
	}
	room := chat.NewRoom(nil)
	for i := range 30 {
		room.Say(fmt.Sprint(i))
	}
	site := New(room, nil, webguard.New(webguard.Config{}))
	f.Fuzz(func(t *testing.T, s string) {
		m := newMember(site, "s", "o")
		in, err := room.Join(chat.Person{Name: "x", Transport: "web"}, chat.Resume{}, m)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Leave("exit", false)
		m.in = in
		st := &stream{m: m}
		st.begin(room.Log(), s)
		for {
			events, over := st.next(room.Log().Snapshot())
			if over || len(events) == 0 {
				break
			}
		}
		if snapshot := room.Log().Snapshot(); st.pos != snapshot.Head || st.at.seq != snapshot.Seq {
			t.Errorf("from %q read up to %d, %v; the log has %d, %d", s, st.pos, st.at, snapshot.Head, snapshot.Seq)
		}
	})
}
