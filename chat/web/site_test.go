package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"wirelab/internal/webguard"
)

func TestOneRoom(t *testing.T) {
	h := open(t, setUp{})
	nc := newTerminal(t, h, "nc")
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	if got, want := in.untilEvent("ready"), []string{"* nc joined", "* alice joined"}; !slices.Equal(got, want) {
		t.Errorf("alice is told %q, want %q", got, want)
	}
	nc.until("* alice joined")
	a.say("hello <b>nc</b>")
	nc.until("alice: hello <b>nc</b>")
	nc.say("hello phone")
	in.untilLine("nc: hello phone")
	a.say("/msg nc psst")
	nc.until("* alice to you: psst")
	in.untilLine("* to nc: psst")
	nc.say("/msg alice pssst")
	in.untilLine("nc privately: pssst")
	h.room.Say("from the console")
	in.untilLine("server: from the console")
	a.say("exit")
	nc.until("* alice left")
	in.untilEvent("over")
	if status := a.post("say", saying{ofSession{a.Session}, "x", "again"}, nil); status != http.StatusGone {
		t.Errorf("who has left says something: %d", status)
	}
}

// What is sent again is neither said nor joined again.
func TestNothingDoubled(t *testing.T) {
	h := open(t, setUp{})
	nc := newTerminal(t, h, "nc")
	a := newPhone(t, h)
	q := joining{Once: webguard.NewToken(), Name: "alice"}
	first := a.join(q).joined
	if again := a.join(q).joined; again != first {
		t.Errorf("joined as %+v, and then as %+v", first, again)
	}
	done := make(chan int, 8)
	for range cap(done) {
		go func() { done <- a.post("say", saying{ofSession{a.Session}, "the same", "once"}, nil) }()
	}
	for range cap(done) {
		if status := <-done; status != 200 {
			t.Errorf("a text that is sent again: %d", status)
		}
	}
	a.say("the end")
	if got, want := nc.until("alice: the end"), []string{"* alice joined", "alice: once", "alice: the end"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestRefusedPeople(t *testing.T) {
	h := open(t, setUp{})
	for _, test := range []struct {
		q      joining
		status int
		code   string
	}{
		{joining{Name: "a:b"}, 403, "chat.name.colon"},
		{joining{Name: " "}, 403, "chat.name.empty"},
		{joining{Name: "x", Once: "short"}, 400, "system.says"},
		{joining{Name: "x", Once: strings.Repeat("x", 65)}, 400, "system.says"},
		{joining{Name: strings.Repeat("x", 60<<10)}, 403, "chat.name.long"},
		{joining{Name: strings.Repeat("x", 70<<10)}, 413, "chat.client.toolong"},
	} {
		if test.q.Once == "" {
			test.q.Once = webguard.NewToken()
		}
		var p problem
		if status := newPhone(t, h).post("join", test.q, &p); status != test.status || p.Code != test.code {
			t.Errorf("%.20q joins: %d %+v, want %d %s", test.q.Name, status, p, test.status, test.code)
		}
	}
	h.room.Lock(true)
	var p problem
	if status := newPhone(t, h).post("join", joining{Once: webguard.NewToken(), Name: "late"}, &p); status != 403 || p.Code != "chat.refused.locked" {
		t.Errorf("into a locked room: %d %+v", status, p)
	}
	if n := len(h.room.People()); n != 0 {
		t.Errorf("%d people are there", n)
	}
}

func TestStatic(t *testing.T) {
	h := open(t, setUp{})
	for path, want := range map[string]int{
		"/static/page.js": 200, "/static/page.css": 200, "/static/page.html": 404, "/static/..%2fsite.go": 404, "/static/": 404, "/page/page.js": 404, "/x": 404,
	} {
		resp, err := http.Get("http://" + h.address + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}
