package web

import (
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"wirelab/internal/browsertest"
	"wirelab/lab"
)

// The requirement is a minute: go test ./lab/web -run Flood -args -flood 1m
var flood = flag.Duration("flood", 5*time.Second, "how long the wire carries 5,000 packets a second")

// residentKiB is the memory of a process that is not of files.
func residentKiB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "RssAnon:")
	n, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A page that is open while 5,000 packets a second cross the wire draws what is seen of them
// and counts all; somebody who uses it meanwhile is answered, and what the server keeps of a
// packet is a row of a few bytes.
func TestFlood(t *testing.T) {
	b := browsertest.Start(t)
	name := "flood-" + strings.ToLower(rand.Text()[:8])
	s := serve(t, "up", "--no-chat", "--lab", name, "--web=127.0.0.1:0")
	p := open(t, b, looks[0], s.link)
	p.Await("location.pathname.startsWith('/c/') && !document.querySelector('#stop').hidden")
	browsertest.Eval[bool](p.Page, `(() => {
		window.inputs = [];
		new PerformanceObserver((list) => { for (const e of list.getEntries()) if (e.interactionId) inputs.push(e.duration) }).observe({ type: 'event', durationThreshold: 16 });
		return true;
	})()`)
	before := residentKiB(t, s.cmd.Process.Pid)

	// Five senders of 500 requests a second, each of which is answered.
	ways := [][2]string{{"client1", "server"}, {"client2", "server"}, {"server", "client1"}, {"server", "client2"}, {"client1", "client2"}}
	count := int(flood.Seconds() * 500)
	program, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pings sync.WaitGroup
	began := time.Now()
	for _, way := range ways {
		pings.Go(func() {
			out, err := exec.CommandContext(t.Context(), program, "exec", "--lab", name, way[0], "--", "ping", "-q", "-c", strconv.Itoa(count), "-i", "0.002", way[1]).CombinedOutput()
			if err != nil {
				t.Errorf("ping from %s: %v: %.300s", way[0], err, out)
			}
		})
	}
	ended := make(chan struct{})
	go func() { pings.Wait(); close(ended) }()
	// Meanwhile somebody steps, pauses and filters.
	used, most := 0, 0
	for under := true; under; {
		select {
		case <-ended:
			under = false
		default:
		}
		switch used % 4 {
		case 0:
			p.click("#follow")
		case 1:
			p.Press(kb.ArrowLeft)
		case 2:
			p.Press(kb.ArrowRight)
		case 3:
			p.click("#follow")
		}
		used++
		most = max(most, browsertest.Eval[int](p.Page, "document.querySelectorAll('#rows .row, #arrows .row').length"))
	}
	took := time.Since(began)
	if browsertest.Eval[bool](p.Page, "document.querySelector('#follow').getAttribute('aria-pressed') !== 'true'") {
		p.click("#follow")
	}
	// All that was captured is counted, and the last of it is drawn.
	const total = "fetch(location.pathname.replace('/c/', '/api/c/') + '/rows?from=0&to=0').then((r) => r.json()).then((w) => w.total)"
	captured := browsertest.Eval[int](p.Page, total)
	if sent := 2 * count * len(ways); captured < sent {
		t.Errorf("%d packets are captured of %d", captured, sent)
	}
	p.Await(fmt.Sprintf("Number(document.querySelector('#table').getAttribute('aria-rowcount')) === %d && document.querySelector('#row-' + %[2]s + '.chosen')",
		captured+1, "location.hash.replace('#p=', '')"))
	if most > 120 {
		t.Errorf("%d rows of the table and the ladder were drawn at once", most)
	}
	grown := residentKiB(t, s.cmd.Process.Pid) - before
	// Some 100 bytes of a packet are in memory, and the collector lets as much garbage be. The
	// bytes of the frames are in a file: twice 100 more a packet would be seen.
	if most := 32<<10 + captured*150/1024; grown > most {
		t.Errorf("the server has grown by %d KiB for %d packets, want %d at most", grown, captured, most)
	}
	slow := browsertest.Eval[[]float64](p.Page, "inputs.sort((a, b) => b - a).slice(0, 5)")
	all := browsertest.Eval[int](p.Page, "performance.eventCounts.get('keydown') + performance.eventCounts.get('pointerdown')")
	t.Logf("%d packets in %.1f s (%.0f a second); of %d inputs, from input to paint the longest took %v ms (less than 16 is not told); at most %d rows drawn; the server has grown by %d KiB",
		captured, took.Seconds(), float64(captured)/took.Seconds(), all, slow, most, grown)
	p.Keep("flood-" + looks[0].String())
}
