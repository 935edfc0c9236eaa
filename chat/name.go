package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"wirelab/internal/safetext"
)

// Limits of a name.
const (
	MaxName      = 32  // columns on a terminal
	maxNameBytes = 128 // combining characters take no column
)

var errNoName = errors.New("the name is empty")

// CleanName returns the name that s asks for: normalized (NFC), trimmed and
// without unsafe runes. It refuses an empty one, one wider than MaxName, and
// those that would make "name: text" or "* name joined" say something else.
func CleanName(s string) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(safetext.Strip(s)))
	switch {
	case s == "":
		return "", errNoName
	case columns.StringWidth(s) == 0:
		return "", errors.New("the name cannot be seen")
	case columns.StringWidth(s) > MaxName || len(s) > maxNameBytes:
		return "", fmt.Errorf("the name is longer than %d columns", MaxName)
	case strings.Contains(s, ":"):
		return "", errors.New("a name cannot contain ':'")
	case strings.HasPrefix(s, "*"):
		return "", errors.New("a name cannot begin with '*'")
	}
	return s, nil
}

// columns measures without regard to the locale, so that a name is right or
// wrong on every machine alike.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// suffixed returns name with a number; of a clean name it stays within the
// limits of one.
func suffixed(name string, n int) string {
	suffix := strconv.Itoa(n)
	base := columns.Truncate(name, MaxName-len(suffix), "")
	for len(base)+len(suffix) > maxNameBytes {
		r := []rune(base)
		base = string(r[:len(r)-1])
	}
	return base + suffix
}

// keys returns what a name is told apart by. Two names of which one has a key
// of the other are too alike to be in one room: they differ by case only, or
// they look the same.
func keys(name string) [2]string {
	return [2]string{fold(name), skeleton(name)}
}

// fold maps names that differ only by case, or by compatibility (NFKC: full
// width, ligatures), to one string.
func fold(name string) string {
	return norm.NFKC.String(folder.String(norm.NFKC.String(name)))
}

var folder = cases.Fold()

// skeleton maps names that look alike to one string, in the manner of Unicode
// UTS #39, section 4, for what people are likely to try: letters of the Greek and Cyrillic
// alphabets and digits that look Latin, and runes that are not seen.
func skeleton(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
			return -1 // joiners and the like, which are not seen
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

// lookalikes are letters and digits that look like another, Latin one. Capital
// and small letters are apart: В looks like B, в like no Latin letter.
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
