package suggest

import (
	"strings"

	"wirelab/internal/i18n"
)

// halfwidth has the signs of Chinese input methods that look like the ones of the files'
// and commands' languages but are others.
var halfwidth = map[rune]rune{
	'　': ' ', '“': '"', '”': '"', '‘': '\'', '’': '\'', '、': ',', '。': '.',
}

// Halfwidth returns the error of a text that has a full-width character, as Chinese input
// methods type them, and says what to type instead; nil if there is none.
func Halfwidth(text string) error {
	for _, r := range text {
		narrow, ok := halfwidth[r]
		if r >= '！' && r <= '～' { // U+FF01 to U+FF5E, in the order of ASCII
			narrow, ok = r-'！'+'!', true
		}
		switch {
		case !ok:
		case narrow == ' ':
			return i18n.Errmsg("usage.wideblank", "Text", strings.TrimSpace(text))
		default:
			return i18n.Errmsg("usage.wide", "Text", text, "Wide", string(r), "Narrow", string(narrow))
		}
	}
	return nil
}
