package inline

import (
	"strings"
	"testing"
	"unicode/utf8"

	"wirelab/internal/safetext"
)

// press gives the editor what a terminal would send.
func press(e *Editor, s string) {
	var d Decoder
	for _, k := range d.Feed([]byte(s)) {
		if k.Code == Enter {
			e.Enter()
		} else {
			e.Key(k)
		}
	}
}

const (
	left, right = "\x1b[D", "\x1b[C"
	up, down    = "\x1b[A", "\x1b[B"
	home, end   = "\x01", "\x05"
	erase       = "\x7f"
	eraseWord   = "\x17"
	wordLeft    = "\x1bb"
	wordRight   = "\x1bf"
	family      = "👨‍👩‍👧"
	waving      = "👋🏽"
	flag        = "🇹🇼"
	accented    = "e\u0301"
)

func TestEditor(t *testing.T) {
	tests := []struct{ name, keys, want string }{
		{"text", "hello", "hello|"},
		{"backspace takes an ideograph", "你好" + erase, "你|"},
		{"backspace takes a letter and its accent", "caf" + accented + erase, "caf|"},
		{"an accent that is typed alone joins", "e" + "\u0301" + left, "|" + accented},
		{"backspace takes a family", "a" + family + erase, "a|"},
		{"backspace takes a waving hand", waving + waving + erase, waving + "|"},
		{"backspace takes a flag", flag + flag + erase, flag + "|"},
		{"left and right", "你a" + left + left + "x" + right + "y", "x你y|a"},
		{"left over a family", "a" + family + "b" + left + left, "a|" + family + "b"},
		{"no further than the ends", "a" + left + left + left + right + right + "b", "ab|"},
		{"home and end", "ab" + home + "x" + end + "y", "xaby|"},
		{"delete", "a" + family + "b" + home + right + "\x1b[3~", "a|b"},
		{"to the start", "abc" + left + "\x15", "|c"},
		{"to the end", "abc" + home + right + "\x0b", "a|"},
		{"a word", "one two  " + eraseWord, "one |"},
		{"an ideograph is a word", "hi 你好" + eraseWord, "hi 你|"},
		{"a word after an ideograph", "你ok" + eraseWord, "你|"},
		{"words to the left", "one two 你好" + wordLeft + wordLeft + wordLeft + "|", "one ||two 你好"},
		{"words to the right", "one 你好" + home + wordRight + wordRight, "one 你|好"},
		{"up finds what was entered", "one\rtwo\r" + up + up, "one|"},
		{"and no more", "one\r" + up + up + up, "one|"},
		{"down comes back to the draft", "one\rtwo\rdraft" + up + up + down + down + down, "draft|"},
		{"the same twice is kept once", "one\rtwo\rtwo\r" + up + up, "one|"},
		{"blanks are not kept", "one\r  \r" + up, "one|"},
		{"two halves of a flag join", "🇹" + "a" + "🇼" + left + erase, "🇹🇼|"},
		{"bidi and controls are not text", "a\u202eb\u0085c", "abc|"},
		{"not UTF-8", "a\xffb" + erase, "a\uFFFD|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e Editor
			press(&e, tt.keys)
			if got := e.left + "|" + e.right; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEditorIsBounded(t *testing.T) {
	var e Editor
	for range 2 * maxBytes / len(family) {
		press(&e, family)
	}
	if n := len(e.Text()); n > maxBytes || n < maxBytes-len(family) || n%len(family) != 0 {
		t.Errorf("%d bytes, want whole families of %d, at most %d", n, len(family), maxBytes)
	}
	for i := range 2 * maxHistory {
		press(&e, "\x15"+strings.Repeat("x", i+1)+"\r")
	}
	if len(e.history) != maxHistory {
		t.Errorf("%d lines are kept, want %d", len(e.history), maxHistory)
	}
}

// Whatever is pressed, the line is safe, bounded and valid, and the cursor
// between clusters.
func FuzzEditor(f *testing.F) {
	f.Add("你好" + left + erase + family)
	f.Add("a\u0301" + left + "\u0301" + flag + eraseWord + up)
	f.Add("🇹a🇼" + left + erase + wordLeft + "\u200d👩")
	f.Fuzz(func(t *testing.T, keys string) {
		var e Editor
		var d Decoder
		for _, k := range d.Feed([]byte(keys)) {
			if k.Code == Enter {
				e.Enter()
			} else {
				e.Key(k)
			}
			line := e.Text()
			if !utf8.ValidString(line) || strings.IndexFunc(line, safetext.Unsafe) >= 0 || len(line) > maxBytes {
				t.Fatalf("%q", line)
			}
			at := 0
			for at < len(e.left) {
				at += forward(line[at:])
			}
			if at != len(e.left) {
				t.Fatalf("the cursor is within a cluster: %q|%q", e.left, e.right)
			}
		}
	})
}
