package webguard

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wirelab/internal/i18n"
)

// behind serves a handler behind a guard of its own on a Unix socket, and returns the
// address of the server that passes requests below /chat/ to it.
func behind(t *testing.T, inner *Guard, next http.Handler, c Config) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- inner.Serve(ctx, l, next) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	outer := New(c)
	mux := http.NewServeMux()
	mux.Handle("/chat/", http.StripPrefix("/chat", outer.Proxy(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}, i18n.Msg("web.nochat"))))
	return serve(t, outer, mux)
}

// What the first guard admits the second takes as from who asks, whatever that says of
// itself; it looks at the Origin again, and says its headers once.
func TestProxy(t *testing.T) {
	at := behind(t, New(Config{}), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.RemoteAddr+" "+r.URL.Path+" "+r.Host)
	}), Config{Tokens: []Token{{Value: "secret"}}})
	base := "http://" + at
	if resp, body := ask(t, http.DefaultClient, "GET", base+"/chat/room", ""); resp.StatusCode != 403 {
		t.Errorf("without the token: %d %q", resp.StatusCode, body)
	}
	cookie := []string{"Cookie", "wirelab-" + portOf(at) + "=secret"}
	resp, body := ask(t, http.DefaultClient, "GET", base+"/chat/room", "", append(cookie, "X-Forwarded-For", "192.0.2.1", "Forwarded", "for=192.0.2.1")...)
	if want := "127.0.0.1:0 /room " + at; resp.StatusCode != 200 || body != want {
		t.Errorf("answered %d %q, want %q", resp.StatusCode, body, want)
	}
	for _, name := range []string{"Content-Security-Policy", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options"} {
		if n := len(resp.Header.Values(name)); n != 1 {
			t.Errorf("%d headers %s", n, name)
		}
	}
	for origin, want := range map[string]int{base: 200, "http://evil.example": 403} {
		if resp, _ := ask(t, http.DefaultClient, "POST", base+"/chat/say", "", append(cookie, "Origin", origin)...); resp.StatusCode != want {
			t.Errorf("a change from %s: %d, want %d", origin, resp.StatusCode, want)
		}
	}
	// The second guard's own links lead to the path that it has behind the first.
	if _, body := ask(t, http.DefaultClient, "GET", base+"/chat/?token=secret", ""); !strings.Contains(body, `0;url=./"`) {
		t.Errorf("the link leads to %q", body)
	}
}

// The first guard's role is the second one's, too: of the token, not of what a request says.
func TestProxyTellsTheRole(t *testing.T) {
	inner := New(Config{ProxyRoles: true})
	whose := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, inner.Role(r)) })
	at := behind(t, inner, whose, Config{Tokens: []Token{{Value: "secret"}, {Value: "chalk", Role: "teacher"}}})
	for token, want := range map[string]string{"secret": "", "chalk": "teacher"} {
		_, body := ask(t, http.DefaultClient, "GET", "http://"+at+"/chat/", "", "Cookie", "wirelab-"+portOf(at)+"="+token, roleHeader, "teacher")
		if body != want {
			t.Errorf("who has the token %s has the role %q, want %q", token, body, want)
		}
	}
	// Nobody but a proxy is believed, and no proxy unless it was asked for.
	unasked := New(Config{})
	at = behind(t, unasked, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, unasked.Role(r)) }),
		Config{Tokens: []Token{{Value: "chalk", Role: "teacher"}}})
	if _, body := ask(t, http.DefaultClient, "GET", "http://"+at+"/chat/", "", "Cookie", "wirelab-"+portOf(at)+"=chalk"); body != "" {
		t.Errorf("a proxy that is not to be believed gives the role %q", body)
	}
	direct := serve(t, inner, whose)
	if _, body := ask(t, http.DefaultClient, "GET", "http://"+direct+"/", "", roleHeader, "teacher"); body != "" {
		t.Errorf("who says so has the role %q", body)
	}
}

// A stream passes as it comes, and ends with either server.
func TestProxyStream(t *testing.T) {
	inner := New(Config{})
	next := make(chan struct{}, 1)
	at := behind(t, inner, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := inner.Stream(w, r)
		if s == nil {
			return
		}
		defer s.Close()
		for s.Wait(next) == nil {
			if s.Send(Event{Name: "one", Data: []byte("1")}) != nil {
				return
			}
		}
	}), Config{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+at+"/chat/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "http://"+at)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for range 3 { // each is read before the next one is there
		next <- struct{}{}
		for lines.Scan() && lines.Text() != "event: one" {
		}
		if lines.Err() != nil || lines.Text() != "event: one" {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
	}
	inner.Close()
	for lines.Scan() {
	}
}

// Where nobody is behind it, the page says so in its reader's language.
func TestProxyToNobody(t *testing.T) {
	g := New(Config{})
	at := serve(t, g, g.Proxy(func(context.Context) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }, i18n.Msg("web.nochat")))
	resp, body := ask(t, http.DefaultClient, "GET", "http://"+at+"/", "", "Accept-Language", "zh-TW")
	if resp.StatusCode != http.StatusBadGateway || !strings.Contains(body, "聊天伺服器") || resp.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("answered %d %q with %v", resp.StatusCode, body, resp.Header)
	}
}

// log is a buffer that goroutines share.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// A handler that panics is an error of this program, and logged as one, once.
func TestPanicIsLogged(t *testing.T) {
	var out log
	g := New(Config{Logger: slog.New(slog.NewTextHandler(&out, nil))})
	at := serve(t, g, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") }))
	if resp, err := http.Get("http://" + at + "/here"); err == nil {
		resp.Body.Close()
		t.Errorf("answered %s", resp.Status)
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	// net/http may ask a second time, on another connection.
	if text := out.b.String(); !strings.Contains(text, `level=ERROR msg=panic method=GET path=/here panic="a bug" stack=`) || !strings.Contains(text, "proxy_test.go") {
		t.Errorf("logged is %s", text)
	}
}
