package web

import (
	"crypto/rand"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"wirelab/internal/browsertest"
	"wirelab/internal/require"
)

// Beside a lab that is up the page leads to its chat: in this browser, and on a phone that
// scans the code. What is said there is on the lab's wire, and the requests are not.
func TestChat(t *testing.T) {
	b := browsertest.Start(t)
	name := "chat-" + strings.ToLower(rand.Text()[:8])
	s := serve(t, "up", "--lab", name, "--web=0.0.0.0:0")
	link, err := url.Parse(s.link)
	if err != nil || link.Query().Get("token") == "" {
		t.Fatalf("the link is %s, %v", s.link, err)
	}
	link.Host = "127.0.0.1:" + link.Port() // the same server, by the loopback that the test may use
	for i, l := range []look{looks[0], looks[3]} {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, b, l, link.String())
			p.Await("location.search === '' && location.pathname.startsWith('/c/') && !document.querySelector('#chat').hidden")
			if got, want := p.Text("#stop"), map[string]string{"en": "Stop watching", "zh": "停止觀看"}[l.lang]; got != want {
				t.Errorf("what ends the watching is called %q, want %q", got, want)
			}
			p.click("#chat summary")
			p.Await("document.querySelector('#phones img')?.complete && document.querySelector('#phones img').naturalWidth > 0")
			code := "code-" + l.String()
			var read string
			var unread error
			require.Eventually(t, browsertest.Patience, func() bool { // a picture that is loaded is painted later
				p.Keep(code)
				read, unread = scan(t, code)
				return unread == nil
			}, func() string { return fmt.Sprintf("a QR code in the picture %s (%v)", code, unread) })
			for _, role := range p.NoNames() {
				t.Errorf("a %s has no name", role)
			}
			if wide := browsertest.Eval[bool](p.Page, "document.documentElement.scrollWidth > innerWidth"); wide {
				t.Error("the page is wider than the screen")
			}

			// A reader reads the code: its link is that of the chat, at the address that others
			// reach, and admits to nothing else.
			scanned, err := url.Parse(read)
			if err != nil || scanned.Path != "/chat/" || scanned.Port() != link.Port() || scanned.RawQuery == link.RawQuery {
				t.Fatalf("the code leads to %s, %v; the page is at %s", scanned, err, link)
			}
			if ip := net.ParseIP(scanned.Hostname()); ip == nil || ip.IsUnspecified() {
				t.Errorf("the code leads to %s, which is no address that a phone reaches", scanned)
			}
			phone := browsertest.Open(t, b, browsertest.Look{Language: map[string]string{"en": "en", "zh": "zh-TW"}[l.lang], Width: 390, Height: 844, Phone: true, Dark: l.scheme == "dark"})
			phone.Goto("http://" + link.Host + "/chat/?" + scanned.RawQuery)
			phone.Await("location.pathname === '/chat/' && location.search === '' && document.querySelector('#join') && !document.querySelector('#join').hidden")
			who := fmt.Sprintf("phone%d", i)
			phone.Type("#name", who)
			phone.Tap("#join button")
			phone.Await("!document.querySelector('#say').hidden")
			text := "hello from " + who
			phone.Type("#text", text)
			phone.Press("\r")
			inLab(t, "exec", "--lab", name, "client1", "--", "chat", "send", "--name", "desk"+who, "server", "hello "+who)
			phone.Await(fmt.Sprintf("document.querySelector('#lines').innerText.includes('hello %s') && document.querySelector('#lines').innerText.includes(%q)", who, text))
			phone.Keep("chat-" + l.String())
			r, err := http.Get("http://" + link.Host + "/?" + scanned.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if r.StatusCode != http.StatusForbidden {
				t.Errorf("who scanned the code gets the lab's page with %d, want %d", r.StatusCode, http.StatusForbidden)
			}

			const rows = "fetch(location.pathname.replace('/c/', '/api/c/') + '/rows?filter=' + encodeURIComponent('%s')).then((r) => r.json()).then((w) => w.total)"
			if n := browsertest.Eval[int](p.Page, fmt.Sprintf(rows, "host client1 and tcp port 7000")); n < 5 {
				t.Errorf("%d packets of client1's chat", n)
			}
			if n := browsertest.Eval[int](p.Page, fmt.Sprintf(rows, "tcp and not host client1")); n > 0 {
				t.Errorf("%d packets of the phone's", n)
			}
		})
	}
}

// Who opens the teacher's link has the chat's buttons that mute and kick, beside a lab as at
// a chat server of its own; who has the page's link alone has not.
func TestTeacher(t *testing.T) {
	b := browsertest.Start(t)
	name := "teacher-" + strings.ToLower(rand.Text()[:8])
	s := serve(t, "up", "--lab", name, "--web=127.0.0.1:0")
	teachers, err := url.Parse(s.nextLink(t))
	if err != nil || teachers.Query().Get("token") == "" || teachers.Path != "/chat/" {
		t.Fatalf("the teacher's link is %s, %v", teachers, err)
	}
	join := func(link, name string) *browsertest.Page {
		t.Helper()
		p := browsertest.Open(t, b, browsertest.Look{Language: "en", Width: 390, Height: 844, Phone: true})
		p.Allow("/teacher") // what the browser says of an answer that refuses
		p.Goto(link)
		p.Await("location.search === '' && document.querySelector('#join') && !document.querySelector('#join').hidden")
		p.Type("#name", name)
		p.Tap("#join button")
		p.Await("!document.querySelector('#say').hidden")
		return p
	}
	bob := join(strings.TrimSuffix(s.link, "/")+"/chat/", "bob")
	if browsertest.Eval[bool](bob, "'teacher' in document.body.dataset") {
		t.Error("who has the page's link is a teacher")
	}
	const order = `fetch('teacher', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Wirelab-Role': 'teacher' }, body: '{"do":"kick","name":"lee"}' }).then((r) => r.status)`
	lee := join(teachers.String(), "lee")
	if status := browsertest.Eval[int](bob, order); status != 403 {
		t.Errorf("who is no teacher, and says that he is, kicks: %d", status)
	}
	lee.Tap("#people-button")
	lee.Await(`document.querySelector('[data-key="mute bob"]') && document.querySelector('#people-list').innerText.includes('127.0.0.1')`) // it is drawn anew with the addresses
	lee.Tap(`[data-key="mute bob"]`)
	lee.Await(`document.querySelector('#people-list').innerText.includes('muted')`)
	lee.Keep("teacher")
	bob.Type("#text", "can you hear me")
	bob.Press("\r")
	bob.Await("document.querySelector('#lines').innerText.includes('muted')")
	lee.Tap(`[data-key="kick bob"]`)
	bob.Await("!document.querySelector('#ended').hidden")
	lee.Await(`document.querySelector('[data-key="unban bob"]')`)

	// The lab's page is the teacher's as well.
	lee.Goto(s.link)
	lee.Await("!document.querySelector('#chat').hidden")
}

// scan reads the QR code in a picture that a page has kept. The error is that none is read.
func scan(t *testing.T, name string) (string, error) {
	t.Helper()
	f, err := os.Open(filepath.Join(browsertest.Pictures, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", err
	}
	return code.GetText(), nil
}
