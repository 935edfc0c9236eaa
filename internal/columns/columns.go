// Package columns measures text by the columns that it takes on a terminal, cuts
// it and wraps it. What Unicode calls ambiguous (box drawing among it) takes one
// column, as in today's terminals, whatever the locale.
//
// Text that it measures is safe to print already (internal/safetext).
package columns

import (
	"iter"
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

var condition = &runewidth.Condition{StrictEmojiNeutral: true}

// Width returns how many columns a text takes.
func Width(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return condition.StringWidth(s)
		}
	}
	return len(s)
}

// Pad returns a text with spaces behind it, so that it takes so many columns at least.
func Pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-Width(s))) }

// Truncate cuts a text that takes more columns, and puts tail in place of its end.
func Truncate(s string, width int, tail string) string {
	if Width(s) <= width {
		return s
	}
	return condition.Truncate(s, width, tail)
}

// Characters next to which a line of Chinese does not break.
const (
	closing = "，。、；：！？）」』》〉】…"
	opening = "（「『《〈【"
)

// Wrap breaks a text into lines: the first takes at most first columns, each other
// one at most rest. A line breaks at spaces and between Chinese characters, but not
// before a closing punctuation mark nor behind an opening one; a word breaks only
// where it is longer than a line. A first below 1 is no limit.
func Wrap(s string, first, rest int) []string {
	if first < 1 || Width(s) <= first {
		return []string{s}
	}
	var lines []string
	var line strings.Builder
	at, room := 0, first // at is the width of the line
	end := func() {
		lines = append(lines, strings.TrimRight(line.String(), " "))
		line.Reset()
		at, room = 0, max(rest, 1)
	}
	for word := range words(s) {
		if at > 0 && at+Width(strings.TrimRight(word, " ")) > room {
			end()
		}
		for g := graphemes.FromString(word); g.Next(); {
			c, w := g.Value(), Width(g.Value())
			// Only a word that is longer than a line comes here to its end. Spaces hang over.
			if at > 0 && c != " " && at+w > room {
				end()
			}
			line.WriteString(c)
			at += w
		}
	}
	if line.Len() > 0 {
		end()
	}
	return lines
}

// words yields the parts of a text behind which a line may break: a word with the spaces
// behind it, or a Chinese character with the marks that stay with it.
func words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		runes := []rune(s)
		start := 0
		for i := 1; i <= len(runes); i++ {
			if i < len(runes) && !breaks(runes[i-1], runes[i]) {
				continue
			}
			if !yield(string(runes[start:i])) {
				return
			}
			start = i
		}
	}
}

// breaks reports whether a line may break between two characters.
func breaks(before, after rune) bool {
	switch {
	case after == ' ' || strings.ContainsRune(closing, after) || strings.ContainsRune(opening, before):
		return false
	case before == ' ':
		return true
	}
	return condition.RuneWidth(before) == 2 || condition.RuneWidth(after) == 2
}
