// Package lang chooses between the two languages wirelab speaks to people:
// English and 正體中文 (Taiwan). Machines' words (ids, JSON keys, logs) are
// English and never pass through here.
package lang

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/text/language"
)

// Lang is a language of people.
type Lang string

// The languages, by their BCP 47 tags.
const (
	English Lang = "en"
	Chinese Lang = "zh-TW"
)

// All are the languages that there are.
func All() []Lang { return []Lang{English, Chinese} }

// Variable is the environment variable that chooses wirelab's language alone.
const Variable = "WIRELAB_LANG"

// Parse reads the value of a --lang flag: en, zh, zh-TW, zh_TW.UTF-8 and the
// like; empty means what the environment has: Variable, then the locale (LC_ALL,
// LC_MESSAGES, LANG in this order, as setlocale(3) has it).
func Parse(s string) (Lang, error) {
	if s == "" {
		return fromEnvironment(), nil
	}
	switch l := strings.ToLower(s); {
	case strings.HasPrefix(l, "zh"):
		return Chinese, nil
	case strings.HasPrefix(l, "en"):
		return English, nil
	}
	return English, fmt.Errorf("language %q is not known: en or zh-TW", s)
}

// OfCommandLine returns the language that a --lang anywhere on a command line
// names, for what is said before the line is understood; else the environment's.
func OfCommandLine(args []string) Lang {
	value := ""
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			value = v
		} else if arg == "--lang" && i+1 < len(args) {
			value = args[i+1]
		}
	}
	l, err := Parse(value)
	if err != nil {
		return fromEnvironment()
	}
	return l
}

func fromEnvironment() Lang {
	for _, name := range []string{Variable, "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "zh") {
				return Chinese
			}
			return English
		}
	}
	return English
}

// UTF8 reports whether the locale's characters are UTF-8 (LC_ALL, LC_CTYPE, LANG in
// this order, as setlocale(3) has it; a locale that is not set is "C", which has
// ASCII alone). Windows knows no such variables, and has UTF-8.
func UTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return runtime.GOOS == "windows"
}

// Pick returns the text of the language.
func (l Lang) Pick(english, chinese string) string {
	if l == Chinese {
		return chinese
	}
	return english
}

// Text is a sentence in the languages that its author gave.
type Text map[Lang]string

// In returns the sentence in a language, or in English, or what there is.
func (t Text) In(l Lang) string {
	for _, l := range []Lang{l, English, Chinese} {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

// maxAccepted bounds what Accepted reads, in bytes.
const maxAccepted = 512

// Accepted returns the language that an Accept-Language header prefers (RFC 9110,
// section 12.5.4), or English. Whoever reads any Chinese is better served by 正體中文.
func Accepted(header string) Lang {
	tags, _, err := language.ParseAcceptLanguage(header[:min(len(header), maxAccepted)])
	if err != nil {
		return English
	}
	for _, tag := range tags {
		switch base, _ := tag.Base(); base.String() {
		case "zh":
			return Chinese
		case "en":
			return English
		}
	}
	return English
}
