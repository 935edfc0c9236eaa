package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/server"
	"wirelab/internal/require"
	"wirelab/internal/webguard"
)

const patience = 60 * time.Second // for what takes milliseconds

// house is a server with its page.
type house struct {
	room    *chat.Room
	site    *Site
	address string // HOST:PORT
	stop    func()
}

// setUp is how a test wants its house.
type setUp struct {
	limits server.Limits
	guard  webguard.Config
	grace  time.Duration // 0: graceFor
	at     string        // address; empty for any port
	record *bytes.Buffer // the room is restored from it, and recorded to it
}

// open serves a house until the test ends.
func open(t *testing.T, u setUp) *house {
	t.Helper()
	if u.at == "" {
		u.at = "127.0.0.1:0"
	}
	if u.guard.Limits == (webguard.Limits{}) {
		u.guard.Limits = webguard.Limits{Rate: 1e6, Burst: 1e6, StreamsPerAddress: 1000}
	}
	l, err := net.Listen("tcp", u.at)
	if err != nil {
		t.Fatal(err)
	}
	room := chat.NewRoom(nil)
	if u.record != nil {
		if u.record.Len() > 0 {
			if err := room.Restore(bytes.NewReader(u.record.Bytes())); err != nil {
				t.Fatal(err)
			}
		}
		lines := json.NewEncoder(u.record)
		room.Record = func(r chat.Record) { _ = lines.Encode(r) } // the room is locked meanwhile
	}
	s := &server.Server{Room: room, TCP: l, Limits: u.limits}
	h := &house{room: room, site: New(room, s, webguard.New(u.guard)), address: l.Addr().String()}
	if u.grace > 0 {
		h.site.grace = u.grace
	}
	s.Web = h.site.Serve
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// phone is someone in a browser, as far as the server can tell.
type phone struct {
	t    *testing.T
	h    *house
	http *http.Client
	joined
	after string // the ID of the last event
}

func newPhone(t *testing.T, h *house) *phone {
	return &phone{t: t, h: h, http: &http.Client{Transport: &http.Transport{}}}
}

// post sends a request of the page and returns the answer's status; it reads the answer
// into v, if that is not nil.
func (p *phone) post(path string, body, v any) int {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), "POST", "http://"+p.h.address+"/"+path, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Origin", "http://"+p.h.address)
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err = io.ReadAll(resp.Body)
	if err == nil && v != nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		p.t.Fatalf("%s is answered %q: %v", path, b, err)
	}
	return resp.StatusCode
}

func (p *phone) join(q joining) *phone {
	p.t.Helper()
	if q.Once == "" {
		q.Once = webguard.NewToken()
	}
	if status := p.post("join", q, &p.joined); status != 200 {
		p.t.Fatalf("%s does not join: %d", q.Name, status)
	}
	return p
}

func (p *phone) say(text string) {
	p.t.Helper()
	if status := p.post("say", saying{ofSession{p.Session}, webguard.NewToken(), text}, nil); status != 200 {
		p.t.Fatalf("say %q: %d", text, status)
	}
}

// events is a stream that a phone reads.
type events struct {
	p     *phone
	close func()
	in    *bufio.Scanner
}

// told is an event.
type told struct {
	name, id, data string
	line           shownLine
}

// listen opens the phone's stream, from where the last one has ended.
func (p *phone) listen() *events {
	p.t.Helper()
	e, err := p.tryListen(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

func (p *phone) tryListen(ctx context.Context) (*events, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.h.address+"/events?session="+p.Session+"&after="+p.after, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := p.http.Do(r)
	if err == nil && resp.StatusCode != 200 {
		resp.Body.Close()
		err = fmt.Errorf("the stream is answered %s", resp.Status)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	end := func() { cancel(); resp.Body.Close() }
	p.t.Cleanup(end)
	e := &events{p: p, close: end, in: bufio.NewScanner(resp.Body)}
	e.in.Buffer(nil, 1<<20)
	return e, nil
}

// next returns the next event; ok is false at the end of the stream.
func (e *events) next() (now told, ok bool) {
	for e.in.Scan() {
		name, value, _ := strings.Cut(e.in.Text(), ": ")
		switch name {
		case "id":
			now.id = value
		case "event":
			now.name = value
		case "data":
			now.data = value
		case "":
			if now.name == "" {
				continue // retry
			}
			if now.name == "line" {
				e.p.after = now.id
				if err := json.Unmarshal([]byte(now.data), &now.line); err != nil {
					e.p.t.Errorf("line %s: %v", now.data, err)
				}
			}
			return now, true
		}
	}
	return told{}, false
}

// until reads up to an event for which found holds, and returns what was said up to then.
func (e *events) until(what string, found func(told) bool) (said []string) {
	e.p.t.Helper()
	timeout := time.AfterFunc(patience, e.close)
	defer timeout.Stop()
	for {
		now, ok := e.next()
		if !ok {
			e.p.t.Fatalf("%s has not come; told were %q", what, said)
		}
		if now.name == "line" {
			said = append(said, now.line.String())
		}
		if found(now) {
			return said
		}
	}
}

// String returns a line as the tests compare it.
func (l shownLine) String() string {
	switch l.Kind {
	case "say":
		return l.Name + ": " + l.Text
	case "msg":
		return l.Name + " privately: " + l.Text
	}
	return "* " + l.Text
}

func (e *events) untilEvent(name string) []string {
	e.p.t.Helper()
	return e.until("the event "+name, func(now told) bool { return now.name == name })
}

func (e *events) untilLine(text string) []string {
	e.p.t.Helper()
	return e.until(fmt.Sprintf("%q", text), func(now told) bool { return now.name == "line" && now.line.String() == text })
}

// terminal is someone at nc.
type terminal struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func newTerminal(t *testing.T, h *house, name string) *terminal {
	t.Helper()
	c, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	n := &terminal{t, c, bufio.NewReader(c)}
	n.say(name)
	n.until("* " + name + " joined")
	return n
}

func (n *terminal) say(text string) { fmt.Fprintln(n.conn, text) }

func (n *terminal) until(want string) (lines []string) {
	n.t.Helper()
	for {
		n.conn.SetDeadline(time.Now().Add(patience))
		line, err := n.in.ReadString('\n')
		if err != nil {
			n.t.Fatalf("%q has not come: %v; told were %q", want, err, lines)
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
		if lines[len(lines)-1] == want {
			return lines
		}
	}
}

// awaitPeople waits until so many are in the room.
func (h *house) awaitPeople(t *testing.T, want int) {
	t.Helper()
	require.Eventually(t, patience, func() bool { return len(h.room.People()) == want }, func() string { return fmt.Sprintf("%d people, there are %v", want, h.room.People()) })
}
