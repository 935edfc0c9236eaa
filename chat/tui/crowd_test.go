package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/internal/lang"
)

// A class that comes and goes is a few lines, and nobody who counts is missed.
func TestCrowdIsFolded(t *testing.T) {
	d := newDesk(t, lang.English, 60, 12).join("me")
	for n := range 40 {
		d.hear(chat.Join, fmt.Sprintf("pupil%d", n), "tcp")
	}
	for n := range 5 {
		d.hear(chat.Leave, fmt.Sprintf("pupil%d", n), "closed")
	}
	d.hear(chat.Say, "pupil9", "hello")
	d.looks(`
* joined server:7000 as me (tcp)
12:34 * pupil0 joined
12:34 * pupil1 joined
12:34 * pupil2 joined
12:34 * 37 more joined
12:34 * 5 more left
12:34 pupil9: hello
-- tcp server:7000 -- 36 here: me, pupil5, pupil6, pupil7,›
(me) █
`)
	d.crowd.last = time.Time{} // a pause
	d.hear(chat.Join, "late", "tcp")
	if out := d.Output(); !strings.Contains(out, "late joined") {
		t.Errorf("after a pause came %q", out)
	}
}
