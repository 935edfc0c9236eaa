package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"wirelab/chat/server"
	"wirelab/internal/browsertest"
	"wirelab/internal/require"
	"wirelab/internal/webguard"
)

// screen is a phone's browser with the page.
type screen struct{ *browsertest.Page }

// newScreen opens the page at an address.
func newScreen(t *testing.T, browser context.Context, l browsertest.Look, url string) screen {
	t.Helper()
	l.Width, l.Height, l.Phone = 390, 844, true
	s := screen{browsertest.Open(t, browser, l)}
	s.Goto(url)
	return s
}

func (s screen) join(name string) {
	s.T.Helper()
	s.Await("!document.querySelector('#join').hidden")
	browsertest.Eval[bool](s.Page, "(e => { e.value = ''; return true })(document.querySelector('#name'))")
	s.Type("#name", name)
	s.Tap("#join button")
	s.awaitReady()
}

// awaitReady waits until all that was missed is told.
func (s screen) awaitReady() {
	s.T.Helper()
	s.Await("!document.querySelector('#say').hidden && document.querySelector('#lines').ariaLive === 'polite' && document.querySelector('#status').innerText === ''")
}

func (s screen) say(text string) {
	s.T.Helper()
	s.Type("#text", text)
	s.Press("\r")
}

// said returns what people have said, on the page.
func (s screen) said() []string {
	s.T.Helper()
	return browsertest.Eval[[]string](s.Page, "[...document.querySelectorAll('#lines .say:not(.unsent) .text')].map(e => e.textContent)")
}

// awaitSaid waits until a text was said, and nothing waits to be sent.
func (s screen) awaitSaid(text string) {
	s.T.Helper()
	s.Await(fmt.Sprintf("[...document.querySelectorAll('#lines .say:not(.unsent) .text')].some(e => e.textContent === %q) && !document.querySelector('.unsent')", text))
}

// check looks for what people need who do not see, or not well.
func (s screen) check() {
	s.T.Helper()
	for _, role := range s.NoNames() {
		s.T.Errorf("a %s has no name", role)
	}
	for _, text := range s.Contrast() {
		s.T.Errorf("contrast of %s", text)
	}
	if browsertest.Eval[bool](s.Page, "document.documentElement.scrollWidth > innerWidth") {
		s.T.Error("the page is wider than the screen")
	}
}

// looks are those in which every feature is tried.
var looks = []struct {
	name string
	browsertest.Look
	people, muted string
}{
	{"en-light", browsertest.Look{Language: "en-GB,en;q=0.8"}, "People: 3", "you are muted"},
	{"zh-dark", browsertest.Look{Language: "zh-TW,zh;q=0.9,en;q=0.5", Dark: true}, "3 人", "你被禁言了"},
}

