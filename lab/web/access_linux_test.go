package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"

	"wirelab/internal/browsertest"
)

// contrast are the texts of the page that are too faint: less than 4.5 to 1 against what
// is behind them (WCAG 2.2, 1.4.3). What cannot be used has no such limit.
const contrast = `(() => {
	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1] };
	const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0.99) return c } return [255, 255, 255, 1] };
	const faint = [];
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.closest(':disabled') || !e.checkVisibility()) continue;
		const style = getComputedStyle(e), is = e.namespaceURI.endsWith('svg') ? style.fill : style.color;
		if (!/\d/.test(is)) continue;
		const [a, b] = [light(parse(is)), light(behind(e))].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) faint.push(ratio.toFixed(2) + ' ' + e.tagName + '.' + (e.className.baseVal ?? e.className) + ' ' + e.textContent.slice(0, 30));
	}
	return faint;
})()`

// usable are the roles of what can be used.
var usable = []string{"button", "combobox", "MenuListPopup", "link", "textbox", "checkbox", "slider", "grid", "listbox", "tree", "treeitem", "option", "row"}

// Everything that can be used has a role and a name in the browser's own accessibility
// tree, and texts have contrast in both schemes.
func TestAccessible(t *testing.T) {
	b := browsertest.Start(t)
	file := filepath.Join(t.TempDir(), "wrong.txtar")
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "web", file, "--listen", "127.0.0.1:0")
	for _, l := range []look{{"en", 1280, "light"}, {"zh", 390, "dark"}} {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, b, l, s.link)
			p.started("wrong")
			p.Await("document.querySelectorAll('#tree .node').length > 5")
			p.click("#tree .layer + .node")
			p.click("#predict")
			p.Await("!document.querySelector('#guess').hidden && document.querySelector('#table').getAttribute('aria-rowcount') === '2' && document.querySelectorAll('#rows .row[data-drawn=true]').length === 1")
			for _, faint := range browsertest.Eval[[]string](p.Page, contrast) {
				t.Errorf("too faint: %s", faint)
			}
			counted := map[string]int{}
			for _, n := range browsertest.Call(p.Page, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
				role, name := value(n.Role), strings.TrimSpace(value(n.Name))
				counted[role]++
				for _, r := range usable {
					if role == r && name == "" && role != "MenuListPopup" {
						t.Errorf("a %s has no name: %s", role, describeNode(n))
					}
				}
			}
			for _, role := range []string{"button", "combobox", "slider", "grid", "listbox", "tree", "treeitem", "option", "row", "gridcell", "textbox", "checkbox"} {
				if counted[role] == 0 {
					t.Errorf("the tree has no %s, but %v", role, counted)
				}
			}
			// What is reached by the keyboard alone, in a round.
			if n := browsertest.Eval[int](p.Page, "document.querySelectorAll('[aria-live=polite]').length"); n != 1 {
				t.Errorf("%d parts announce what happens, want that of the claims alone", n)
			}
		})
	}
}

func value(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}

func describeNode(n *accessibility.Node) string {
	return fmt.Sprintf("node %s, DOM node %d", n.NodeID, n.BackendDOMNodeID)
}
