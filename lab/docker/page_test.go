package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// reader is someone with a browser.
type reader struct {
	t    *testing.T
	http *http.Client
	base string // http://HOST:PORT
}

// ask sends a request as a page does, and returns the answer.
func (r *reader) ask(method, path, body string) (status int, text string) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Origin", r.base)
	q.Header.Set("Accept-Language", "zh-TW")
	if method == http.MethodPost && !strings.HasPrefix(body, "{") {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := r.http.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// get reads an answer that is JSON.
func (r *reader) get(method, path, body string, v any) {
	r.t.Helper()
	if status, text := r.ask(method, path, body); status != http.StatusOK || json.Unmarshal([]byte(text), v) != nil {
		r.t.Fatalf("%s %s: %d %.300s", method, path, status, text)
	}
}

// page: the service web has a page for who has the link of its log. It shows what crosses
// the lab's wire, of which its own traffic is no part, leads to the room of client1 and
// client2, and says in its reader's language that it runs no experiment.
func (p *project) page() {
	t := p.t
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, http: &http.Client{Jar: jar, Timeout: time.Minute}, base: "http://" + strings.TrimSpace(p.docker("port", p.container("web"), "7080/tcp"))}
	var token string
	eventually(t, 30*time.Second, "the page's link in the log of web", func() []string {
		log := p.compose("logs", "web")
		m := regexp.MustCompile(`http://127\.0\.0\.1:\d+/\?token=(\w+)`).FindStringSubmatch(log)
		if m == nil {
			return []string{log}
		}
		token = m[1]
		return nil
	})
	if status, _ := r.ask("GET", "/", ""); status != http.StatusForbidden {
		t.Errorf("without the token the page is %d, want 403", status)
	}
	r.ask("GET", "/?token="+token, "")
	var state struct{ Opened, NoRun, NoPhones string }
	r.get("GET", "/api/state", "", &state)
	if state.Opened != "lab.pcapng" || !strings.Contains(state.NoRun, "wirelab run --attach compose") || !strings.Contains(state.NoRun, "終端機") || state.NoPhones == "" {
		t.Errorf("the page offers %+v", state)
	}
	if status, text := r.ask("POST", "/api/run", "experiment=ping"); status != http.StatusNotImplemented || !strings.Contains(text, "終端機") {
		t.Errorf("to run an experiment: %d %s", status, text)
	}
	var capture struct{ ID string }
	r.get("POST", "/api/watch", "lab="+state.Opened, &capture)
	at := "/api/c/" + capture.ID

	// Someone with a phone is in the room.
	var me struct{ Session string }
	r.get("POST", "/chat/join", `{"once":"a-word-that-is-made-up","name":"phone"}`, &me)
	const said = "said on the phone's page"
	if status, text := r.ask("POST", "/chat/say", fmt.Sprintf(`{"session":%q,"id":"1","text":%q}`, me.Session, said)); status != http.StatusOK {
		t.Errorf("say: %d %s", status, text)
	}
	for _, host := range []string{"client1", "client2"} {
		eventually(t, 30*time.Second, "what the phone has said at "+host, func() []string {
			if log := p.docker("logs", p.container(host)); !strings.Contains(log, said) {
				return []string{log}
			}
			return nil
		})
	}
	eventually(t, 30*time.Second, "what was said on the wire, on the page", func() []string {
		var rows struct{ Total int }
		r.get("GET", at+"/rows?filter="+url.QueryEscape("host server and tcp port 7000 and host client1"), "", &rows)
		if _, file := r.ask("GET", at+"/capture.pcapng", ""); rows.Total == 0 || !strings.Contains(file, said) {
			return []string{fmt.Sprintf("%d packets of client1's chat, and none says it", rows.Total)}
		}
		return nil
	})
	var own struct{ Total int }
	r.get("GET", at+"/rows?filter="+url.QueryEscape("port 7080"), "", &own)
	if own.Total != 0 {
		t.Errorf("%d packets of the page's own are captured", own.Total)
	}
	if _, text := r.ask("GET", at+"/capture.pcapng", ""); strings.Contains(text, "POST /chat/say") {
		t.Error("the page's request is captured")
	}
	r.ask("POST", "/chat/leave", fmt.Sprintf(`{"session":%q}`, me.Session))
}
