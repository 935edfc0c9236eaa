// Package browsertest is for tests that use a page as people do, in headless Chromium.
// Where there is none, the test is skipped by name (package require).
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"wirelab/internal/poll"
	"wirelab/internal/require"
)

// Patience bounds each wait for a page.
const Patience = 60 * time.Second

// glance is the longest pause between two looks at a page, each of which is work for two
// processes.
const glance = 50 * time.Millisecond

// Pictures is the folder, beside a test, where pictures are kept; git ignores it.
const Pictures = "pictures"

// shared is the one Chromium of a test program: it takes more than two seconds of CPU time
// to start, and its pages know nothing of each other.
var shared struct {
	sync.Mutex
	browser context.Context
	end     func()
}

// Main runs the tests of a package that uses a browser, and ends it. It is called by
// TestMain and returns the exit code.
func Main(m *testing.M) (code int) {
	defer func() {
		if shared.end != nil {
			shared.end()
		}
	}()
	return m.Run()
}

// Start returns the Chromium of the test program, which ends in Main.
func Start(t *testing.T) context.Context {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.browser != nil {
		return shared.browser
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		require.Missing(t, "chromium", "there is no chromium in PATH (Debian: apt-get install chromium fonts-noto-cjk)")
	}
	dir, err := os.MkdirTemp("", "wirelab-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, // root has none
		chromedp.WSURLReadTimeout(Patience), chromedp.UserDataDir(dir), chromedp.Flag("disable-component-update", true))
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	end := func() {
		_ = chromedp.Cancel(ctx) // waits, so that its folder can be removed
		cancel()
		endAllocator()
		os.RemoveAll(dir)
	}
	if err := chromedp.Do(ctx); err != nil {
		end()
		t.Fatalf("chromium: %v", err)
	}
	shared.browser, shared.end = ctx, end
	return ctx
}

// Look is how somebody sees a page. The zero value is a wide window in English.
type Look struct {
	Language      string // Accept-Language
	Width, Height int64  // in CSS pixels; 0: 1280 by 900
	Phone         bool   // touch, no mouse, two device pixels to a CSS pixel
	Dark          bool
}

// Page is a page in a browser of its own: no other shares its cookies and storage. Its
// methods end the test on an error. They are for one goroutine.
type Page struct {
	T   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	allowed  []string
}

// Open opens an empty page. At the end of the test no request may have left the
// machine, and the console has no error.
func Open(t *testing.T, browser context.Context, l Look) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &Page{T: t, ctx: ctx}
	// Makes the tab, which lives as long as this call's context.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	listen(p, network.RequestWillBeSent, func(e network.EventRequestWillBeSent) string {
		for _, local := range []string{"http://127.0.0.1:", "http://localhost:", "data:", "blob:http://127.0.0.1:"} {
			if strings.HasPrefix(e.Request.URL, local) {
				return ""
			}
		}
		return "a request leaves the machine: " + e.Request.URL
	})
	listen(p, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) string {
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		return "thrown: " + text
	})
	listen(p, runtime.ConsoleAPICalled, func(e runtime.EventConsoleAPICalled) string {
		if e.Type != "error" {
			return ""
		}
		return fmt.Sprint("the console has ", e.Args)
	})
	listen(p, log.EntryAdded, func(e log.EventEntryAdded) string {
		if e.Entry.Level != "error" {
			return ""
		}
		return "the console has " + e.Entry.Text + " " + e.Entry.URL
	})
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			if !slices.ContainsFunc(p.allowed, func(part string) bool { return strings.Contains(problem, part) }) {
				t.Error(problem)
			}
		}
	})
	p.setLook(l)
	return p
}

func (p *Page) setLook(l Look) {
	p.T.Helper()
	if l.Width == 0 {
		l.Width, l.Height = 1280, 900
	}
	if l.Language == "" {
		l.Language = "en"
	}
	scheme, hover, pixels := "light", "hover", 1.0
	if l.Dark {
		scheme = "dark"
	}
	if l.Phone {
		hover, pixels = "none", 2
	}
	Call(p, network.Enable, network.EnableParams{})
	Call(p, log.Enable, cdp.Empty{})
	Call(p, runtime.Enable, cdp.Empty{})
	Call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": l.Language}})
	Call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.Width, Height: l.Height, DeviceScaleFactor: pixels, Mobile: l.Phone})
	Call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: l.Phone})
	Call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "hover", Value: hover}}})
}

// Allow has problems that contain a text be none: a server that is down on purpose.
func (p *Page) Allow(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, part)
}

// listen keeps what is wrong with the events of a page, until the test ends.
func listen[E any](p *Page, event cdp.Event[E], problem func(E) string) {
	events := chromedp.Events(p.ctx, event)
	go func() {
		for e, err := range events {
			if err != nil {
				return
			}
			if text := problem(e); text != "" {
				p.mu.Lock()
				p.problems = append(p.problems, text)
				p.mu.Unlock()
			}
		}
	}()
}

// Call sends the page a command of the DevTools protocol.
func Call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	result, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) })
	if err != nil {
		p.T.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// Do does something in the page.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.fail(fmt.Sprint("in the page: ", err))
	}
}

// fail ends the test with a picture and the text of the page.
func (p *Page) fail(text string) {
	p.T.Helper()
	shown := p.Text("body")
	p.Keep(strings.ReplaceAll(p.T.Name(), "/", "-") + "-failed")
	p.T.Fatalf("%s; the page shows:\n%s", text, shown)
}

// Eval returns the value of an expression, which may be a promise.
func Eval[T any](p *Page, expression string) T {
	p.T.Helper()
	value, err := eval[T](p, expression)
	if err != nil {
		p.T.Fatalf("%s: %v", expression, err)
	}
	return value
}

func eval[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Text returns what an element shows, "" where there is none.
func (p *Page) Text(selector string) string {
	text, err := eval[string](p, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
	if err != nil {
		return err.Error()
	}
	return text
}

// Await waits until an expression is true. A page that is being left has none.
func (p *Page) Await(expression string) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	var last error
	if poll.Until(ctx, glance, func() (holds bool, err error) {
		holds, last = eval[bool](p, "Boolean("+expression+")")
		return holds, nil
	}) != nil {
		p.fail(fmt.Sprintf("awaited %s (%v)", expression, last))
	}
}

// Keep keeps a picture of the page as NAME.png in Pictures.
func (p *Page) Keep(name string) {
	p.T.Helper()
	picture := Call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data
	if err := os.MkdirAll(Pictures, 0o755); err != nil {
		p.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(Pictures, name+".png"), picture, 0o644); err != nil {
		p.T.Fatal(err)
	}
}
