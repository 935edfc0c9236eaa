package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"wirelab/internal/require"
	"wirelab/lab"
)

// pictures is where the tests keep what the page looks like; git ignores it.
const pictures = "pictures"

// patience bounds each wait for the page.
const patience = 60 * time.Second

// browser starts Chromium, once for a test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		require.Missing(t, "chromium", "there is no chromium in PATH (Debian: apt-get install chromium fonts-noto-cjk)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits, so that its folder can be removed
		cancel()
	})
	return ctx
}

// tab is a page of the browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	outside  []string // requests that leave the machine
	mistakes []string // what the console says of errors
	tolerate *regexp.Regexp
}

// look is how somebody sees the page.
type look struct {
	lang   string
	width  int64
	scheme string // "light", "dark"
}

func (l look) String() string { return fmt.Sprintf("%s-%d-%s", l.lang, l.width, l.scheme) }

// open opens a page. At the end of the test no request may have left the machine, and the
// console has no error.
func open(t *testing.T, browser context.Context, l look, link string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	// Makes the tab, which lives as long as this call's context.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	listen(p, network.RequestWillBeSent, func(e network.EventRequestWillBeSent) {
		if to, err := url.Parse(e.Request.URL); err != nil || to.Host != at.Host && to.Scheme != "data" && to.Scheme != "blob" {
			p.outside = append(p.outside, e.Request.URL)
		}
	})
	listen(p, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) {
		p.mistakes = append(p.mistakes, describe(e.ExceptionDetails))
	})
	listen(p, runtime.ConsoleAPICalled, func(e runtime.EventConsoleAPICalled) {
		if e.Type == "error" {
			p.mistakes = append(p.mistakes, fmt.Sprint(e.Args))
		}
	})
	listen(p, log.EntryAdded, func(e log.EventEntryAdded) {
		if e.Entry.Level == "error" {
			p.mistakes = append(p.mistakes, e.Entry.Text+" "+e.Entry.URL)
		}
	})
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, to := range p.outside {
			t.Errorf("a request leaves the machine: %s", to)
		}
		for _, mistake := range p.mistakes {
			if p.tolerate == nil || !p.tolerate.MatchString(mistake) {
				t.Errorf("the console says: %s", mistake)
			}
		}
	})
	height := int64(900)
	if l.width < 700 {
		height = 844
	}
	language := map[string]string{"en": "en-GB,en;q=0.8", "zh": "zh-TW,zh;q=0.9,en;q=0.5"}[l.lang]
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: height, DeviceScaleFactor: 1, Mobile: l.width < 700})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}})
	p.do(chromedp.Navigate(link))
	return p
}

// listen hands the events of the page to do, one at a time, until the test ends.
func listen[E any](p *tab, event cdp.Event[E], do func(E)) {
	events := chromedp.Events(p.ctx, event)
	go func() {
		for e, err := range events {
			if err != nil {
				return
			}
			p.mu.Lock()
			do(e)
			p.mu.Unlock()
		}
	}()
}

// call sends the page a command of the DevTools protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) (result R) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) })
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// do does something in the page.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("in the page: %v; it shows:\n%s", err, p.text("body"))
	}
}

// eval evaluates an expression.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// text is what an element shows, "" where there is none.
func (p *tab) text(selector string) string {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector)))
	if err != nil {
		return err.Error()
	}
	return text
}

// await waits until an expression is true.
func (p *tab) await(expression string) {
	p.t.Helper()
	require.Eventually(p.t, patience, func() bool { return eval[bool](p, "!!("+expression+")") },
		func() string {
			return fmt.Sprintf("%s; the page shows:\n%s", expression, p.text("body"))
		})
}

// click clicks on what people see.
func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

func (p *tab) choose(selector, value string) {
	p.t.Helper()
	p.await(fmt.Sprintf("[...document.querySelector(%q).options].some((o) => o.value === %q)", selector, value))
	eval[bool](p, fmt.Sprintf("(() => { const s = document.querySelector(%q); s.value = %q; return s.dispatchEvent(new Event('change', {bubbles: true})) })()", selector, value))
}

// keep keeps a picture of the page.
func (p *tab) keep(name string) {
	p.t.Helper()
	beyond := strings.Contains(name, "-390-")
	picture := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond}).Data
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// served is `wirelab web` as people run it.
type served struct {
	cmd  *exec.Cmd
	link string
	out  *strings.Builder
}

// serve starts a wirelab command that serves the page, and returns its link.
func serve(t *testing.T, args ...string) *served {
	t.Helper()
	program, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &served{cmd: exec.Command(program, args...), out: &strings.Builder{}}
	s.cmd.Env = append(os.Environ(), "WIRELAB_LANG=en", "LC_ALL=C.UTF-8")
	s.cmd.Dir = t.TempDir()
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	found := make(chan string, 1)
	go func() {
		r := bufio.NewReader(out)
		link := regexp.MustCompile(`http://\S+`)
		for {
			line, err := r.ReadString('\n')
			if at := link.FindString(line); at != "" {
				found <- at
				_, _ = io.Copy(io.Discard, r)
				return
			}
			if err != nil {
				close(found)
				return
			}
		}
	}()
	select {
	case s.link = <-found:
	case <-time.After(patience):
	}
	if s.link == "" {
		t.Fatalf("wirelab %s has not printed where the page is", strings.Join(args, " "))
	}
	return s
}

// end ends the program as Ctrl-C does.
func (s *served) end() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	_ = s.cmd.Wait()
}

// looks are those in which every feature is tried.
var looks = []look{{"en", 1280, "light"}, {"zh", 1280, "dark"}, {"en", 390, "dark"}, {"zh", 390, "light"}}

// describe is what was thrown, and where.
func describe(e *runtime.ExceptionDetails) string {
	text := e.Text
	if e.Exception != nil {
		text += " " + e.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", text, e.URL, e.LineNumber+1)
}
