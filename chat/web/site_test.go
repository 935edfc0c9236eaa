package web

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/server"
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

// A browser that has too many connections is told so, and when to come again.
func TestTooManyConnections(t *testing.T) {
	h := open(t, setUp{limits: server.Limits{PerAddress: 1}})
	newTerminal(t, h, "nc")
	resp, err := http.Get("http://" + h.address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(b), "too many connections from your address") {
		t.Errorf("answered %s %q, %v", resp.Status, b, err)
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

// What another site's page posts to the port is refused, and nothing of it is said.
func TestForeignPage(t *testing.T) {
	h := open(t, setUp{})
	nc := newTerminal(t, h, "nc")
	a := newPhone(t, h).join(joining{Name: "alice"})
	for _, headers := range []map[string]string{
		{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		{"Origin": "null"},
		{},
	} {
		r, _ := http.NewRequest("POST", "http://"+h.address+"/say", strings.NewReader(`{"session":"`+a.Session+`","id":"x","text":"evil"}`+"\nevil\nevil\n"))
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 403 {
			t.Errorf("a post with %v: %d", headers, resp.StatusCode)
		}
	}
	a.say("the end")
	if got := nc.until("alice: the end"); strings.Contains(fmt.Sprint(got), "evil") {
		t.Errorf("told %q", got)
	}
}

// A session that was seen on the wire is not another machine's while its phone listens.
func TestAnotherAddress(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	in.untilEvent("ready")
	thief := &phone{t: t, h: h, joined: a.joined, http: &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}}}
	thief.listen().untilEvent("busy")
	thief.join(joining{Name: "alice", Token: a.Token})
	if thief.Name == "alice" {
		t.Error("another machine has the name")
	}
	a.say("still here")
	in.untilLine("alice: still here")
}

// The same browser that opens the page twice goes on in the second.
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

func TestTeacher(t *testing.T) {
	h := open(t, setUp{guard: webguard.Config{Tokens: []webguard.Token{{Value: "chalk", Role: Teacher}}}})
	bob := newPhone(t, h).join(joining{Name: "bob"})
	if status := bob.post("teacher", order{"kick", "bob"}, nil); status != 403 {
		t.Errorf("who is no teacher kicks: %d", status)
	}
	in := bob.listen()
	teacher := newPhone(t, h)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	teacher.http.Jar = jar
	if resp, err := teacher.http.Get("http://" + h.address + "/?token=chalk"); err != nil || resp.StatusCode != 200 {
		t.Fatalf("the teacher's link: %v, %v", resp, err)
	}
	teacher.join(joining{Name: "teacher"}) // or the address would be kept out with bob
	var now room
	do := func(what, name string, want int) {
		t.Helper()
		now = room{}
		if status := teacher.post("teacher", order{what, name}, &now); status != want {
			t.Errorf("%s %s: %d, want %d", what, name, status, want)
		}
	}
	do("mute", "bob", 200)
	if len(now.People) != 2 || !now.People[0].Muted || now.People[0].Address != "127.0.0.1" {
		t.Errorf("the teacher sees %+v", now)
	}
	bob.say("can you hear me")
	in.untilLine("* you are muted: nobody hears it")
	do("unmute", "bob", 200)
	bob.say("and now")
	in.untilLine("bob: and now")
	do("mute", "nobody", 409)
	do("format", "bob", 400)
	do("kick", "bob", 200)
	in.untilEvent("over")
	if len(now.People) != 1 || !slices.Equal(now.Out, []string{"bob"}) {
		t.Errorf("after the kick: %+v", now)
	}
	var p problem
	if status := newPhone(t, h).post("join", joining{Once: webguard.NewToken(), Name: "bob"}, &p); status != 403 || p.Code != "chat.refused.kicked" {
		t.Errorf("who was kicked joins: %d %+v", status, p)
	}
	do("unban", "bob", 200)
	newPhone(t, h).join(joining{Name: "bob"})
	if _, err := h.room.KickMember("bo", 0, ""); err == nil {
		t.Error("half a name is kicked")
	}
}

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

// A browser that connects ahead, and asks later, is not asked for a name.
func TestSilentBrowser(t *testing.T) {
	h := open(t, setUp{})
	c, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(time.Second) // the silence itself is what is tried
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", h.address)
	c.SetReadDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200 OK") {
		t.Errorf("answered %.60q, %v", b, err)
	}
}

// Who may not have the stream makes nothing of it disappear.
func TestBusyAcknowledgesNothing(t *testing.T) {
	h := open(t, setUp{})
	a := newPhone(t, h).join(joining{Name: "alice"})
	in := a.listen()
	in.untilEvent("ready")
	thief := &phone{t: t, h: h, joined: a.joined, after: "0-99", http: &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}}).DialContext}}}
	a.say("/help")
	in.until("the last line of help", func(now told) bool { return strings.Contains(now.data, "/quit") })
	thief.listen().untilEvent("busy")
	m := h.site.find(a.Session)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.private) == 0 {
		t.Error("the lines for alice alone are forgotten")
	}
}
