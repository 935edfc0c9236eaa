package filter

import (
	"maps"
	"slices"
)

// didYouMean returns a hint at the keyword that is one slip of typing away from
// a word: a letter too many, too few or another one, or two exchanged. It is ""
// if there is none.
func didYouMean(word string) string {
	for _, known := range slices.Sorted(maps.Keys(words)) {
		if !unsupported[known] && oneSlip(word, known) {
			return " (did you mean " + known + "?)"
		}
	}
	return ""
}

func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a)+len(b) == 1 || len(a) == 1 && len(b) == 1 ||
		len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}
