// Package message has the names by which other modules say what wirelab tells
// people: why a verdict is not a pass, what a machine lacks. A sentence is a code of
// the catalogue and its arguments, and is told in English or in 正體中文.
package message

import (
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

// Message is a sentence: a code and its arguments by name. In(Lang) returns it in a
// language and String in English; IsZero reports whether it says nothing. It can be
// written as JSON and read back. A Message is a value and is not changed by any of
// its methods but UnmarshalJSON.
type Message = i18n.Message

// Lang is a language of people, by its BCP 47 tag.
type Lang = lang.Lang

// The languages.
const (
	English Lang = lang.English
	Chinese Lang = lang.Chinese
)

// Text is a sentence in the languages that its author gave. In(Lang) returns it in a
// language, or in one that it has.
type Text = lang.Text
