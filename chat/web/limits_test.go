package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"wirelab/chat/server"
	"wirelab/internal/webguard"
)

// An address that is kept out has no page, and its browser is told why.
func TestKeptOut(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	if _, err := h.room.Ban("alice spam"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://" + h.address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); resp.StatusCode != 403 || string(b) != "you are banned: spam\n" {
		t.Errorf("answered %s %q, %v", resp.Status, b, err)
	}
	if status := a.post("say", saying{ofSession{a.Session}, "x", "spam"}, nil); status != http.StatusGone {
		t.Errorf("who is banned says something by an old connection: %d", status)
	}
}

// Texts are limited as everybody's are, for a person and however often the person
// joins.
func TestLimits(t *testing.T) {
	h := open(t, setUp{limits: server.Limits{Burst: 3, Rate: 0.1, PerAddress: 2}})
	a := newPhone(t, h).join(joining{Name: "alice"})
	for i := range 3 {
		a.say(fmt.Sprint(i))
	}
	if status := a.post("say", saying{ofSession{a.Session}, "4th", "too fast"}, nil); status != http.StatusTooManyRequests {
		t.Errorf("a fourth text at once: %d", status)
	}
	bob := &phone{t: t, h: h, http: a.http} // by the same connections, which are limited, too
	bob.join(joining{Name: "bob"})
	var p problem
	if status := bob.post("join", joining{Once: webguard.NewToken(), Name: "carol"}, &p); status != http.StatusTooManyRequests || p.Code != "chat.refused.address" {
		t.Errorf("a third person of an address: %d %+v", status, p)
	}
	in := a.listen()
	a.post("leave", ofSession{a.Session}, nil)
	in.untilEvent("over")
	h.awaitPeople(t, 1)
	status := 0
	for range 100 { // until the seat is free
		if status = bob.post("join", joining{Once: webguard.NewToken(), Name: "alice"}, &p); p.Code != "chat.refused.address" {
			break
		}
	}
	if p.Code != "chat.refused.often" {
		t.Errorf("who comes back with nothing left: %d %+v", status, p)
	}
}

// A browser that has too many connections is told so in its reader's language, and when to
// come again.
func TestTooManyConnections(t *testing.T) {
	h := open(t, setUp{limits: server.Limits{PerAddress: 1}})
	newTerminal(t, h, "nc")
	for accepts, want := range map[string]string{"": "too many connections from your address", "zh-TW,en;q=0.5": "來自你的位址的連線太多"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+h.address+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", accepts)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(b), want) {
			t.Errorf("Accept-Language %q: answered %s %q, %v, want %q", accepts, resp.Status, b, err, want)
		}
	}
}
