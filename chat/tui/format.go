package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"wirelab/chat"
)

// show returns a line of the room as it is shown; nil for none.
func (r *Room) show(l chat.Line) Text {
	at := Span{dim, l.Time.Local().Format("15:04 ")}
	switch l.Kind {
	case chat.Say:
		return append(Text{at, {r.nameStyle(l.Name), l.Name}, {plain, ": "}}, r.mentions(l)...)
	case chat.Me:
		return append(Text{at, {plain, "** "}, {r.nameStyle(l.Name), l.Name}, {plain, " "}}, r.mentions(l)...)
	}
	told := r.Words.Tell(l, r.me)
	if told == "" {
		return nil
	}
	style := dim
	switch {
	case l.Kind == chat.Msg:
		style = bold
	case l.Kind == chat.Error, l.Kind == chat.Notice, l.Kind == chat.Kick, l.Kind == chat.Gap:
		style = warning
	case l.Kind == chat.Who, l.Kind == chat.Reply:
		style = plain
	}
	return Text{at, {style, told}}
}

// nameColors are those that can be read on light and dark, without the red and
// yellow of warnings.
var nameColors = []Style{"32", "34", "35", "36", "1;32", "1;34", "1;35", "1;36"}

func (r *Room) nameStyle(name string) Style {
	if name == r.me {
		return bold
	}
	hash := uint32(2166136261) // FNV-1a: the same colour on every screen
	for _, b := range []byte(name) {
		hash = (hash ^ uint32(b)) * 16777619
	}
	return nameColors[hash%uint32(len(nameColors))]
}

// mentions returns the text with the user's name marked in it, in any case.
func (r *Room) mentions(l chat.Line) Text {
	text := l.Text
	if l.Name == r.me || r.me == "" {
		return Text{{plain, text}}
	}
	var t Text
	done, previous := 0, ' '
	for at, next := range text {
		if at < done {
			previous = next
			continue
		}
		n := mention(text[at:], r.me)
		if n > 0 && !(joins(previous) && joins(next)) {
			last, _ := utf8.DecodeLastRuneInString(text[at : at+n])
			following, _ := utf8.DecodeRuneInString(text[at+n:])
			if at+n == len(text) || !(joins(last) && joins(following)) {
				t = append(t, Span{plain, text[done:at]}, Span{marked, text[at : at+n]})
				done = at + n
			}
		}
		previous = next
	}
	return append(t, Span{plain, text[done:]})
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

// joins reports whether a rune and its like stand in one word; ideographs do
// not: they are written without spaces.
func joins(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && columns.RuneWidth(r) == 1
}