// A chat between a phone, a terminal and a teacher, in both languages.
func TestPage(t *testing.T) {
	browser := browsertest.Start(t)
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			h := open(t, setUp{limits: server.DefaultLimits, guard: webguard.Config{Tokens: []webguard.Token{{Value: "chalk", Role: Teacher}}}})
			nc := newTerminal(t, h, "nc")
			s := newScreen(t, browser, look.Look, "http://"+h.address+"/")
			s.Await("!document.querySelector('#join').hidden")
			s.check()
			s.Keep("join-" + look.name)
			s.Allow("/join?lang=") // the console tells of every refusal
			s.Type("#name", "a:b")
			s.Tap("#join button")
			s.AwaitText("#problem", ":")
			s.join("小明")
			nc.until("* 小明 joined")
			hostile := `<img src=x onerror="alert(1)"><script>alert(2)</script> & "quotes"`
			nc.say(hostile + "\u202e")
			s.awaitSaid(hostile)
			s.say("大家好！<b>不是粗體</b>")
			nc.until("小明: 大家好！<b>不是粗體</b>")
			s.awaitSaid("大家好！<b>不是粗體</b>")
			nc.say("/msg 小明 only for you")
			s.AwaitText("#lines .msg", "only for you")
			nc.say("/topic packets")
			s.AwaitText("#topic", "packets")
			h.room.Say("the console speaks")
			s.awaitSaid("the console speaks")
			s.say("/nick 小華")
			nc.until("* 小明 is now 小華")
			nc.say(strings.Repeat("a long text 很長的文字 ", 20))
			s.say("//slash")
			nc.until("小華: /slash")
			s.awaitSaid("/slash")
			s.check()
			s.Keep("room-" + look.name)

			teacher := newScreen(t, browser, look.Look, webguard.Link(h.address, "/", "chalk"))
			teacher.Await("location.search === '' && document.querySelector('#join') && !document.querySelector('#join').hidden")
			teacher.join("老師")
			s.AwaitText("#people-button", look.people)
			teacher.Tap("#people-button")
			teacher.Await("document.querySelectorAll('#people-list li').length === 3 && document.querySelector('[data-key=\"mute 小華\"]')")
			teacher.check()
			teacher.Keep("teacher-" + look.name)
			teacher.Tap(`[data-key="mute 小華"]`)
			teacher.Await(`document.querySelector('[data-key="mute 小華"]').textContent !== document.querySelector('[data-key="mute nc"]').textContent`)
			s.say("hear me")
			s.AwaitText("#lines .alert", look.muted)
			teacher.Tap(`[data-key="kick 小華"]`)
			s.Await("!document.querySelector('#ended').hidden")
			nc.until("* 小華 was kicked")
			s.check()
			s.Keep("kicked-" + look.name)
			teacher.Tap(`[data-key="unban 小華"]`)
			teacher.Await(`!document.querySelector('[data-key="unban 小華"]')`)
			s.Tap("#again")
			s.join("小華")
			nc.until("* 小華 joined")
			s.Tap("#people-button")
			s.Await("document.querySelectorAll('#people-list li').length === 3")
			s.check()
			s.Keep("people-" + look.name)
			s.Tap("#leave")
			nc.until("* 小華 left")
			s.Await("!document.querySelector('#join').hidden")
		})
	}
}

// Who comes or goes while a finger is on a teacher's button does not make the tap miss: the
// list changes when the finger has gone.
func TestTapWhileTheListChanges(t *testing.T) {
	browser := browsertest.Start(t)
	h := open(t, setUp{limits: server.DefaultLimits, guard: webguard.Config{Tokens: []webguard.Token{{Value: "chalk", Role: Teacher}}}})
	gone := newTerminal(t, h, "ann")
	bob := newTerminal(t, h, "bob")
	bob.say("hello") // or who comes would be counted with the others
	teacher := newScreen(t, browser, browsertest.Look{}, webguard.Link(h.address, "/", "chalk"))
	teacher.join("teacher")
	teacher.Tap("#people-button")
	teacher.Await("document.querySelectorAll('#people-list li').length === 3")
	// The events of a finger, without the finger: one that rests for long makes no click.
	teacher.Await(`document.querySelector('[data-key="mute bob"]')`)
	browsertest.Eval[bool](teacher.Page, `(at => {
		const under = () => document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
		window.finger = (type) => under().dispatchEvent(new PointerEvent(type, { bubbles: true }));
		window.click = () => under().click();
		return finger('pointerdown');
	})(document.querySelector('[data-key="mute bob"]').getBoundingClientRect())`)
	newTerminal(t, h, "carl")
	gone.say("exit")
	teacher.Await(`document.querySelector('#lines').innerText.includes('ann left')`)
	browsertest.Eval[bool](teacher.Page, `(finger('pointerup'), click(), true)`)
	teacher.Await(`document.querySelector('[data-key="mute bob"]').textContent === 'Unmute'`)
	teacher.Await(`(e => e.querySelector('[data-key="mute carl"]') && !e.querySelector('[data-key="mute ann"]'))(document.querySelector('#people-list'))`)
}

