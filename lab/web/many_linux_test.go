package web

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"wirelab/internal/browsertest"
)

// 100,000 packets are scrolled through as ten are: rows that are not seen do not exist,
// and a frame is drawn in time.
func TestHundredThousandPackets(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	const packets = 100_000
	frames := make([][]byte, packets)
	for i := range frames {
		frames[i] = datagram(fmt.Sprint(i))
	}
	file := filepath.Join(t.TempDir(), "many.pcapng")
	if err := os.WriteFile(file, capturing(t, frames...), 0o600); err != nil {
		t.Fatal(err)
	}
	p := open(t, b, looks[0], s.link)
	p.drop(file)
	p.Await(fmt.Sprintf("document.querySelector('#table').getAttribute('aria-rowcount') === '%d'", packets+1))
	p.Await("location.hash === '#p=1'")
	p.focus("#table")
	p.Press(kb.End)
	p.awaitChosen(packets)
	if n := browsertest.Eval[int](p.Page, "document.querySelectorAll('#rows .row').length"); n > 60 {
		t.Errorf("%d rows exist", n)
	}
	// Two seconds of scrolling through all of it, a step a frame.
	took := browsertest.Eval[[]float64](p.Page, `new Promise((resolve) => {
		const box = document.querySelector('#rows'), all = box.scrollHeight - box.clientHeight, times = [];
		let last = performance.now(), n = 0;
		const step = (now) => {
			times.push(now - last); last = now;
			box.scrollTop = all * (n / 120);
			if (++n > 120) resolve(times); else requestAnimationFrame(step);
		};
		requestAnimationFrame(step);
	})`)
	slices.Sort(took)
	work := browsertest.Eval[float64](p.Page, `new Promise((resolve) => {
		const box = document.querySelector('#rows'); box.scrollTop = box.scrollHeight / 3;
		requestAnimationFrame(() => { const at = performance.now(); setTimeout(() => resolve(performance.now() - at)) });
	})`)
	t.Logf("between two frames: median %.1f ms, 95th percentile %.1f ms, longest %.1f ms; a frame's scripts, layout and paint %.1f ms", took[len(took)/2], took[len(took)*95/100], took[len(took)-1], work)
	p.Await("[...document.querySelectorAll('#rows .row')].every((r) => r.dataset.drawn === 'true')")
	p.Keep("many-" + looks[0].String())
}
