package web

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"wirelab/internal/browsertest"
	"wirelab/lab"
)

// tab is the page in a browser.
type tab struct{ *browsertest.Page }

// look is how somebody sees the page.
type look struct {
	lang   string // "en" or "zh"
	width  int64
	scheme string // "light" or "dark"
}

func (l look) String() string { return fmt.Sprintf("%s-%d-%s", l.lang, l.width, l.scheme) }

// open opens the page.
func open(t *testing.T, browser context.Context, l look, link string) *tab {
	t.Helper()
	seen := browsertest.Look{Language: map[string]string{"en": "en-GB,en;q=0.8", "zh": "zh-TW,zh;q=0.9,en;q=0.5"}[l.lang], Width: l.width, Height: 900, Dark: l.scheme == "dark"}
	p := &tab{browsertest.Open(t, browser, seen)}
	p.Goto(link)
	return p
}

// click clicks on what people see: the middle of an element that nothing covers.
func (p *tab) click(selector string) {
	p.T.Helper()
	at := fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e || e.disabled) return null;
		e.scrollIntoView({ block: 'center', behavior: 'instant' });
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		return r.width > 0 && e.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
	})()`, selector)
	p.Await(at)
	where := browsertest.Eval[[]float64](p.Page, at)
	p.Do(chromedp.MouseClickXY(where[0], where[1]))
}

func (p *tab) choose(selector, value string) {
	p.T.Helper()
	p.Await(fmt.Sprintf("[...document.querySelector(%q).options].some((o) => o.value === %q)", selector, value))
	browsertest.Eval[bool](p.Page, fmt.Sprintf("(() => { const s = document.querySelector(%q); s.value = %q; return s.dispatchEvent(new Event('change', {bubbles: true})) })()", selector, value))
}

// served is `wirelab web` as people run it.
type served struct {
	cmd  *exec.Cmd
	link string
	more chan string // the links that it prints after that one
	out  *strings.Builder
}

// serve starts a wirelab command that serves the page, and returns its link.
func serve(t *testing.T, args ...string) *served {
	t.Helper()
	program, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &served{cmd: exec.Command(program, args...), more: make(chan string, 8), out: &strings.Builder{}}
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
	go func() {
		defer close(s.more)
		r := bufio.NewReader(out)
		link := regexp.MustCompile(`http://\S+`)
		for {
			line, err := r.ReadString('\n')
			if at := link.FindString(line); at != "" {
				s.more <- at
			}
			if err != nil {
				return
			}
		}
	}()
	s.link = s.nextLink(t)
	return s
}

// nextLink returns the next link that the program prints.
func (s *served) nextLink(t *testing.T) string {
	t.Helper()
	select {
	case link, ok := <-s.more:
		if ok {
			return link
		}
	case <-time.After(browsertest.Patience):
	}
	t.Fatalf("%s has not printed a link", strings.Join(s.cmd.Args, " "))
	return ""
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