// cable is what lies between a phone and the server: it can be cut, or go silent.
type cable struct {
	net.Listener
	to string

	mu    sync.Mutex
	cut   bool
	deaf  bool // the phone receives nothing
	conns map[net.Conn]bool
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: l, to: to, conns: map[net.Conn]bool{}}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go c.join(near)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		c.set(true)
	})
	return c
}

// join carries bytes both ways until the cable is cut.
func (c *cable) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer far.Close()
	c.mu.Lock()
	if c.cut {
		c.mu.Unlock()
		return
	}
	c.conns[near], c.conns[far] = true, true
	c.mu.Unlock()
	go func() {
		_, _ = io.Copy(far, near) // the cut ends it
		far.Close()
	}()
	_, _ = io.Copy(toPhone{c, near}, far)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, near)
	delete(c.conns, far)
}

// toPhone is what a phone receives.
type toPhone struct {
	c *cable
	net.Conn
}

// Write implements io.Writer.
func (p toPhone) Write(b []byte) (int, error) {
	p.c.mu.Lock()
	deaf := p.c.deaf
	p.c.mu.Unlock()
	if deaf {
		return len(b), nil
	}
	return p.Conn.Write(b)
}

// setDeaf has the phone receive nothing, though the server receives what it sends.
func (c *cable) setDeaf(deaf bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = deaf
}

// set cuts the cable, or repairs it.
func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut = cut; cut {
		for conn := range c.conns {
			conn.Close()
		}
	}
}

