// Package i18n holds every sentence that wirelab says to people, in English
// and in 正體中文, under a code. A Message is such a code with its arguments:
// it can be kept, sent and read back as JSON, and printed in either language
// later. What machines read (ids, JSON keys, logs) never passes through here.
package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"

	"wirelab/internal/lang"
	"wirelab/internal/self"
)

// Message is a sentence for people: a code of the catalogue and its arguments
// by name. The argument "Count" chooses between singular and plural. An
// argument may itself be a Message, or a list of words ([]string), which every
// language writes its own way. The zero Message says nothing.
type Message struct {
	Code string         `json:"code"`
	Args map[string]any `json:"args,omitempty"`
}

// Msg returns the message of a code with arguments given as NAME, VALUE pairs:
//
//	i18n.Msg("claim.dropped", "Count", 3)
func Msg(code string, pairs ...any) Message {
	m := Message{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if m.Args == nil {
			m.Args = map[string]any{}
		}
		m.Args[pairs[i].(string)] = plain(pairs[i+1])
	}
	return m
}

// plain keeps what JSON can carry: an error or a Stringer becomes its text.
func plain(v any) any {
	switch v := v.(type) {
	case Message, string, int, int64, uint64, uint32, float64, bool:
		return v
	case []string:
		return slices.Clone(v)
	case error:
		return FromError(v)
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(v)
}

// Text returns the sentence of a code in a language: Msg(code, pairs...).In(l).
func Text(l lang.Lang, code string, pairs ...any) string { return Msg(code, pairs...).In(l) }

// Verbatim returns a message that says one text in every language: a command, or
// what the system has answered.
func Verbatim(text string) Message { return Msg("text.verbatim", "Text", text) }

// verbatim is the code of Verbatim.
const verbatim = "text.verbatim"

// Lines returns messages in a language, a line each.
func Lines(l lang.Lang, messages []Message) string {
	var lines []string
	for _, m := range messages {
		lines = append(lines, m.In(l))
	}
	return strings.Join(lines, "\n")
}

// Has reports whether the catalogue has a code: another wirelab may have sent it.
func Has(code string) bool {
	_, err := catalogues[lang.English]().localize(&goi18n.LocalizeConfig{MessageID: code, PluralCount: "2"})
	_, missing := errors.AsType[*goi18n.MessageNotFoundErr](err)
	return code != "" && !missing
}

// IsZero reports whether m says nothing.
func (m Message) IsZero() bool { return m.Code == "" }

// In returns the sentence in a language. A code that the catalogue lacks, as a
// document of a newer wirelab may have, is shown with its arguments as it is.
func (m Message) In(l lang.Lang) string {
	if m.IsZero() {
		return ""
	}
	args := make(map[string]any, len(m.Args))
	for name, v := range m.Args {
		switch of := v.(type) {
		case Message:
			text := of.In(l)
			if len(text) > maxText {
				text = strings.ToValidUTF8(text[:maxText], "")
			}
			v = text
		case []string:
			v = strings.Join(of, l.Pick(", ", "、"))
		}
		args[name] = v
	}
	if _, ok := args[program]; !ok {
		args[program] = self.Command()
	}
	config := &goi18n.LocalizeConfig{MessageID: m.Code, TemplateData: args}
	if n, ok := args["Count"]; ok {
		config.PluralCount = fmt.Sprint(n) // the library takes ints and strings alone
	}
	sentences := catalogues[l]
	if sentences == nil { // the zero Lang
		sentences = catalogues[lang.English]
	}
	s, err := sentences().localize(config)
	if err != nil {
		b, _ := json.Marshal(m) // a map of plain values always can be
		return string(b)
	}
	return s
}

// program is an argument that every sentence has: how this program was called.
const program = "Program"

// Replace returns the message with another text in place of old, wherever an argument has it.
func (m Message) Replace(old, with string) Message {
	args := make(map[string]any, len(m.Args))
	for name, v := range m.Args {
		switch of := v.(type) {
		case Message:
			v = of.Replace(old, with)
		case string:
			v = strings.ReplaceAll(of, old, with)
		case []string:
			words := make([]string, len(of))
			for i, word := range of {
				words[i] = strings.ReplaceAll(word, old, with)
			}
			v = words
		}
		args[name] = v
	}
	if len(args) > 0 {
		m.Args = args
	}
	return m
}

// String returns the sentence in English.
func (m Message) String() string { return m.In(lang.English) }

// Bounds of messages in messages: a document may come from elsewhere.
const (
	maxNested = 32        // messages in each other that are read; what is in them is text
	maxText   = 256 << 10 // bytes of one in a sentence, which may have it twice, and be so itself in another
)

// UnmarshalJSON reads a message back; numbers keep their digits.
func (m *Message) UnmarshalJSON(b []byte) error { return m.unmarshal(b, 1) }

// unmarshal is UnmarshalJSON of a message that is in so many, itself included.
func (m *Message) unmarshal(b []byte, depth int) error {
	var raw struct {
		Code string
		Args map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*m = Message{Code: raw.Code}
	for name, v := range raw.Args {
		if m.Args == nil {
			m.Args = map[string]any{}
		}
		switch {
		case v[0] == '{' && depth < maxNested:
			var nested Message
			if err := nested.unmarshal(v, depth+1); err != nil {
				return err
			}
			m.Args[name] = nested
		case v[0] == '"':
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				return err
			}
			m.Args[name] = s
		case v[0] == '[':
			var words []string
			if err := json.Unmarshal(v, &words); err != nil {
				return err
			}
			m.Args[name] = words
		default:
			m.Args[name] = string(v) // a number or a boolean, or a message in too many
		}
	}
	return nil
}

// Join returns messages one after the other, between the language's
// semicolons.
func Join(l lang.Lang, messages []Message) string {
	var parts []string
	for _, m := range messages {
		parts = append(parts, m.In(l))
	}
	return strings.Join(parts, l.Pick("; ", "；"))
}
