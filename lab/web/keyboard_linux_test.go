package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"wirelab/internal/browsertest"
	"wirelab/internal/require"
)

// tabTo presses Tab until an element has the focus, as who has no mouse does.
func (p *tab) tabTo(selector string) {
	p.T.Helper()
	const all = 150 // more than the page has to use
	for range all {
		if browsertest.Eval[bool](p.Page, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			if !browsertest.Eval[bool](p.Page, "(o => o.outlineStyle !== 'none' && parseFloat(o.outlineWidth) >= 1)(getComputedStyle(document.activeElement))") {
				p.T.Errorf("one does not see that %s has the focus", selector)
			}
			return
		}
		p.Press(kb.Tab)
	}
	p.T.Fatalf("Tab does not lead to %s; it is at %s", selector, browsertest.Eval[string](p.Page, "document.activeElement.outerHTML.slice(0, 200)"))
}

// pick chooses an option of the focused list with the arrow keys.
func (p *tab) pick(value string) {
	p.T.Helper()
	for range 40 {
		if browsertest.Eval[string](p.Page, "document.activeElement.value") == value {
			return
		}
		p.Press(kb.ArrowDown)
	}
	p.T.Fatalf("the arrow keys do not choose %s: it is %s", value, browsertest.Eval[string](p.Page, "document.activeElement.value"))
}

// With the keyboard alone an experiment is chosen and run, its packets are stepped through
// and guessed, a claim that fails is read, and the capture is kept.
func TestKeyboardAlone(t *testing.T) {
	b := browsertest.Start(t)
	file := filepath.Join(t.TempDir(), "wrong.txtar")
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "web", file, "--listen", "127.0.0.1:0")
	p := open(t, b, looks[0], s.link)
	p.Await("document.querySelector('#experiment option[value=ping]')")
	p.tabTo("#experiment")
	p.pick("ping")
	p.Press(kb.ArrowUp) // wrong is the first
	p.tabTo("#go")
	p.Press(kb.Enter)
	p.Await("document.querySelectorAll('#claim-list .fail').length === 1 && document.querySelector('#stop').hidden && !document.querySelector('#downloads').hidden")

	// The claim says why it fails, and its packets are chosen from there.
	p.tabTo("#claim-list .fail .cited button")
	p.Press(kb.Enter)
	cited := browsertest.Eval[int](p.Page, "parseInt(document.querySelector('#claim-list .fail .cited button').innerText)")
	p.awaitChosen(cited)
	p.tabTo("#claim-list .fail pre")
	if why := p.Text("#claim-list .fail pre"); !strings.Contains(why, "echo-reply") {
		t.Errorf("the claim says %q", why)
	}

	// Stepping, by the buttons and by the keys of the lists.
	p.tabTo("#arrows")
	p.Press(kb.Home)
	p.Await("document.querySelector('#first').disabled")
	first := p.number()
	p.tabTo("#forward")
	p.Press(kb.Enter)
	p.Await(fmt.Sprintf("location.hash !== '#p=%d'", first))
	second := p.number()
	p.awaitChosen(second)
	p.tabTo("#slider")
	p.Press(kb.ArrowLeft)
	p.awaitChosen(first)

	// Guessing the next one.
	p.tabTo("#predict")
	p.Press(kb.Enter)
	p.Await("!document.querySelector('#guess').hidden && document.querySelectorAll('#rows .row').length === 1")
	for _, name := range []string{"protocol", "from", "to"} {
		value := browsertest.Eval[string](p.Page, fmt.Sprintf("fetch(location.pathname.replace('/c/', '/api/c/') + '/rows').then((r) => r.json()).then((w) => w.rows.find((r) => r.number > %d && !r.marker).%s)", first, name))
		p.tabTo("#guess-" + name)
		p.pick(value)
	}
	p.tabTo("#guess button")
	p.Press(kb.Enter)
	p.AwaitText("#score", "1 of 1")
	p.tabTo("#predict") // around
	p.Press(kb.Enter)
	p.Await("document.querySelector('#guess').hidden")

	// A field and its bytes.
	p.tabTo("#tree .node")
	p.Press(kb.ArrowDown)
	p.Await("document.querySelector('#tree .node.chosen') && document.querySelector('#bytes .hex .chosen')")

	folder := t.TempDir()
	p.SaveTo(folder)
	p.tabTo("#downloads a[href$=pcapng]")
	p.Press(kb.Enter)
	saved := filepath.Join(folder, "wrong.pcapng")
	require.Eventually(t, browsertest.Patience, func() bool {
		info, err := os.Stat(saved)
		return err == nil && info.Size() > 500
	}, func() string {
		entries, _ := os.ReadDir(folder)
		return fmt.Sprintf("the capture at %s; the folder has %v", saved, entries)
	})
}
