package lab

import (
	"strings"
	"testing"

	"wirelab/internal/lang"
)

// What a program has printed is quoted safely; our own words about it are in the reader's
// language, and of much the beginning and the end are shown.
func TestIndent(t *testing.T) {
	long := indent(strings.Repeat("x\n", 5) + strings.Repeat("y\n", 100) + strings.Repeat("z\n", 15))
	for l, want := range map[lang.Lang]struct{ nothing, left string }{
		lang.English: {"    (nothing)", "    (100 lines)"},
		lang.Chinese: {"    （沒有輸出）", "    （省略 100 行）"},
	} {
		if got := indent("\n").In(l); got != want.nothing {
			t.Errorf("%s: %q, want %q", l, got, want.nothing)
		}
		if got, want := long.In(l), strings.Repeat("    x\n", 5)+want.left+strings.Repeat("\n    z", 15); got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
		if got, want := indent("a\n\x1b[31m\n").In(l), "    a\n    \\x1b[31m"; got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
	}
}
