// Package suggest finds the word that somebody meant to type.
package suggest

import (
	"strings"

	"wirelab/internal/i18n"
)

// Nearest returns the known word that is the fewest slips of typing away from
// one, the first of several, and at most so many; "" if there is none. A slip is
// a letter too many, too few or another one, or two that are exchanged.
func Nearest(word string, known []string, slips int) string {
	best, least := "", slips+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// Word returns the known word that was meant: the nearest, with one slip in a
// short word and two in a longer one, or the only one that begins with what was
// typed; "" if there is none.
func Word(word string, known []string) string {
	const short = 3 // letters, of which two slips leave nothing
	slips := 2
	if len(word) <= short {
		slips = 1
	}
	if nearest := Nearest(word, known, slips); nearest != "" && len(word) > 1 {
		return nearest
	}
	begun := ""
	for _, k := range known {
		if len(word) < 2 || !strings.HasPrefix(k, word) {
			continue
		}
		if begun != "" {
			return ""
		}
		begun = k
	}
	return begun
}

// Hint is the end of a sentence about a word that is not known: the known one that
// was meant. It is the zero Message if there is none.
func Hint(word string, known []string) i18n.Message {
	if meant := Word(word, known); meant != "" {
		return i18n.Msg("usage.meant", "Word", meant)
	}
	return i18n.Message{}
}

// distance is the optimal string alignment distance of two words, in bytes.
func distance(a, b string) int {
	// Rows of the table for one and two letters of a less, and for this many.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
