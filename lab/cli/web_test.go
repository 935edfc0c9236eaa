package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/experiments"
	"wirelab/lab/netns"
)

// Beyond this machine the page needs a token, which its link has; the link leads to the
// page, also where all addresses are listened at.
func TestPageLink(t *testing.T) {
	all, err := experiments.All()
	if err != nil {
		t.Fatal(err)
	}
	for listen, token := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true, ":0": true} {
		p := &page{backend: autoBackend, experiments: all, teacher: "chalk", out: io.Discard, errs: io.Discard}
		if err := p.listen(listen); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.serve(ctx) }()
		link, err := url.Parse(p.link())
		if err != nil {
			t.Fatal(err)
		}
		if link.Query().Has("token") != token || strings.Contains(link.Host, "0.0.0.0") || strings.Contains(link.Host, "[::]") {
			t.Errorf("listening at %s the link is %s", listen, link)
		}
		code := func(at string) int {
			t.Helper()
			r, err := http.Get(at)
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			return r.StatusCode
		}
		if got := code(link.String()); got != http.StatusOK {
			t.Errorf("%s is answered with %d", link, got)
		}
		link.RawQuery = ""
		want := map[bool]int{true: http.StatusForbidden, false: http.StatusOK}[token]
		if got := code(link.String()); got != want {
			t.Errorf("listening at %s, %s is answered with %d, want %d", listen, link, got, want)
		}
		// The teacher's link admits to all of it.
		_, teachers, _ := strings.Cut(p.where(), "\n")
		if want := "http://" + link.Host + "/chat/?token=chalk"; !strings.HasSuffix(teachers, want) {
			t.Errorf("listening at %s, the teacher's link is %q, want %s", listen, teachers, want)
		}
		link.RawQuery = "token=chalk"
		if got := code(link.String()); got != http.StatusOK {
			t.Errorf("listening at %s, the teacher is answered with %d", listen, got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for _, listen := range []string{"nonsense", "127.0.0.1", ""} {
		if err := (&page{}).listen(listen); exit.Code(err) != exit.Usage {
			t.Errorf("listening at %q: %v", listen, err)
		}
	}
}

// A page that is published on all addresses tells how another device reaches it: it does
// not know the machine's.
func TestPublishedPage(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:8080":   "the page: http://127.0.0.1:8080/?token=secret\n(from another device, put this machine's address in place of 127.0.0.1)\nthe chat for the teacher (can mute and kick; show it to nobody): http://127.0.0.1:8080/chat/?token=",
		"192.0.2.7:8080": "the page: http://192.0.2.7:8080/?token=secret\nthe chat for the teacher (can mute and kick; show it to nobody): http://192.0.2.7:8080/chat/?token=",
	} {
		p := &page{lang: lang.English, token: "secret"}
		o := shownLab{chat: "chat.sock", address: address}
		if err := o.show(p); err != nil {
			t.Fatal(err)
		}
		if got := p.where(); p.teacher == "" || got != want+p.teacher {
			t.Errorf("published at %s:\n%s\nwant\n%s…", address, got, want)
		}
	}
}

// switches is a network that notes which of its segments get another mode.
type switches struct {
	lab.Network
	noted *[]string
}

func (n switches) Segment(name string) lab.Segment { return oneSwitch{name: name, noted: n.noted} }

type oneSwitch struct {
	lab.Segment
	name  string
	noted *[]string
}

func (s oneSwitch) SetMode(context.Context, lab.Mode) error {
	*s.noted = append(*s.noted, s.name)
	return nil
}

// A page that is older than its lab asks for segments that there are no more.
func TestSwitchSegments(t *testing.T) {
	for segment, want := range map[string]string{"": "[lan dmz]", "dmz": "[dmz]", "dzm": "[]"} {
		var noted []string
		up := &standing{Held: &netns.Held{Segments: []netns.HeldSegment{{Name: "lan"}, {Name: "dmz"}}, Network: switches{noted: &noted}}}
		err := switchSegments(t.Context(), up, segment, lab.Switch)
		if fmt.Sprint(noted) != want || (err != nil) != (segment == "dzm") {
			t.Errorf("segment %q: %v were changed, want %s; %v", segment, noted, want, err)
		}
	}
}
