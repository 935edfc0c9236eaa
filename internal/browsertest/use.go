package browsertest

import (
	"fmt"
	"math"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// fingertip is the least size of what a finger touches, in CSS pixels: WCAG 2.2,
// success criterion 2.5.5.
const fingertip = 44

// Goto opens a URL and waits until it is loaded.
func (p *Page) Goto(url string) {
	p.T.Helper()
	p.Do(chromedp.Navigate(url))
}

// AwaitText waits until an element shows a text.
func (p *Page) AwaitText(selector, text string) {
	p.T.Helper()
	p.Await(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", selector, text))
}

// Tap touches the middle of an element, which must be large enough.
func (p *Page) Tap(selector string) {
	p.T.Helper()
	p.Await(fmt.Sprintf("(e => e && e.getClientRects().length > 0 && !e.disabled)(document.querySelector(%q))", selector))
	at := Eval[[]float64](p, fmt.Sprintf("(r => [r.x + r.width / 2, r.y + r.height / 2, r.width, r.height])(document.querySelector(%q).getBoundingClientRect())", selector))
	if at[2] < fingertip || at[3] < fingertip {
		p.T.Errorf("%s has %.0f by %.0f pixels: too small for a finger", selector, at[2], at[3])
	}
	Call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchStart", TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1]}}})
	Call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchEnd", TouchPoints: []*input.TouchPoint{}})
}

// Type puts a text into a field, as an input method does: at once.
func (p *Page) Type(selector, text string) {
	p.T.Helper()
	Eval[bool](p, fmt.Sprintf("(e => { e.focus(); return true })(document.querySelector(%q))", selector))
	Call(p, input.InsertText, input.InsertTextParams{Text: text})
}

// Press presses keys, "\r" for Enter.
func (p *Page) Press(keys string) {
	p.T.Helper()
	p.Do(chromedp.KeyEvent(keys))
}

// SaveTo has the page's downloads saved in a folder.
func (p *Page) SaveTo(folder string) {
	p.T.Helper()
	Call(p, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: folder, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID})
}

// SetOffline takes the network from the page, or gives it back.
func (p *Page) SetOffline(offline bool) {
	p.T.Helper()
	Call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: -1, Offline: offline}}})
	Call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1})
}

// Freeze stops the page, as a phone does that is locked, or has it go on.
func (p *Page) Freeze(frozen bool) {
	p.T.Helper()
	state := page.SetWebLifecycleStateState("active")
	if frozen {
		state = "frozen"
	}
	Call(p, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
}

// NoNames returns what can be used and has no name for who does not see it, by the
// browser's own accessibility tree.
func (p *Page) NoNames() (missing []string) {
	p.T.Helper()
	Call(p, accessibility.Enable, cdp.Empty{})
	for _, node := range Call(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := strings.Trim(string(node.Role.Value), `"`)
		switch role {
		case "button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "slider", "switch", "tab", "dialog", "log", "listbox", "option", "menuitem":
			if node.Name == nil || strings.Trim(string(node.Name.Value), `" `) == "" {
				missing = append(missing, role)
			}
		}
	}
	return missing
}

// Contrast returns the texts of the page whose contrast with what is behind them is
// less than 4.5 (WCAG 2.2, success criterion 1.4.3), as the browser has computed their
// colours.
func (p *Page) Contrast() (weak []string) {
	p.T.Helper()
	type text struct {
		Text, Where string
		Fore, Back  []float64
	}
	for _, t := range Eval[[]text](p, colours) {
		a, b := luminance(t.Fore), luminance(t.Back)
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
			weak = append(weak, fmt.Sprintf("%q in %s: %.2f", t.Text, t.Where, ratio))
		}
	}
	return weak
}

// colours finds each visible text, its colour, and that of the next element around it
// that has one.
const colours = `[...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && e.getClientRects().length &&
	[...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
	const rgb = (s) => (s.match(/[\d.]+/g) ?? []).map(Number);
	let back = e;
	while (back.parentElement && (rgb(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement;
	let behind = rgb(getComputedStyle(back).backgroundColor);
	if (behind[3] === 0) behind = matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
	return {text: e.textContent.trim().slice(0, 40), where: e.id || e.className || e.tagName, fore: rgb(getComputedStyle(e).color), back: behind};
})`

// luminance is that of WCAG 2.2 for a colour of sRGB.
func luminance(rgb []float64) float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(rgb[0]) + 0.7152*linear(rgb[1]) + 0.0722*linear(rgb[2])
}
