package chat

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// Limits of a name.
const (
	maxName      = 32  // columns on a terminal
	maxNameBytes = 128 // combining characters take no column
)

// ErrNoName is returned for a name of which nothing is left.
var ErrNoName = errorMessage(i18n.Msg("chat.name.empty"))

// CleanName returns s as a name: normalized (NFC), trimmed and without unsafe
// runes. It refuses an empty name, one wider than maxName, and one that would
// make "name: text" or "* name joined" ambiguous.
func CleanName(s string) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(safetext.Strip(s)))
	switch {
	case s == "":
		return "", ErrNoName
	case columns.StringWidth(s) == 0:
		return "", errorMessage(i18n.Msg("chat.name.invisible"))
	case columns.StringWidth(s) > maxName || len(s) > maxNameBytes:
		return "", errorMessage(i18n.Msg("chat.name.long", "Columns", maxName))
	case strings.Contains(s, ":"):
		return "", errorMessage(i18n.Msg("chat.name.colon"))
	case strings.HasPrefix(s, "*"):
		return "", errorMessage(i18n.Msg("chat.name.star"))
	}
	return s, nil
}

// columns measures independently of the locale, so that every machine accepts the
// same names.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

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

// skeleton maps names that look alike to one string, as Unicode UTS #39, section
// 4, for the likely cases: Greek and Cyrillic letters and digits that look Latin,
// and runes that are invisible.
func skeleton(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
			return -1 // invisible: joiners and the like
		case r == ' ' || r == '_':
			return '_'
		}
		if latin, ok := lookalikes[r]; ok {
			return latin
		}
		return r
	}, norm.NFKD.String(name))
	return fold(strings.ReplaceAll(s, "rn", "m"))
}

// lookalikes maps letters and digits to the Latin letter that they look like.
// Capital and small letters differ: В looks like B, в like no Latin letter.
var lookalikes = func() map[rune]rune {
	const pairs = "" +
		"0O" + "1l" + "Il" + "|l" + // within ASCII
		"АAВBЕEЅSІlЈJКKМMНHОOРPСCТTУYХXҮYԌGԛqԜWԝw" + // Cyrillic capitals
		"аaеeѕsіiјjоoрpсcуyхxһhԁdӏlѵvґrкkтtмmпn" +
		"ΑAΒBΕEΖZΗHΙlΚKΜMΝNΟOΡPΤTΥYΧX" + // Greek
		"αaιiκkνvοoρpυuχxγyωwηnτt" +
		"ıiɑaɡgɩiʟLǀlℓlןl"
	m := map[rune]rune{}
	r := []rune(pairs)
	for i := 0; i < len(r); i += 2 {
		m[r[i]] = r[i+1]
	}
	return m
}()
