package inline

import (
	"strings"
)

const (
	maxTail = 300 // lines kept to be shown again
	minCols = 8   // below, there is no space to type in
)

// Screen shows lines that scroll past and, below them, two rows that stay: a
// status line, and a prompt with the line being typed, where the cursor is. The
// typed line comes last, so that what a shell prints after the terminal was
// detached (docker attach) comes below it.
//
// Before a terminal is attached (0 columns) it writes plain lines without
// escapes: they go to a log.
type Screen struct {
	Color  bool   // false: no colours
	Prompt string // precedes the line being typed
	// InterruptHint is shown in place of the status when Ctrl-C has cleared the
	// line.
	InterruptHint string
	// AskPaste returns the question that is shown when several lines were
	// pasted, which joined have so many bytes; nil shows an English one.
	AskPaste func(lines, bytes int) string

	editor     Editor
	status     Text
	hint       string   // shown in place of the status, until the next key
	pasted     []string // lines that wait for the user's answer
	tail       []Text
	cols, rows int
	drawn      *drawn // nil: the two rows are not there
	out        strings.Builder
}

// Output returns what to write to the terminal since the last call, the two rows
// as they are now included.
func (s *Screen) Output() string {
	s.draw()
	out := s.out.String()
	s.out.Reset()
	return out
}

// Print shows lines above the two rows.
func (s *Screen) Print(lines ...Text) {
	if len(lines) == 0 {
		return
	}
	s.tail = append(s.tail, lines...)
	s.tail = s.tail[max(0, len(s.tail)-maxTail):]
	s.erase()
	s.print(lines)
}

// SetStatus sets the status line.
func (s *Screen) SetStatus(t Text) { s.status = t }

// Key handles a key. It returns the lines that it entered, and whether the user
// wants to leave.
func (s *Screen) Key(k Key) (entered []string, leave bool) {
	if s.cols == 0 { // someone types at a terminal that tells no size
		s.Resize(80, 24, true)
	}
	s.hint = ""
	if s.pasted != nil {
		return s.answer(k), false
	}
	switch k.Code {
	case Enter:
		return []string{s.editor.Enter()}, false
	case Interrupt:
		s.editor.Clear()
		s.hint = s.InterruptHint
	case Leave:
		if s.editor.Text() == "" {
			return nil, true
		}
		s.editor.Key(Key{Code: Delete})
	case Redraw:
		s.out.WriteString("\x1b[H\x1b[J")
		s.drawn = nil
		s.printTail()
	case Paste:
		s.paste(k.Text)
	default:
		s.editor.Key(k)
	}
	return nil, false
}

// paste inserts a single line and asks about several.
func (s *Screen) paste(text string) {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	switch len(lines) {
	case 0:
	case 1:
		s.editor.Key(Key{Typed, lines[0]})
	default:
		s.pasted = lines
	}
}

// answer handles the key that answers what to do with pasted lines: Enter enters
// each, j joins them in the line being typed, any other key drops them.
func (s *Screen) answer(k Key) (entered []string) {
	lines := s.pasted
	s.pasted = nil
	switch {
	case k.Code == Enter:
		for _, line := range lines {
			s.editor.Key(Key{Typed, line})
			entered = append(entered, s.editor.Enter())
		}
	case k.Code == Typed && strings.EqualFold(k.Text, "j"):
		s.editor.Key(Key{Typed, asOne(lines)})
	}
	return entered
}

// asOne returns pasted lines as one.
func asOne(lines []string) string { return strings.Join(lines, " ") }

// Bell rings the terminal's bell.
func (s *Screen) Bell() {
	if s.cols > 0 {
		s.out.WriteByte('\a')
	}
}

// Restore puts a line back where it was typed, unless another one was begun.
func (s *Screen) Restore(line string) {
	if s.editor.Text() == "" {
		s.editor.Key(Key{Typed, line})
	}
}

// Hint shows a text in place of the status until the next key.
func (s *Screen) Hint(text string) { s.hint = text }

// Resize sets the terminal's size. attached says that someone has just attached
// to the terminal and has seen nothing yet: the last screenful is shown.
func (s *Screen) Resize(cols, rows int, attached bool) {
	if s.drawn != nil && !attached {
		s.moveToStatus(cols)
	}
	s.cols, s.rows, s.drawn = cols, rows, nil
	if attached { // the cursor may be anywhere
		s.out.WriteString("\r\x1b[J")
		s.printTail()
	}
}

// Refresh shows the last screenful again, for a terminal that has missed output.
func (s *Screen) Refresh() {
	s.erase()
	s.printTail()
}

// Close removes the two rows. The lines above them stay.
func (s *Screen) Close() {
	s.erase()
	s.cols = 0
}
