package tui

import (
	"time"

	"wirelab/chat"
)

const (
	crowdShown = 3           // joins and leaves that are shown one by one
	crowdPause = time.Second // after which those that come next are
)

// crowd folds the joins and leaves of many: the first few show, then how many more.
// The zero value is ready.
type crowd struct {
	shown        int
	last         time.Time // when somebody came or went
	joined, left int       // unshown
	at           time.Time // of the last that was not shown
}

// hides reports whether a join or leave is folded.
func (c *crowd) hides(l chat.Line, now time.Time) bool {
	if now.Sub(c.last) >= crowdPause {
		c.shown = 0
	}
	c.last = now
	switch {
	case c.shown < crowdShown:
		c.shown++
		return false
	case l.Kind == chat.Join:
		c.joined++
	default:
		c.left++
	}
	c.at = l.Time
	return true
}

// waits reports whether something is to be told when a pause comes.
func (c *crowd) waits() bool { return c.joined+c.left > 0 }

// tell returns what to say of those that were folded, and forgets them.
func (c *crowd) tell(w Words) (lines []string) {
	if c.joined > 0 {
		lines = append(lines, w.moreJoined(c.joined))
	}
	if c.left > 0 {
		lines = append(lines, w.moreLeft(c.left))
	}
	c.joined, c.left = 0, 0
	return lines
}