// transcript returns what the room has told.
func transcript(t *testing.T, h *house) string {
	t.Helper()
	var b strings.Builder
	if err := h.room.WriteTranscript(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What a phone says and is told while its network comes and goes, it freezes, the page
// is loaded anew, and the server is started anew, arrives once each.
func TestPageLosesNothing(t *testing.T) {
	browser := browsertest.Start(t)
	record := new(bytes.Buffer)
	h := open(t, setUp{record: record})
	link := newCable(t, h.address)
	s := newScreen(t, browser, browsertest.Look{}, "http://"+link.Addr().String()+"/")
	for _, expected := range []string{"ERR_CONNECTION", "ERR_INTERNET_DISCONNECTED", "ERR_EMPTY_RESPONSE", "ERR_NETWORK", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_SOCKET", "ERR_ABORTED", "the server responded with a status of 410"} {
		s.Allow(expected)
	}
	s.join("alice")
	var want []string
	told := func(text string) {
		h.room.Say(text)
		want = append(want, text)
	}
	say := func(text string) {
		s.say(text)
		want = append(want, text)
	}
	check := func(what string) {
		t.Helper()
		s.awaitSaid(want[len(want)-1])
		s.awaitReady()
		got := s.said()
		slices.Sort(got)
		expected := slices.Sorted(slices.Values(want))
		if !slices.Equal(got, expected) {
			t.Fatalf("%s: the page has %q, want %q", what, got, expected)
		}
		said := 0
		for line := range strings.Lines(record.String()) {
			if strings.Contains(line, `"name":"alice","text":"mine`) {
				said++
			}
		}
		mine := 0
		for _, text := range want {
			if strings.HasPrefix(text, "mine") {
				mine++
			}
		}
		if said != mine {
			t.Fatalf("%s: the room has heard %d texts of alice, want %d:\n%s", what, said, mine, record)
		}
	}
	told("one")
	say("mine 1")
	check("at first")

	s.SetOffline(true)
	told("while offline")
	say("mine, typed offline")
	s.Await("document.querySelector('.unsent')")
	s.Keep("offline")
	s.SetOffline(false)
	told("back online")
	check("offline and back")

	link.set(true)
	told("while cut")
	say("mine, typed while cut")
	s.AwaitText("#status", "Trying again")
	link.set(false)
	told("repaired")
	check("cut and repaired")

	s.Freeze(true)
	link.set(true)
	told("while frozen")
	link.set(false)
	told("still frozen")
	s.Freeze(false)
	check("frozen and back")

	say("mine 2")
	s.Goto("http://" + link.Addr().String() + "/")
	told("after the reload")
	check("a reload")
	if n := strings.Count(record.String(), `"kind":"join","name":"alice"`); n != 1 {
		t.Errorf("alice has joined %d times", n)
	}

	at := h.address
	h.stop()
	s.AwaitText("#status", "Trying again")
	say("mine, typed without a server")
	h = open(t, setUp{at: at, record: record})
	told("the server is back")
	check("a restart")
	if name := h.room.People()[0].Name; name != "alice" {
		t.Errorf("after the restart alice is %q", name)
	}

	// The room hears a text, the phone is not told, and the server that knew its id ends.
	link.setDeaf(true)
	say("mine, heard without an answer")
	require.Eventually(t, patience, func() bool { return strings.Contains(transcript(t, h), "mine, heard without an answer") }, func() string { return "the room to hear alice, it has " + transcript(t, h) })
	link.set(true)
	link.setDeaf(false)
	h.stop()
	h = open(t, setUp{at: at, record: record})
	link.set(false)
	told("back again")
	check("a restart after a text whose answer was lost")

	link.set(true)
	told("cut and started anew")
	h.stop()
	h = open(t, setUp{at: at, record: record})
	say("mine, typed meanwhile")
	told("another word")
	link.set(false)
	check("cut, and a restart")
	if n := len(h.room.People()); n != 1 {
		t.Errorf("%d people are there", n)
	}
}

// The same browser's second window takes over, and gives back.
func TestPageInTwoWindows(t *testing.T) {
	browser := browsertest.Start(t)
	h := open(t, setUp{})
	a := newScreen(t, browser, browsertest.Look{}, "http://"+h.address+"/")
	a.join("alice")
	b := newScreen(t, browser, browsertest.Look{Language: "zh-TW", Dark: true}, "http://"+h.address+"/")
	b.join("bob")
	a.say("hello bob")
	b.awaitSaid("hello bob")
	b.say("hello alice")
	a.awaitSaid("hello alice")
	// The tab is doubled, with what it remembers.
	memory := browsertest.Eval[string](a.Page, "JSON.stringify({...sessionStorage})")
	b.Goto("http://" + h.address + "/?lang=en")
	b.awaitReady()
	browsertest.Eval[bool](b.Page, "(() => { sessionStorage.clear(); for (const [k, v] of Object.entries("+memory+")) sessionStorage.setItem(k, v); return true })()")
	b.Goto("http://" + h.address + "/?lang=en")
	a.AwaitText("#why", "another window")
	a.Keep("elsewhere")
	b.say("from the second window")
	b.awaitSaid("from the second window")
	a.Tap("#again")
	a.awaitReady()
	a.awaitSaid("from the second window")
	b.AwaitText("#why", "another window")
}

// Who comes with a link that is not valid any more is told what to do.
func TestPageWithoutToken(t *testing.T) {
	browser := browsertest.Start(t)
	guard := webguard.Config{Tokens: []webguard.Token{{Value: "first"}}}
	h := open(t, setUp{guard: guard})
	s := newScreen(t, browser, browsertest.Look{Language: "zh-TW"}, "http://"+h.address+"/")
	s.Allow("status of 403")
	s.Allow("ERR_")
	s.AwaitText("body", "請重新掃描 QR code")
	s.Goto(webguard.Link(h.address, "/", "first"))
	s.join("alice")
	if cookie := browsertest.Eval[string](s.Page, "document.cookie + location.href"); strings.Contains(cookie, "first") {
		t.Errorf("scripts and the address bar have the token: %s", cookie)
	}
	at := h.address
	h.stop()
	guard.Tokens[0].Value = "second"
	h = open(t, setUp{at: at, guard: guard})
	s.AwaitText("#app", "請重新掃描 QR code")
	s.Goto(webguard.Link(h.address, "/", "second"))
	s.AwaitText("#lines", "alice")
	s.awaitReady()
}
