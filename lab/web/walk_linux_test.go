package web

import (
	"testing"
)

// An experiment is run from the page and understood from it, in both languages, on a
// desk and on a phone.
func TestWalkThroughARun(t *testing.T) {
	b := browser(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	for _, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, b, l, s.link)
			p.await(`document.querySelector('#experiment option')`)
			p.keep("start-" + l.String())
			p.choose("#experiment", "tcp-loss")
			p.click("#go")
			p.await(`document.querySelectorAll('#claim-list .pass').length === 2 && !document.querySelector('#claim-list .pass .verdict').innerText.includes('(')`)
			p.await(`document.querySelector('#position').innerText !== ''`)
			p.await(`document.querySelectorAll('#arrows path.lost').length >= 1`)
			p.keep("run-" + l.String())
		})
	}
}
