package cli

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mdp/qrterminal/v3"

	"wirelab/chat/server"
	"wirelab/internal/columns"
	"wirelab/internal/exit"
	"wirelab/internal/lang"
)

// get opens a page and returns its status and text.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// Without --web the port tells a browser what it is, as ever.
func TestNoPageUnlessAsked(t *testing.T) {
	_, tcp, _ := startServer(t)
	if status, text := get(t, "http://"+tcp+"/"); status != 501 || !strings.Contains(text, "this is a chat room") {
		t.Errorf("a browser is told %d %q", status, text)
	}
}

func TestServeWeb(t *testing.T) {
	p := start(t, "chat", "serve", "--web", "--tcp", "127.0.0.1:0", "--udp", "")
	link := p.await(`page for a browser on this machine: (http://127\.0\.0\.1:\d+/)\n`)[1]
	teacher := p.await(`teacher's page .*: (http\S+)\n`)[1]
	if status, page := get(t, link); status != 200 || !strings.Contains(page, "static/page.js") || strings.Contains(page, "data-teacher") {
		t.Errorf("the page: %d %.200q", status, page)
	}
	if status, page := get(t, teacher); status != 200 || !strings.Contains(page, "refresh") {
		t.Errorf("the teacher's link: %d %.200q", status, page)
	}
	p.say("/quit")
	p.exits(0)
}

// A web server before it has the page on a Unix socket, which is this user's alone; the
// port has none. A socket that a server has left behind is taken, one that is in use is not.
func TestServeWebProxy(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	p := start(t, "chat", "serve", "--web-proxy", socket, "--tcp", "127.0.0.1:0", "--udp", "")
	tcp := p.await(`tcp (127\.0\.0\.1:\d+)`)[1]
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	by := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer by.CloseIdleConnections()
	resp, err := by.Get("http://any.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(b), "static/page.js") {
		t.Errorf("the page: %s %.200q, %v", resp.Status, b, err)
	}
	if status, text := get(t, "http://"+tcp+"/"); status != 501 {
		t.Errorf("the port: %d %q", status, text)
	}
	second := start(t, "chat", "serve", "--web-proxy", socket, "--tcp", "127.0.0.1:0", "--udp", "")
	second.exits(exit.Unable)
	p.say("/quit")
	p.exits(0)
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket is left")
	}
}

// Beyond this machine nobody has the page without the link.
func TestServeWebAddress(t *testing.T) {
	p := start(t, "chat", "serve", "--web-address", "192.0.2.9", "--tcp", "127.0.0.1:0", "--udp", "")
	m := p.await(`page for phones on this network: http://192\.0\.2\.9(:\d+)/\?token=(\w+)\n`)
	at := "http://127.0.0.1" + m[1] + "/"
	for query, want := range map[string]int{"": 403, "?token=" + m[2][1:]: 403, "?token=" + m[2]: 200} {
		if status, text := get(t, at+query); status != want {
			t.Errorf("%s: %d %.100q, want %d", query, status, text, want)
		}
	}
	if status, _ := get(t, at+"join"); status != 403 {
		t.Errorf("a path without the token: %d", status)
	}
}

func TestWebOptions(t *testing.T) {
	for _, test := range []struct {
		o    webOptions
		tcp  string
		want string // a part of the mistake; empty for none
	}{
		{webOptions{}, "", ""},
		{webOptions{roles: true}, ":7000", "give --web-proxy a path"},
		{webOptions{roles: true, proxy: "/run/chat"}, ":7000", ""},
		{webOptions{web: true}, ":7000", ""},
		{webOptions{web: true}, "127.0.0.1:7000", ""},
		{webOptions{web: true}, "localhost:7000", ""},
		{webOptions{web: true}, "[::1]:7000", ""},
		{webOptions{web: true}, "", "give --tcp an address"},
		{webOptions{web: true}, "192.0.2.9:7000", "add --web-address auto"},
		{webOptions{address: "auto"}, "192.0.2.9:7000", ""},
		{webOptions{address: "auto"}, ":7000", ""},
		{webOptions{address: "auto"}, "127.0.0.1:7000", "no other device reaches"},
		{webOptions{address: "auto"}, "localhost:7000", "no other device reaches"},
		{webOptions{address: "lab.school.example"}, "127.0.0.1:7000", ""}, // a tunnel leads here
		{webOptions{address: "2001:db8::1"}, ":7000", ""},
		{webOptions{address: "0.0.0.0"}, ":7000", "write auto"},
		{webOptions{address: "fe80::1%eth0"}, ":7000", "write auto"},
		{webOptions{address: "lab:7000"}, ":7000", "write auto"},
		{webOptions{address: "http://lab/"}, ":7000", "write auto"},
		{webOptions{address: "a\x1b[31m"}, ":7000", "write auto"},
	} {
		err := test.o.check(test.tcp)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%+v with %q: %v", test.o, test.tcp, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || exit.Code(err) != exit.Usage):
			t.Errorf("%+v with %q: %v, want %q", test.o, test.tcp, err, test.want)
		}
	}
}

func TestHostOfLinks(t *testing.T) {
	for _, test := range []struct{ address, listens, want string }{
		{"", "[::]:7000", "127.0.0.1"},
		{"", "127.0.0.1:7000", "127.0.0.1"},
		{"", "[::1]:7000", "::1"},
		{"auto", "192.0.2.9:7000", "192.0.2.9"},
		{"lab.example", "[::]:7000", "lab.example"},
	} {
		at, err := net.ResolveTCPAddr("tcp", test.listens)
		if err != nil {
			t.Fatal(err)
		}
		o := webOptions{address: test.address}
		if got, err := o.host(at); err != nil || got != test.want {
			t.Errorf("--web-address %q listening on %s: %q, %v, want %q", test.address, test.listens, got, err, test.want)
		}
	}
}

// The longest link that is usual fits a terminal of 80 columns and 24 lines, below
// which there are three lines.
func TestPictureFits(t *testing.T) {
	p := page{link: "http://192.168.100.100:57000/?token=ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
	picture := p.picture()
	rows := strings.Split(strings.TrimSuffix(picture, "\n"), "\n")
	for _, row := range rows {
		if w := columns.Width(row); w > 80 || strings.Trim(row, qrterminal.WHITE_WHITE+qrterminal.WHITE_BLACK+qrterminal.BLACK_WHITE+" ") != "" {
			t.Errorf("a row of %d columns: %q", w, row)
		}
	}
	if len(rows) < 15 || len(rows) > 20 {
		t.Errorf("the picture has %d rows", len(rows))
	}
	// No terminal, no picture: the link alone.
	var out bytes.Buffer
	p.announce(&out, lang.English)
	if strings.Contains(out.String(), qrterminal.WHITE_WHITE) || !strings.Contains(out.String(), p.link) {
		t.Errorf("a file has %q", out.String())
	}
}

func TestWebLimits(t *testing.T) {
	if l := webLimits(server.Limits{PerAddress: 0}); l.StreamsPerAddress < 1000 || l.Rate < 1000 {
		t.Errorf("without limits for addresses: %+v", l)
	}
	if l := webLimits(server.DefaultLimits); l.StreamsPerAddress != server.DefaultLimits.PerAddress {
		t.Errorf("as many streams as people: %+v", l)
	}
}
