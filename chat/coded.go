package chat

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
)

// MessageError is an error that people are told: its text is English, its code lets
// a client show it in another language.
type MessageError struct{ Message i18n.Message }

// Error implements error.
func (e *MessageError) Error() string { return e.Message.String() }

// Unwrap returns the error in people's languages.
func (e *MessageError) Unwrap() error { return e.Message.Err() }

func errorMessage(code i18n.Message) error { return &MessageError{code} }

// NewCoded returns a line of kind Notice, Reply or Error. Its Text is the message in
// English. Its Name is the message's code, then for each argument a blank and
// "NAME=START-END": the bytes of Text in which the argument stands, so that it is
// sent once.
func NewCoded(kind Kind, m i18n.Message) Line {
	l := Line{Kind: kind, Name: m.Code, Text: m.String()}
	for _, name := range slices.Sorted(maps.Keys(m.Args)) {
		arg := fmt.Sprint(m.Args[name])
		if start := strings.LastIndex(l.Text, arg); start >= 0 {
			l.Name += fmt.Sprintf(" %s=%d-%d", name, start, start+len(arg))
		}
	}
	l.Text = string(Truncate([]byte(l.Text), MaxLine))
	return l
}

// ErrorLine returns the line that tells a client an error.
func ErrorLine(err error) Line {
	if e, ok := err.(*MessageError); ok {
		return NewCoded(Error, e.Message)
	}
	return Line{Kind: Error, Text: err.Error()}
}

// Code returns the code of a line that NewCoded made; empty if it has none.
func (l Line) Code() string {
	if l.Kind != Notice && l.Kind != Reply && l.Kind != Error {
		return ""
	}
	code, _, _ := strings.Cut(l.Name, " ")
	return code
}

// Message returns the message of a line that NewCoded made. It returns the zero
// Message for another line, and for one of which an argument was cut off.
func (l Line) Message() i18n.Message {
	m := i18n.Message{Code: l.Code()}
	if m.IsZero() {
		return m
	}
	for _, word := range strings.Fields(l.Name)[1:] {
		name, span, _ := strings.Cut(word, "=")
		first, last, _ := strings.Cut(span, "-")
		start, err1 := strconv.Atoi(first)
		end, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || start < 0 || start > end || end > len(l.Text) {
			return i18n.Message{}
		}
		if m.Args == nil {
			m.Args = map[string]any{}
		}
		m.Args[name] = l.Text[start:end]
	}
	return m
}
