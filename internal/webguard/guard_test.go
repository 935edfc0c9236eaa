package webguard

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
)

// page is a handler that shows whether it was reached.
var page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	io.WriteString(w, "reached "+r.URL.String())
})

// serve serves a handler behind a guard and returns its address, HOST:PORT.
func serve(t *testing.T, g *Guard, next http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- g.Serve(ctx, l, next) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// ask sends a request with headers, given as NAME, VALUE pairs, and returns the answer
// and its body. The header Host is the request's host.
func ask(t *testing.T, client *http.Client, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestHost(t *testing.T) {
	open := serve(t, New(Config{}), page)
	_, port, _ := net.SplitHostPort(open)
	lan := serve(t, New(Config{Tokens: []Token{{Value: "secret"}}, Hosts: []string{"lab.school.example"}}), page)
	for _, test := range []struct {
		at, host string
		want     int
	}{
		{open, open, 200},
		{open, "localhost:" + port, 200},
		{open, "LOCALHOST", 200},
		{open, "localhost.", 200},
		{open, "127.0.0.1", 200},
		{open, "[::1]:7080", 200},
		{open, "evil.example:" + port, 421}, // DNS rebinding
		{open, "localhost.evil.example", 421},
		{open, "127.0.0.1.nip.io:" + port, 421},
		{open, "evil.example:127.0.0.1", 421},
		{open, "0.0.0.0:" + port, 421},
		{open, "[::]", 421},
		{open, "192.168.1.5:" + port, 421},
		{open, "lab.school.example", 421},
		{lan, "192.168.1.5:7000", 200},
		{lan, "[2001:db8::1]:7000", 200},
		{lan, "lab.school.example:7000", 200},
		{lan, "LAB.School.Example.", 200},
		{lan, "school.example", 421},
		{lan, "evil.example", 421},
		{lan, "0.0.0.0", 421},
	} {
		resp, body := ask(t, http.DefaultClient, "GET", "http://"+test.at+"/x", "", "Host", test.host, "Cookie", "wirelab-"+portOf(test.at)+"=secret")
		if resp.StatusCode != test.want {
			t.Errorf("Host %q at %s: %d %q, want %d", test.host, test.at, resp.StatusCode, body, test.want)
		}
	}
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func TestOriginOfAChange(t *testing.T) {
	at := serve(t, New(Config{}), page)
	for _, test := range []struct {
		name    string
		method  string
		headers []string
		want    int
	}{
		{"our own page", "POST", []string{"Origin", "http://" + at, "Sec-Fetch-Site", "same-origin"}, 200},
		{"our own page in a browser without Sec-Fetch-Site", "POST", []string{"Origin", "http://" + at}, 200},
		{"another site", "POST", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"another site that says it is none", "POST", []string{"Sec-Fetch-Site", "none"}, 403},
		{"another port of this machine", "POST", []string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"}, 403},
		{"the same host over https", "POST", []string{"Origin", "https://" + at}, 403},
		{"a sandboxed frame", "POST", []string{"Origin", "null"}, 403},
		{"two origins", "POST", []string{"Origin", "http://" + at, "Origin", "http://" + at}, 403},
		{"an origin that contradicts", "POST", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"}, 403},
		{"nothing said", "POST", nil, 403},
		{"an unusual method", "BREW", nil, 403},
		{"OPTIONS of another site", "OPTIONS", []string{"Origin", "https://evil.example"}, 403},
		{"a link that is followed", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a frame of another site", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a script of another site", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
	} {
		resp, body := ask(t, http.DefaultClient, test.method, "http://"+at+"/x", "", test.headers...)
		if resp.StatusCode != test.want {
			t.Errorf("%s: %d %q, want %d", test.name, resp.StatusCode, body, test.want)
		}
		if test.want != 200 && strings.Contains(body, "reached") {
			t.Errorf("%s reached the page", test.name)
		}
	}
}

func TestEveryAnswerForbidsWhatIsNotOurs(t *testing.T) {
	at := serve(t, New(Config{}), page)
	for _, host := range []string{at, "evil.example"} {
		resp, _ := ask(t, http.DefaultClient, "GET", "http://"+at+"/", "", "Host", host)
		csp := resp.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("Host %s: the policy %q lacks %q", host, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("Host %s: the policy is %q", host, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Access-Control-Allow-Origin": ""} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("Host %s: %s is %q, want %q", host, name, got, want)
			}
		}
	}
}

func TestToken(t *testing.T) {
	g := New(Config{Tokens: []Token{{Value: "secret"}, {Value: "chalk", Role: "teacher"}, {}}})
	at := serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "role="+g.Role(r)+" "+r.URL.String()) }))
	base := "http://" + at
	for _, url := range []string{"/", "/?token=", "/?token=wrong", "/?token=secret2", "/?token=secre", "/?TOKEN=secret"} {
		if resp, body := ask(t, http.DefaultClient, "GET", base+url, ""); resp.StatusCode != 403 {
			t.Errorf("%s: %d %q, want 403", url, resp.StatusCode, body)
		}
	}
	if resp, _ := ask(t, http.DefaultClient, "POST", base+"/", "", "Origin", base); resp.StatusCode != 403 {
		t.Errorf("a change without a token: %d", resp.StatusCode)
	}

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	resp, body := ask(t, browser, "GET", base+"/room?token=secret&lang=en", "")
	if resp.StatusCode != 200 || !strings.Contains(body, `0;url=./room?lang=en"`) || strings.Contains(body, "secret") {
		t.Errorf("the link leads on with %d %q", resp.StatusCode, body)
	}
	cookie := resp.Header.Get("Set-Cookie")
	for _, want := range []string{"wirelab-" + portOf(at) + "=secret", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %s", cookie, want)
		}
	}
	if _, body := ask(t, browser, "GET", base+"/room?lang=en", ""); body != "role= /room?lang=en" {
		t.Errorf("with the cookie: %q", body)
	}
	if _, body := ask(t, browser, "POST", base+"/say", "", "Origin", base); body != "role= /say" {
		t.Errorf("a change with the cookie: %q", body)
	}
	ask(t, browser, "GET", base+"/?token=chalk", "")
	if _, body := ask(t, browser, "GET", base+"/", ""); body != "role=teacher /" {
		t.Errorf("the teacher has %q", body)
	}
	ask(t, browser, "GET", base+"/?token=secret", "")
	if _, body := ask(t, browser, "GET", base+"/", ""); body != "role=teacher /" {
		t.Errorf("a teacher who opens the students' link has %q", body)
	}
}

// A token for a folder admits to that alone, and takes nothing from who has another.
func TestTokenForAFolder(t *testing.T) {
	at := serve(t, New(Config{Tokens: []Token{{Value: "secret"}, {Value: "phone", Path: "/chat/"}}}), page)
	base := "http://" + at
	newBrowser := func() *http.Client {
		jar, _ := cookiejar.New(nil)
		return &http.Client{Jar: jar}
	}
	phone := newBrowser()
	code := func(path string) int {
		t.Helper()
		resp, _ := ask(t, phone, "GET", base+path, "")
		return resp.StatusCode
	}
	for _, step := range []struct {
		path string
		code int
	}{
		{"/?token=phone", 403}, {"/chat/", 403}, {"/chat/?token=phone", 200},
		{"/chat/", 200}, {"/chat/api/stream", 200}, {"/chat", 200},
		{"/favicon.ico", 200}, {"/", 403}, {"/chatter", 403}, {"/api/run", 403}, {"/chat/../api/run", 403}, {"/chat/%2e%2e/api/run", 403}, {"//chat/../", 403}, {"/?token=phone", 403},
		{"/?token=secret", 200}, {"/", 200}, {"/chat/", 200},
		{"/chat/?token=phone", 200}, {"/", 200},
	} {
		if got := code(step.path); got != step.code {
			t.Errorf("%s is answered with %d, want %d", step.path, got, step.code)
		}
	}
	phone = newBrowser()
	code("/chat/?token=phone")
	if resp, _ := ask(t, phone, "POST", base+"/api/run", "", "Origin", base); resp.StatusCode != 403 {
		t.Errorf("a change outside of the folder: %d", resp.StatusCode)
	}
}

// What a link says after its token is text, and leads to this server alone.
func TestLinkLeadsNowhereElse(t *testing.T) {
	at := serve(t, New(Config{Tokens: []Token{{Value: "secret"}}}), page)
	for _, path := range []string{"//evil.example/", "/%5Cevil.example", `/"><script>alert(1)</script>`, "/javascript:alert(1)", "/%2F/evil.example"} {
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, body := ask(t, client, "GET", "http://"+at+path+"?token=secret", "")
		_, after, ok := strings.Cut(body, `content="0;url=`)
		to, _, _ := strings.Cut(after, `"`)
		if resp.StatusCode != 200 || !ok || !strings.HasPrefix(to, "./") || strings.Contains(to[2:], "/") || strings.Contains(to, `\`) || strings.Contains(body, "<script") {
			t.Errorf("%s leads to %q in %d %s", path, to, resp.StatusCode, body)
		}
	}
}

// A guard without tokens admits nobody from elsewhere, wherever it listens.
func TestOpenIsForThisMachineAlone(t *testing.T) {
	g := New(Config{Tokens: []Token{{Value: "chalk", Role: "teacher"}}})
	for _, test := range []struct {
		from, at string
		want     *refusal
	}{
		{"127.0.0.1:5", "127.0.0.1:7080", nil},
		{"[::1]:5", "[::1]:7080", nil},
		{"192.168.1.9:5", "192.168.1.5:7080", refusedRemote},
		{"192.168.1.5:5", "192.168.1.5:7080", refusedRemote}, // the machine itself, but not only
		{"127.0.0.1:5", "192.168.1.5:7080", refusedRemote},
		{"", "", refusedRemote},
	} {
		r, _ := http.NewRequest("GET", "http://127.0.0.1:7080/", nil)
		r.RemoteAddr = test.from
		if test.at != "" {
			a, err := net.ResolveTCPAddr("tcp", test.at)
			if err != nil {
				t.Fatal(err)
			}
			r = r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, net.Addr(a)))
		}
		if got := g.check(r); got != test.want {
			t.Errorf("from %s to %s: %v, want %v", test.from, test.at, got, test.want)
		}
	}
}

func TestRefusalSpeaksTheReadersLanguage(t *testing.T) {
	at := serve(t, New(Config{}), page)
	for header, want := range map[string]string{"zh-TW,zh;q=0.9,en;q=0.8": "伺服器", "de, en;q=0.5, zh;q=0.1": "server", "": "server", "\xff;;": "server"} {
		if _, body := ask(t, http.DefaultClient, "GET", "http://"+at+"/", "", "Host", "evil.example", "Accept-Language", header); !strings.Contains(body, want) {
			t.Errorf("Accept-Language %q is answered %q", header, body)
		}
	}
}
