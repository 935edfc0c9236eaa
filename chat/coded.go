package chat

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
)

// MessageError is an error that people are told. Its text is English; by its code a client
// can show it in another language.
type MessageError struct{ Message i18n.Message }

// Error implements error.
func (e *MessageError) Error() string { return e.Message.String() }

// Unwrap returns the error as a message that can be translated.
func (e *MessageError) Unwrap() error { return e.Message.Err() }

func errorMessage(code i18n.Message) error { return &MessageError{code} }

// NewCoded returns a line of kind Notice, Reply or Error. Its Text is the message in
// English. Its Name is the message's code, then for each argument a blank and
// "NAME=START-END", the bytes of Text that hold the argument. A list has such a span for
// each of its words, with commas between them, or one for all if there are many.
func NewCoded(kind Kind, m i18n.Message) Line {
	l := Line{Kind: kind, Name: m.Code, Text: m.String()}
	for _, name := range slices.Sorted(maps.Keys(m.Args)) {
		words, ok := m.Args[name].([]string)
		if !ok {
			words = []string{fmt.Sprint(m.Args[name])}
		}
		if at := strings.LastIndex(l.Text, strings.Join(words, comma)); at >= 0 {
			l.Name += " " + name + "=" + spans(words, at)
		}
	}
	l.Text = string(Truncate([]byte(l.Text), MaxLine))
	return l
}

// comma stands between the words of a list in English.
const comma = ", "

// spans are where the words of a list stand which begins at a byte.
func spans(words []string, at int) string {
	var all []string
	end := at
	for _, word := range words {
		all = append(all, fmt.Sprintf("%d-%d", end, end+len(word)))
		end += len(word) + len(comma)
	}
	if s := strings.Join(all, ","); len(s) <= maxSpans {
		return s
	}
	return fmt.Sprintf("%d-%d", at, end-len(comma))
}

// maxSpans bounds the spans of a list, in bytes of a line's header.
const maxSpans = MaxHeader / 2

// ErrorLine returns the line of kind Error that tells a client of an error. It has a code
// if err is a *MessageError.
func ErrorLine(err error) Line {
	if e, ok := err.(*MessageError); ok {
		return NewCoded(Error, e.Message)
	}
	return Line{Kind: Error, Text: err.Error()}
}

// Code returns the code of a line that NewCoded made, "" for another line.
func (l Line) Code() string {
	if l.Kind != Notice && l.Kind != Reply && l.Kind != Error {
		return ""
	}
	code, _, _ := strings.Cut(l.Name, " ")
	return code
}

// Message returns the message of a line that NewCoded made. It returns the zero Message
// for another line, and if an argument is not whole in Text.
func (l Line) Message() i18n.Message {
	m := i18n.Message{Code: l.Code()}
	if m.IsZero() {
		return m
	}
	_, spans, _ := strings.Cut(l.Name, " ") // as Code does
	for word := range strings.FieldsSeq(spans) {
		name, where, _ := strings.Cut(word, "=")
		words, ok := l.words(where)
		if !ok {
			return i18n.Message{}
		}
		if m.Args == nil {
			m.Args = map[string]any{}
		}
		m.Args[name] = words
		if len(words) == 1 {
			m.Args[name] = words[0]
		}
	}
	return m
}

// words returns the parts of the line's text at spans, one behind the other.
func (l Line) words(spans string) (words []string, ok bool) {
	past := 0
	for span := range strings.SplitSeq(spans, ",") {
		first, last, _ := strings.Cut(span, "-")
		start, err1 := strconv.Atoi(first)
		end, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || start < past || start > end || end > len(l.Text) {
			return nil, false
		}
		words, past = append(words, l.Text[start:end]), end
	}
	return words, true
}
