package filter

import (
	"maps"
	"slices"

	"wirelab/internal/suggest"
)

// didYouMean returns a hint at the keyword that is one slip of typing away from
// a word, "" if there is none.
func didYouMean(word string) string {
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(words)), func(w string) bool { return unsupported[w] })
	return hint(suggest.Nearest(word, known, 1))
}

// hint asks whether a word was meant, "" for none.
func hint(word string) string {
	if word == "" {
		return ""
	}
	return " (did you mean " + word + "?)"
}
