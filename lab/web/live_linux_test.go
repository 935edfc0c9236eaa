package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"wirelab/internal/browsertest"
	"wirelab/internal/require"
	"wirelab/lab"
)

// inLab runs a wirelab command.
func inLab(t *testing.T, args ...string) {
	t.Helper()
	program, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), browsertest.Patience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		t.Fatalf("wirelab %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// A lab that is up is watched as things happen in it: paused, made a switch, and without
// the page's own traffic.
func TestWatchLab(t *testing.T) {
	b := browsertest.Start(t)
	name := "web-" + strings.ToLower(rand.Text()[:8])
	s := serve(t, "up", "--no-chat", "--lab", name, "--web=127.0.0.1:0")
	for _, l := range looks[:2] {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, b, l, s.link)
			p.Await("location.pathname.startsWith('/c/') && !document.querySelector('#stop').hidden && document.querySelectorAll('#modes button').length === 2")
			before := browsertest.Eval[int](p.Page, "Number(document.querySelector('#table').getAttribute('aria-rowcount') ?? 1)")
			inLab(t, "exec", "--lab", name, "client1", "--", "ping", "-c", "2", "-i", "0.1", "server")
			p.Await("document.querySelector('#rows').innerText.includes('echo-reply') && document.querySelectorAll('.cable.lit').length === 4")
			p.Keep("lab-" + l.String())

			// Paused, what comes waits and is counted; nothing of it is lost.
			p.click("#follow")
			p.Await("document.querySelector('#follow').getAttribute('aria-pressed') === 'false'")
			shown := browsertest.Eval[int](p.Page, "Number(document.querySelector('#table').getAttribute('aria-rowcount'))")
			inLab(t, "exec", "--lab", name, "client1", "--", "ping", "-c", "3", "-i", "0.1", "server")
			p.Await("/[6-9]/.test(document.querySelector('#position').innerText) && document.querySelector('#position').innerText.match(/packets wait|個封包等待/)")
			if now := browsertest.Eval[int](p.Page, "Number(document.querySelector('#table').getAttribute('aria-rowcount'))"); now != shown {
				t.Errorf("%d rows are shown while it is paused, want %d", now, shown)
			}
			p.click("#follow")
			p.Await("!document.querySelector('#position').innerText.match(/packets wait|個封包等待/)")
			p.Await("Number(document.querySelector('#table').getAttribute('aria-rowcount')) >= " + strconv.Itoa(shown+6))

			// On a switch the sniffer does not see what others send each other.
			p.click("#modes button[aria-pressed=false]")
			p.Await("document.querySelectorAll('#modes button')[1].getAttribute('aria-pressed') === 'true' && document.querySelector('.bus.switch')")
			p.Keep("switch-" + l.String())
			p.click("#modes button[aria-pressed=false]")
			p.Await("document.querySelector('.bus.hub')")

			// The page's own traffic is on loopback, where nothing is captured.
			rows := browsertest.Eval[string](p.Page, "fetch(location.pathname.replace('/c/', '/api/c/') + '/rows?own=1').then((r) => r.text())")
			if strings.Contains(rows, `"protocol":"tcp"`) || !strings.Contains(rows, "echo-request") {
				t.Errorf("captured are %s", rows)
			}
			if before > 1 && l == looks[0] {
				t.Errorf("%d rows before anything was done", before)
			}
		})
	}
}

// A page that is loaded anew in the middle of a run, and a second one, show every packet
// once; so does one whose server was started anew: it says so, and goes on with the next.
func TestReloadAndRestart(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	one := open(t, b, looks[0], s.link)
	one.Allow("Failed to load resource")  // of a server that is down
	one.choose("#experiment", "tcp-loss") // which takes more than a second
	one.click("#go")
	one.Await("location.pathname.startsWith('/c/') && document.querySelectorAll('#arrows .arrow').length > 0")
	two := open(t, b, looks[1], s.link)
	two.Allow("Failed to load resource") // of a server that is down
	one.Do(chromedp.Reload())
	for _, p := range []*tab{one, two} {
		p.Await("document.querySelectorAll('#claim-list .pass').length === 2 && document.querySelector('#stop').hidden")
		packets := browsertest.Eval[int](p.Page, "fetch(location.pathname.replace('/c/', '/api/c/') + '/rows').then((r) => r.json()).then((w) => w.total)")
		if packets < 10 {
			t.Errorf("the run has %d packets", packets)
		}
		p.Await(fmt.Sprintf("Number(document.querySelector('#table').getAttribute('aria-rowcount')) === %d && document.querySelectorAll('#arrows .arrow').length > 5", packets+1))
		numbers := browsertest.Eval[[]int](p.Page, "[...document.querySelectorAll('#arrows .row:not(.heading)')].map((r) => Number(r.id.replace('arrow-', ''))).sort((a, b) => a - b)")
		for i := 1; i < len(numbers); i++ {
			if numbers[i] <= numbers[i-1] {
				t.Errorf("the ladder has packets %v", numbers)
			}
		}
	}
	if a, b := browsertest.Eval[string](one.Page, "location.pathname"), browsertest.Eval[string](two.Page, "location.pathname"); a != b {
		t.Errorf("the pages show %s and %s", a, b)
	}

	address := strings.TrimSuffix(strings.TrimPrefix(s.link, "http://"), "/")
	s.end()
	one.Await("!document.querySelector('#notice').hidden && document.querySelector('#notice').innerText.includes('connection')")
	if rows := browsertest.Eval[int](one.Page, "document.querySelectorAll('#rows .row').length"); rows < 5 {
		t.Errorf("%d rows are left without a server", rows)
	}
	serve(t, "web", "--listen", address)
	one.Await("document.querySelector('#notice').innerText.includes('no such capture')")
	one.started("ping")
	one.Await("document.querySelectorAll('#claim-list .pass').length === 3")
}

// A page whose link has a token, and whose server was started anew, says that another link
// is needed, in its reader's language.
func TestRestartWithToken(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "0.0.0.0:0")
	link, err := url.Parse(s.link)
	if err != nil {
		t.Fatal(err)
	}
	link.Host = "127.0.0.1:" + link.Port()
	p := open(t, b, looks[1], link.String())
	p.Allow("Failed to load resource") // of a server that is down, and then refuses
	p.started("ping")
	s.end()
	p.Await("document.querySelector('#notice').innerText.includes('正在重新連線')")
	serve(t, "web", "--listen", "0.0.0.0:"+link.Port())
	p.Await("document.querySelector('#notice').innerText.includes('請重新掃描 QR code，或開啟伺服器印出的連結')")
	p.Keep("restarted-" + looks[1].String())
}

// What runs is stopped from the page, and leaves no lab.
func TestStop(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	p := open(t, b, looks[0], s.link)
	p.choose("#experiment", "tcp-loss")
	p.click("#go")
	p.Await("location.pathname.startsWith('/c/') && !document.querySelector('#stop').hidden")
	p.click("#stop")
	p.Await("document.querySelector('#state').innerText === 'stopped' && document.querySelector('#stop').hidden")
	require.Eventually(t, 20*time.Second, func() bool { return !strings.Contains(processes(t, s.cmd.Process.Pid), "wirelab") },
		func() string { return "no process of the lab; there are: " + processes(t, s.cmd.Process.Pid) })
}

// processes are the children of a process.
func processes(t *testing.T, pid int) string {
	t.Helper()
	out, _ := exec.Command("ps", "--no-headers", "-o", "args", "--ppid", strconv.Itoa(pid)).Output()
	return string(out)
}
