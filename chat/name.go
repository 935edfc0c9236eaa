package chat

import (
	"strconv"
	"strings"
	"unicode"

	"go.mau.fi/util/confusable"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// Limits of a name.
const (
	maxName      = 32  // columns on a terminal
	maxNameBytes = 128 // combining characters take no column
)

// ErrNoName is the error of CleanName for a name of which nothing is left.
var ErrNoName = errorMessage(i18n.Msg("chat.name.empty"))

// maxMarks is how many combining marks a character has at most; more of them cover
// the lines above and below.
const maxMarks = 4

// CleanName returns s as a name: in the normal form NFKC, and without blanks around it and
// unsafe characters. The error is a *MessageError if the name is empty, is wider than 32
// columns on a terminal or longer than 128 bytes, has characters that are not seen, or
// would make "name: text" or "* name joined" ambiguous. A character that only looks like
// ':' or '*' counts as that.
func CleanName(s string) (string, error) {
	s = strings.TrimSpace(norm.NFKC.String(safetext.Strip(s)))
	shape := confusable.Skeleton(s)
	switch {
	case s == "":
		return "", ErrNoName
	case strings.ContainsFunc(s, unseen), columns.Width(s) == 0:
		return "", errorMessage(i18n.Msg("chat.name.invisible"))
	case columns.Width(s) > maxName || len(s) > maxNameBytes:
		return "", errorMessage(i18n.Msg("chat.name.long", "Columns", maxName))
	case limitMarks(s) != s:
		return "", errorMessage(i18n.Msg("chat.name.marks", "Marks", maxMarks))
	case strings.Contains(shape, ":"):
		return "", errorMessage(i18n.Msg("chat.name.colon"))
	case strings.HasPrefix(shape, "*"):
		return "", errorMessage(i18n.Msg("chat.name.star"))
	}
	return s, nil
}

// unseen reports whether a rune is a blank other than U+0020, or shows nothing: those
// that Unicode says to ignore by default, and an empty Braille pattern.
func unseen(r rune) bool {
	return r != ' ' && unicode.IsSpace(r) || r == 0x1680 || r == 0x2800 || ignorable(r)
}

// ignorable reports whether Unicode says to ignore a rune by default (UAX #44), or it
// is another format character.
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// limitMarks returns s without the combining marks that are more than maxMarks on one
// character.
func limitMarks(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x300:
			marks = 0
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				return -1
			}
		case !ignorable(r): // which would separate marks, and not be seen
			marks = 0
		}
		return r
	}, s)
}

// suffixed returns name with a number appended, truncated to the limits of a name.
func suffixed(name string, n int) string {
	suffix := strconv.Itoa(n)
	base := columns.Truncate(name, maxName-len(suffix), "")
	for len(base)+len(suffix) > maxNameBytes {
		r := []rune(base)
		base = string(r[:len(r)-1])
	}
	return base + suffix
}

// keys returns the two forms by which names are compared. Two names that share
// one are too similar for one room: they differ by case only, or look the same.
func keys(name string) [2]string {
	return [2]string{fold(name), skeleton(name)}
}

// fold maps names that differ only by case, or by compatibility (NFKC: full
// width, ligatures), to one string.
func fold(name string) string {
	return norm.NFKC.String(folder.String(norm.NFKC.String(name)))
}

var folder = cases.Fold()

// skeleton maps names that look alike to one string (Unicode UTS #39, section 4); case
// and the space between words do not tell names apart either.
func skeleton(name string) string {
	return fold(strings.ReplaceAll(confusable.Skeleton(norm.NFKC.String(name)), " ", "_"))
}
