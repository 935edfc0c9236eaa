package inline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"wirelab/internal/safetext"
)

const (
	maxBytes   = 4095 // of a line
	maxHistory = 200  // lines that Up finds
)

// Editor is a line being typed. Its unit is the grapheme cluster (UAX #29), which
// people see as one character: 中, é, 👍🏽 and 👨‍👩‍👧 are one each, whatever
// the number of their bytes and runes. The zero value is an empty line.
type Editor struct {
	left, right string // of the cursor

	history []string // lines entered before
	recall  int      // position in history, counted from its end; 0: not in history
	draft   string   // the line being typed before Up was pressed
}

// Text returns the line.
func (e *Editor) Text() string { return e.left + e.right }

// Key edits the line and reports whether the key is one that does.
func (e *Editor) Key(k Key) bool {
	switch k.Code {
	case Typed:
		e.insert(k.Text)
	case Backspace:
		e.left = e.left[:back(e.left)]
	case Delete:
		e.right = e.right[forward(e.right):]
	case Left:
		e.move(back(e.left))
	case Right:
		e.move(len(e.left) + forward(e.right))
	case Home:
		e.move(0)
	case End:
		e.move(len(e.left) + len(e.right))
	case WordLeft:
		e.move(wordBack(e.left))
	case WordRight:
		e.move(len(e.left) + wordForward(e.right))
	case DeleteWord:
		e.left = e.left[:wordBack(e.left)]
	case DeleteLeft:
		e.left = ""
	case DeleteRight:
		e.right = ""
	case Up:
		e.older()
	case Down:
		e.newer()
	default:
		return false
	}
	e.settle()
	return true
}

// Enter returns the line, adds it to the history and empties the editor.
func (e *Editor) Enter() string {
	line := e.Text()
	if strings.TrimSpace(line) != "" && (len(e.history) == 0 || e.history[len(e.history)-1] != line) {
		e.history = append(e.history, line)
		if len(e.history) > maxHistory {
			e.history = e.history[1:]
		}
	}
	e.Clear()
	return line
}

// Clear empties the line.
func (e *Editor) Clear() { e.left, e.right, e.recall, e.draft = "", "", 0, "" }

// insert inserts as many clusters of s as fit.
func (e *Editor) insert(s string) {
	s = safetext.Strip(s)
	if room := maxBytes - len(e.left) - len(e.right); len(s) > room {
		fits := 0
		for n := forward(s); n > 0 && fits+n <= room; n = forward(s[fits:]) {
			fits += n
		}
		s = s[:fits]
	}
	e.left += s
}

func (e *Editor) move(at int) {
	line := e.Text()
	e.left, e.right = line[:at], line[at:]
}

// settle moves the cursor out of a cluster: inserting or deleting may have joined the
// clusters on its two sides.
func (e *Editor) settle() {
	line, at := e.Text(), 0
	for at < len(e.left) {
		at += forward(line[at:])
	}
	e.move(at)
}

func (e *Editor) older() {
	if e.recall == len(e.history) {
		return
	}
	if e.recall == 0 {
		e.draft = e.Text()
	}
	e.recall++
	e.left, e.right = e.history[len(e.history)-e.recall], ""
}

func (e *Editor) newer() {
	switch e.recall {
	case 0:
		return
	case 1:
		e.left, e.right = e.draft, ""
	default:
		e.left, e.right = e.history[len(e.history)-e.recall+1], ""
	}
	e.recall--
}

// forward returns the length of the first cluster of s.
func forward(s string) int {
	g := graphemes.FromString(s)
	g.Next()
	return len(g.Value())
}

// back returns where the last cluster of s begins.
func back(s string) int {
	start := 0
	for g := graphemes.FromString(s); g.Next(); {
		start = len(s) - len(g.Value())
	}
	return start
}

// wordBack returns where the last word of s begins. A wide character is a word
// of its own, as an ideograph is in UAX #29.
func wordBack(s string) int {
	at := len(strings.TrimRightFunc(s, unicode.IsSpace))
	word := clusters(s[:at])
	for n := len(word) - 1; n >= 0; n-- {
		wide := Width(word[n]) > 1
		if blank(word[n]) || wide && n < len(word)-1 {
			break
		}
		if at -= len(word[n]); wide {
			break
		}
	}
	return at
}

// wordForward returns the length of the first word of s and the space before.
func wordForward(s string) int {
	at := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	for n, cluster := range clusters(s[at:]) {
		wide := Width(cluster) > 1
		if blank(cluster) || wide && n > 0 {
			break
		}
		if at += len(cluster); wide {
			break
		}
	}
	return at
}

func clusters(s string) []string {
	var c []string
	for g := graphemes.FromString(s); g.Next(); {
		c = append(c, g.Value())
	}
	return c
}

func blank(cluster string) bool {
	r, _ := utf8.DecodeRuneInString(cluster)
	return unicode.IsSpace(r)
}
