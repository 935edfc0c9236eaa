package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"

	"wirelab/internal/browsertest"
	"wirelab/internal/poll"
	"wirelab/sniffer/pcapfile"
)

// drag drags a file from outside over the page and lets it fall there.
func (p *tab) drag(path string) {
	p.T.Helper()
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{path}, DragOperationsMask: 1}
	do := func(kind input.DispatchDragEventType, x float64) {
		browsertest.Call(p.Page, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: x, Y: 300, Data: data})
	}
	browsertest.Eval[bool](p.Page, "addEventListener('drop', () => { window.dropped = true }) || true")
	dropped := func() (bool, error) { return browsertest.Eval[bool](p.Page, "window.dropped === true"), nil }
	// The browser lets fall what the page has allowed where the mouse was last. What the page
	// says to that takes its time, which nothing tells: a file that did not fall is dragged anew.
	for range 5 {
		do("dragEnter", 200)
		do("dragOver", 200)
		p.Await("!document.querySelector('#overlay').hidden")
		do("dragOver", 201)
		do("drop", 201)
		ctx, cancel := context.WithTimeout(p.T.Context(), 4*time.Second)
		err := poll.Until(ctx, 20*time.Millisecond, dropped)
		cancel()
		if err == nil {
			return
		}
	}
	p.T.Fatal("the file did not fall in five tries")
}

// nameless copies a capture without the names of its hosts, as another program makes it,
// and returns the addresses by name.
func nameless(t *testing.T, capture []byte, to string) map[string]string {
	t.Helper()
	r, err := pcapfile.NewReader(bytes.NewReader(capture))
	if err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, bytes.Clone(f.Data))
	}
	if err := os.WriteFile(to, capturing(t, frames...), 0o600); err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{}
	for address, name := range r.Names() {
		addresses[name] = address.String()
	}
	return addresses
}

// A file that is dragged onto the page is judged by the experiment that is chosen; where it
// does not say which host has which address, the page asks, and judges again.
func TestDragAndJudgeAgain(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	own := open(t, b, looks[0], s.link)
	own.started("ping")
	file := filepath.Join(t.TempDir(), "other.pcapng")
	addresses := nameless(t, own.captured(), file)
	for _, l := range looks[1:3] {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, b, l, s.link)
			p.choose("#judge", "ping")
			p.drag(file)
			p.Await("document.querySelector('#overlay').hidden && document.title.startsWith('other.pcapng') && document.querySelectorAll('#hosts select').length >= 2 && !document.querySelector('#hosts').hidden")
			p.Await("document.querySelectorAll('#claim-list .inconclusive').length > 0")
			p.Keep("ask-" + l.String())
			before := browsertest.Eval[string](p.Page, "location.pathname")
			for _, host := range []string{"client1", "server"} {
				p.choose("#hosts select[name="+host+"]", addresses[host])
			}
			p.click("#hosts button")
			p.Await(fmt.Sprintf("location.pathname !== %q && document.querySelectorAll('#claim-list .pass').length > 0", before))
		})
	}
}

// Who wants no motion has none.
func TestReducedMotion(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	p := open(t, b, looks[0], s.link)
	p.started("ping")
	for _, value := range []string{"no-preference", "reduce"} {
		browsertest.Call(p.Page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: value}}})
		p.Await("matchMedia('(prefers-reduced-motion: reduce)').matches === " + map[string]string{"no-preference": "false", "reduce": "true"}[value])
		p.click("#first")
		p.click("#forward")
		p.Await("document.querySelector('.cable.pulse')")
		moves := browsertest.Eval[[]string](p.Page, "[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e); return s.animationName !== 'none' || s.transitionDuration.split(',').some((d) => parseFloat(d) > 0) || s.scrollBehavior === 'smooth' }).map((e) => e.tagName + '.' + (e.className.baseVal ?? e.className))")
		if (len(moves) > 0) != (value == "no-preference") {
			t.Errorf("with %s these move: %q", value, moves)
		}
	}
}
