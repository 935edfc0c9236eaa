package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/text/unicode/norm"

	"wirelab/internal/safetext"
)

// Limits of a name.
const (
	MaxName      = 32  // columns on a terminal
	maxNameBytes = 128 // combining characters take no column
)

// CleanName returns the name that s asks for: normalized (NFC), trimmed and
// without unsafe runes. It refuses an empty one, one wider than MaxName, and
// those that would make "name: text" or "* name joined" say something else.
func CleanName(s string) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(safetext.Strip(s)))
	switch {
	case s == "":
		return "", errors.New("the name is empty")
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

// free returns name, or name with the first number from 2 on that is not
// taken. A clean name stays within the limits of one.
func free(name string, taken func(folded string) bool) string {
	candidate := name
	for n := 2; taken(fold(candidate)); n++ {
		suffix := strconv.Itoa(n)
		base := columns.Truncate(name, MaxName-len(suffix), "")
		for len(base)+len(suffix) > maxNameBytes {
			r := []rune(base)
			base = string(r[:len(r)-1])
		}
		candidate = base + suffix
	}
	return candidate
}

// fold maps names that differ only by case to one string; upper case first,
// since letters such as ſ have their own lower case.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
