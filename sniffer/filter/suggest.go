package filter

import (
	"maps"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
)

// didYouMean returns a hint at the keyword that is one slip of typing away from
// a word, "" if there is none.
func hint(word string) i18n.Message {
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(words)), func(w string) bool { return unsupported[w] })
	return meant(suggest.Nearest(word, known, 1))
}

// meant asks whether a word was meant; the zero Message for none.
func meant(word string) i18n.Message {
	if word == "" {
		return i18n.Message{}
	}
	return i18n.Msg("usage.meant", "Word", word)
}
