package webguard

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"wirelab/internal/require"
)

// counter streams numbers from the one after Last-Event-ID on, up to its end.
func counter(g *Guard, end int, ended chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := g.Stream(w, r)
		if s == nil {
			return
		}
		defer s.Close()
		n := 0
		fmt.Sscan(s.LastID(), &n)
		for n < end {
			n++
			if err := s.Send(Event{ID: fmt.Sprint(n), Data: fmt.Append(nil, n)}); err != nil {
				ended <- err
				return
			}
		}
		ended <- s.Wait(nil)
	}
}

// openStream asks for a stream, as a page of the server does.
func openStream(t *testing.T, at string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+at+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestStreamResumes(t *testing.T) {
	g := New(Config{})
	ended := make(chan error, 2)
	at := serve(t, g, counter(g, 5, ended))
	resp := openStream(t, at, "Sec-Fetch-Site", "same-origin", "Last-Event-ID", "3")
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("it is %s", got)
	}
	lines := bufio.NewScanner(resp.Body)
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
		if lines.Text() == "data: 5" {
			break
		}
	}
	if want := "retry: 1000||id: 4|data: 4||id: 5|data: 5"; strings.Join(got, "|") != want {
		t.Errorf("read %q, want %q", got, want)
	}
	resp.Body.Close()
	if err := <-ended; !errors.Is(err, ErrGone) {
		t.Errorf("the stream of a reader who has gone ended with %v", err)
	}
}

func TestOriginOfAStream(t *testing.T) {
	g := New(Config{})
	ended := make(chan error, 9)
	at := serve(t, g, counter(g, 1, ended))
	mine := "wirelab-" + portOf(at) + "=" + g.cookie
	for _, test := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"our own page", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"an old browser with the cookie", []string{"Cookie", mine}, 200},
		{"an old browser without the cookie", nil, 403},
		{"another site with the cookie", []string{"Cookie", mine, "Origin", "https://evil.example"}, 403},
		{"another port with the cookie", []string{"Cookie", mine, "Sec-Fetch-Site", "same-site"}, 403},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if resp := openStream(t, at, test.headers...); resp.StatusCode != test.want {
			t.Errorf("%s: %d, want %d", test.name, resp.StatusCode, test.want)
		}
	}
}

func TestStreamsOfAnAddress(t *testing.T) {
	g := New(Config{Limits: Limits{StreamsPerAddress: 2}})
	ended := make(chan error, 9)
	at := serve(t, g, counter(g, 1, ended))
	own := []string{"Sec-Fetch-Site", "same-origin"}
	first := openStream(t, at, own...)
	openStream(t, at, own...)
	if resp := openStream(t, at, own...); resp.StatusCode != 503 {
		t.Errorf("a third stream: %d", resp.StatusCode)
	}
	first.Body.Close()
	<-ended
	for range 100 { // the handler returns after it has said why
		if openStream(t, at, own...).StatusCode == 200 {
			return
		}
	}
	t.Error("a stream that has ended counts")
}

// A reader that does not read is cut, and told why when it comes back.
func TestSlowReader(t *testing.T) {
	require.Long(t, "it waits for the 20 s that a reader has")
	t.Parallel()
	g := New(Config{})
	ended := make(chan error, 1)
	at := serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := g.Stream(w, r)
		defer s.Close()
		much := bytes.Repeat([]byte("x"), 32<<10)
		for r.Header.Get("Last-Event-ID") == "" {
			if err := s.Send(Event{Data: much}); err != nil {
				ended <- err
				return
			}
		}
		s.Send()
	}))
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\n\r\n", at)
	if err := <-ended; err != ErrSlow {
		t.Fatalf("the stream ended with %v", err)
	}
	for _, want := range []string{"retry: 1000||event: cut|data: slow||", "retry: 1000||"} {
		resp := openStream(t, at, "Sec-Fetch-Site", "same-origin", "Last-Event-ID", "1")
		b := new(bytes.Buffer)
		b.ReadFrom(resp.Body)
		if got := strings.ReplaceAll(b.String(), "\n", "|"); got != want {
			t.Errorf("who comes back reads %q, want %q", got, want)
		}
	}
}

func TestClosingEndsStreams(t *testing.T) {
	g := New(Config{})
	ended := make(chan error, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- g.Serve(ctx, l, counter(g, 1, ended)) }()
	openStream(t, l.Addr().String(), "Sec-Fetch-Site", "same-origin")
	cancel()
	if err := <-ended; err != ErrClosing {
		t.Errorf("the stream ended with %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("served: %v", err)
	}
}

// What an event says stays in its fields.
func FuzzEvent(f *testing.F) {
	f.Add("1", "say", "a\nb")
	f.Add("1\ndata: x", "say\r\n\r\n", "\r\n\r\nevent: cut\rdata: y\n\n")
	f.Add("\x00", "", "")
	f.Fuzz(func(t *testing.T, id, name, data string) {
		var b bytes.Buffer
		Event{id, name, []byte(data)}.write(&b)
		body, ok := strings.CutSuffix(b.String(), "\n\n")
		if !ok || strings.Contains(body, "\n\n") || strings.Contains(body, "\r") {
			t.Fatalf("written %q", b.String())
		}
		var got []string
		for line := range strings.SplitSeq(body, "\n") {
			if text, ok := strings.CutPrefix(line, "data: "); ok {
				got = append(got, text)
			} else if !strings.HasPrefix(line, "id: ") && !strings.HasPrefix(line, "event: ") || len(got) > 0 {
				t.Fatalf("line %q of %q", line, body)
			}
		}
		if want := newlines.Replace(data); strings.Join(got, "\n") != want {
			t.Fatalf("data %q became %q", want, got)
		}
	})
}
