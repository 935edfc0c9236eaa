package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/server"
)

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

// A browser that connects ahead, and asks later, is not asked for a name: not even when
// who connected after it to a server without pages has been.
func TestSilentBrowser(t *testing.T) {
	h := open(t, setUp{})
	c, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&server.Server{Room: chat.NewRoom(nil), TCP: l}).Serve(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	silent.SetReadDeadline(time.Now().Add(patience))
	if _, err := silent.Read(make([]byte, 1)); err != nil {
		t.Fatalf("awaited the question for a name: %v", err)
	}
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", h.address)
	c.SetReadDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200 OK") {
		t.Errorf("answered %.60q, %v", b, err)
	}
}
