package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"wirelab/chat"
	"wirelab/internal/inline"
)

// show returns a line of the room as the screen shows it; nil for one that it does
// not show.
func (v *view) show(l chat.Line) inline.Text {
	at := v.time(l.Time)
	switch l.Kind {
	case chat.Say:
		return append(inline.Text{at, v.nameStyle(l.Name).Span(l.Name), inline.Plain.Span(": ")}, v.mentions(l)...)
	case chat.Me:
		return append(inline.Text{at, inline.Plain.Span("** "), v.nameStyle(l.Name).Span(l.Name), inline.Plain.Span(" ")}, v.mentions(l)...)
	}
	told := v.Words.Tell(l, v.me)
	if told == "" {
		return nil
	}
	style := inline.Dim
	switch {
	case l.Kind == chat.Msg:
		style = inline.Bold
	case l.Kind == chat.Error, l.Kind == chat.Notice, l.Kind == chat.Kick, l.Kind == chat.Gap:
		style = inline.Warning
	case l.Kind == chat.Who, l.Kind == chat.Reply:
		style = inline.Plain
	}
	return inline.Text{at, style.Span(told)}
}

// nameColors are legible on light and dark backgrounds; none is the red or yellow of
// warnings.
var nameColors = []inline.Style{"32", "34", "35", "36", "1;32", "1;34", "1;35", "1;36"}

func (v *view) nameStyle(name string) inline.Style {
	if name == v.me {
		return inline.Bold
	}
	hash := uint32(2166136261) // FNV-1a: the same colour on every screen
	for _, b := range []byte(name) {
		hash = (hash ^ uint32(b)) * 16777619
	}
	return nameColors[hash%uint32(len(nameColors))]
}

// mentions returns the text with the user's name marked in it, in any case.
func (v *view) mentions(l chat.Line) inline.Text {
	text := l.Text
	if l.Name == v.me || v.me == "" {
		return inline.Text{inline.Plain.Span(text)}
	}
	var t inline.Text
	done, previous := 0, ' '
	for at, next := range text {
		if at < done {
			previous = next
			continue
		}
		n := mention(text[at:], v.me)
		if n > 0 && !(joins(previous) && joins(next)) {
			last, _ := utf8.DecodeLastRuneInString(text[at : at+n])
			following, _ := utf8.DecodeRuneInString(text[at+n:])
			if at+n == len(text) || !(joins(last) && joins(following)) {
				t = append(t, inline.Plain.Span(text[done:at]), inline.Marked.Span(text[at:at+n]))
				done = at + n
			}
		}
		previous = next
	}
	return append(t, inline.Plain.Span(text[done:]))
}

// mention returns the length of name at the beginning of s, in any case.
func mention(s, name string) int {
	n := 0
	for _, want := range name {
		r, size := utf8.DecodeRuneInString(s[n:])
		if r != want && !strings.EqualFold(s[n:n+size], string(want)) {
			return 0
		}
		n += size
	}
	return n
}

// joins reports whether a rune makes one word with its neighbours. Ideographs do not:
// they are written without spaces.
func joins(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && inline.Width(string(r)) == 1
}
