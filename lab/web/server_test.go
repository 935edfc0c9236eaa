package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"wirelab/internal/webguard"
	"wirelab/lab/experiments"
	"wirelab/lab/script"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// client asks a server whose experiments the test carries out.
type client struct {
	t    *testing.T
	base string
}

// start serves a page until the test ends.
func start(t *testing.T, run func(context.Context, *script.Experiment, func(script.Event)) (*script.Outcome, error)) *client {
	t.Helper()
	all, err := experiments.All()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := New(Config{Experiments: all, Run: run, Names: func(pairs, hosts []string) (sniffer.Names, error) { return sniffer.Names{}, nil }})
	go func() { ended <- s.Serve(ctx, l, webguard.Config{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &client{t, "http://" + l.Addr().String()}
}

// ask sends a request as the page does, and returns the answer.
func (p *client) ask(method, path string, body io.Reader, header ...string) (*http.Response, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Origin", p.base)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response, string(b)
}

// get reads an answer that is JSON.
func get[T any](p *client, path string) (v T) {
	p.t.Helper()
	_, body := p.ask(http.MethodGet, path, nil)
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		p.t.Fatalf("%s: %v: %.300s", path, err, body)
	}
	return v
}

// upload sends a capture and returns its id.
func (p *client) upload(query string, data []byte) string {
	p.t.Helper()
	_, body := p.ask(http.MethodPost, "/api/check?"+query, bytes.NewReader(data))
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.ID == "" {
		p.t.Fatalf("uploaded: %s", body)
	}
	return answer.ID
}

// capturing is a capture file of Ethernet frames.
func capturing(t testing.TB, frames ...[]byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0)
	for i, data := range frames {
		frame := sniffer.Frame{Time: at.Add(time.Duration(i) * time.Millisecond), Data: data, Length: len(data), LinkType: sniffer.LinkEthernet}
		if err := w.WriteCommented(frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// datagram is a frame with a UDP datagram from 10.0.0.1 to 10.0.0.2.
func datagram(payload string) []byte {
	frame := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, byte(28 + len(payload)), 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0x13, 0x88, 0x1b, 0x59, 0, byte(8 + len(payload)), 0, 0}
	return append(frame, payload...)
}

// A file that is uploaded is shown packet by packet, with the bytes of each field, and what
// packets carry is never more than text.
func TestUpload(t *testing.T) {
	p := start(t, nil)
	hostile := "<script>\x1b[2J\u202e&"
	id := p.upload("name=a.pcapng", capturing(t, datagram("one"), datagram(hostile), datagram("three")))
	rows := get[struct {
		Total int
		Rows  []row
	}](p, "/api/c/"+id+"/rows?filter=udp&from=1&to=9")
	if rows.Total != 3 || len(rows.Rows) != 2 || rows.Rows[0].Number != 2 || rows.Rows[0].From != "10.0.0.1" || rows.Rows[0].Protocol != "udp" || rows.Rows[1].Ms != 2 {
		t.Errorf("rows are %+v", rows)
	}
	packet := get[struct {
		Nodes []struct {
			Name     string
			From, To int
		}
		Hex string
	}](p, "/api/c/"+id+"/packet?p=2")
	found := false
	for _, n := range packet.Nodes {
		found = found || n.Name == "dst_port" && n.From == 36 && n.To == 38
	}
	if !found || len(packet.Hex) != 2*len(datagram(hostile)) {
		t.Errorf("packet 2 is %+v", packet)
	}
	said := get[struct{ Said []said }](p, "/api/c/"+id+"/follow?p=2")
	if len(said.Said) != 3 || said.Said[1].Text != `<script>\x1b[2J\u202e&` {
		t.Errorf("said was %+v", said)
	}
	for _, file := range []string{"/packet?p=4", "/packet?p=0", "/packet?p=x", "/result.json"} {
		if r, body := p.ask(http.MethodGet, "/api/c/"+id+file, nil); r.StatusCode != http.StatusNotFound || !strings.Contains(body, `"error"`) {
			t.Errorf("%s: %s: %s", file, r.Status, body)
		}
	}
	if r, body := p.ask(http.MethodGet, "/api/c/"+id+"/rows?filter=icpm", nil); r.StatusCode != http.StatusBadRequest || !strings.Contains(body, "icmp") {
		t.Errorf("a filter that is wrong: %s: %s", r.Status, body)
	}
	r, body := p.ask(http.MethodGet, "/api/c/"+id+"/capture.pcapng", nil)
	if r.Header.Get("Content-Disposition") != `attachment; filename=a.pcapng.pcapng` || !strings.Contains(body, "three") {
		t.Errorf("the file comes as %q", r.Header.Get("Content-Disposition"))
	}
	compressed, err := os.ReadFile("../../sniffer/pcapfile/testdata/session.pcapng.xz")
	if err != nil {
		t.Fatal(err)
	}
	if total := get[window](p, "/api/c/"+p.upload("name=b", compressed)+"/ladder").Total; total < 5 {
		t.Errorf("of a compressed capture the ladder has %d rows", total)
	}
}

// A capture without a packet has a segment, and on it a list of hosts that is empty.
func TestUploadOfNothing(t *testing.T) {
	p := start(t, nil)
	_, body := p.ask(http.MethodGet, "/api/c/"+p.upload("name=x", capturing(t)), nil)
	if strings.Contains(body, "null") || !strings.Contains(body, `"segments":[{"name":"lan","hosts":[]}]`) {
		t.Error(body)
	}
}

// A file whose interface counts from a year that JSON does not have is shown all the same.
func TestUploadOfLongAgo(t *testing.T) {
	p := start(t, nil)
	const offset = -1 << 36 // in the year 208 before our era
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{LinkType: sniffer.LinkEthernet, TimeOffset: offset})
	if err != nil {
		t.Fatal(err)
	}
	data := datagram("old")
	if err := errors.Join(w.WriteFrame(sniffer.Frame{Time: time.Unix(offset, 0), Data: data, Length: len(data), LinkType: sniffer.LinkEthernet}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if n := get[window](p, "/api/c/"+p.upload("name=x", file.Bytes())+"/rows").Total; n != 1 {
		t.Errorf("%d rows", n)
	}
}

// What is no capture, or not from the page, is refused with a reason, in the reader's
// language.
func TestRefuses(t *testing.T) {
	p := start(t, func(_ context.Context, e *script.Experiment, _ func(script.Event)) (*script.Outcome, error) {
		t.Errorf("%s is run", e.Name)
		return nil, nil
	})
	for _, test := range []struct {
		method, path, body string
		header             []string
		code               int
		says               string
	}{
		{"POST", "/api/check?name=x", "no capture", nil, 400, "no capture file"},
		{"POST", "/api/check?name=x", "no capture", []string{"Accept-Language", "zh-TW"}, 400, "這不是擷取檔"},
		{"POST", "/api/check?experiment=none", "", nil, 404, "no experiment none"},
		{"POST", "/api/run", "experiment=none", nil, 404, "no experiment none"},
		{"POST", "/api/run", "experiment=ping", []string{"Origin", "http://elsewhere.example"}, 403, ""},
		{"POST", "/api/watch", "lab=x", nil, 404, "no lab"},
		{"POST", "/api/mode", "mode=repeater", nil, 400, "repeater"},
		{"POST", "/api/language", "lang=fr", nil, 400, "fr"},
		{"GET", "/api/c/none", "", nil, 404, "no such capture"},
		{"GET", "/api/state", "", []string{"Host", "elsewhere.example"}, 421, ""},
		{"GET", "/static/../server.go", "", nil, 404, ""},
		{"GET", "/nowhere", "", nil, 404, ""},
	} {
		r, body := p.ask(test.method, test.path, strings.NewReader(test.body), test.header...)
		if r.StatusCode != test.code || !strings.Contains(body, test.says) {
			t.Errorf("%s %s %s: %s: %.200s", test.method, test.path, test.body, r.Status, body)
		}
	}
}

// carriedOut is an experiment that a test carries out: of each thing that comes out of it
// an event.
func carriedOut(events <-chan script.Event) func(context.Context, *script.Experiment, func(script.Event)) (*script.Outcome, error) {
	return func(ctx context.Context, e *script.Experiment, observe func(script.Event)) (*script.Outcome, error) {
		for {
			select {
			case event, ok := <-events:
				if !ok {
					return nil, nil
				}
				observe(event)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

// stream reads n events of a capture that have an id, as a browser that has had the event
// before.
func (p *client) stream(id, had string, n int) (ids, steps []string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/api/c/"+id+"/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if had != "" {
		r.Header.Set("Last-Event-ID", had)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for last := ""; len(steps) < n && lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			last = id
		} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && last != "" {
			var h happening
			if err := json.Unmarshal([]byte(data), &h); err != nil {
				p.t.Fatal(err)
			}
			ids, steps, last = append(ids, last), append(steps, h.Step), ""
		}
	}
	if len(steps) < n {
		p.t.Fatalf("%d of %d events: %q: %v", len(steps), n, steps, lines.Err())
	}
	return ids, steps
}

// A stream that breaks goes on behind the event that was had last: none is lost, none is
// told twice.
func TestStreamResumes(t *testing.T) {
	events := make(chan script.Event)
	p := start(t, carriedOut(events))
	_, body := p.ask(http.MethodPost, "/api/run", strings.NewReader(url.Values{"experiment": {"ping"}}.Encode()))
	var run struct{ ID string }
	if err := json.Unmarshal([]byte(body), &run); err != nil {
		t.Fatal(err)
	}
	if r, _ := p.ask(http.MethodPost, "/api/run", strings.NewReader("experiment=ping")); r.StatusCode != http.StatusConflict {
		t.Errorf("a second run at once: %s", r.Status)
	}
	var want, got []string
	had := ""
	for round := range 4 {
		for i := range 5 {
			step := fmt.Sprintf("run client1 ping %d.%d", round, i)
			want = append(want, step)
			events <- script.Event{Kind: script.Begun, Step: step}
		}
		ids, steps := p.stream(run.ID, had, 5)
		had, got = ids[4], append(got, steps...)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told was %q, want %q", got, want)
	}
	if _, all := p.stream(run.ID, "", 20); strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Errorf("a new reader is told %q", all)
	}
	close(events)
}

// Old captures make room for new ones, and what runs stays.
func TestCapturesAreBounded(t *testing.T) {
	events := make(chan script.Event)
	p := start(t, carriedOut(events))
	p.ask(http.MethodPost, "/api/run", strings.NewReader("experiment=ping"))
	for i := range 2 * mostCaptures {
		p.upload(fmt.Sprintf("name=%d", i), capturing(t, datagram("x")))
	}
	state := get[struct{ Captures []listedCapture }](p, "/api/state")
	names := ""
	for _, c := range state.Captures {
		names += c.Name + " "
	}
	if n := len(state.Captures); n > mostCaptures+1 || !strings.HasPrefix(names, "23 22 ") || !strings.HasSuffix(names, " ping ") {
		t.Errorf("kept are %s", names)
	}
}
