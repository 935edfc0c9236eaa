package tui

import (
	"fmt"
	"strings"
)

const (
	maxTail = 300 // lines of what was shown that are kept, to be shown again
	minCols = 8   // below, there is no space to type in
)

// Inline is a transcript that scrolls by and, below it, two rows that stay: a
// status line, and a prompt with the line being typed, where the cursor is.
// The typed line is the last, so that what a shell prints when the terminal is
// taken away (docker attach is detached) comes below it.
//
// While nobody looks (0 columns) it writes plain lines and no escapes: they
// are for a log.
type Inline struct {
	Words  Words
	Color  bool
	Prompt string
	// HowToLeave is hinted at when Ctrl-C has cleared the line.
	HowToLeave string

	editor     Editor
	status     Text
	hint       string   // in place of the status, until the next key
	pasted     []string // lines that await a yes
	tail       []Text
	cols, rows int
	drawn      *drawn // nil: the two rows are not there
	out        strings.Builder
}

// drawn is what the two rows show.
type drawn struct {
	status, left, right string
	width               int // of the status
	column              int // of the cursor
}

// Take returns what is to be written to the terminal since the last call, with
// the two rows as they are now.
func (i *Inline) Take() string {
	i.draw()
	s := i.out.String()
	i.out.Reset()
	return s
}

// Print shows lines above the two rows.
func (i *Inline) Print(lines ...Text) {
	if len(lines) == 0 {
		return
	}
	i.tail = append(i.tail, lines...)
	i.tail = i.tail[max(0, len(i.tail)-maxTail):]
	i.erase()
	i.print(lines)
}

// SetStatus sets the status line.
func (i *Inline) SetStatus(t Text) { i.status = t }

// Key takes a key. It returns the lines that were entered by it, and whether
// the user wants to leave.
func (i *Inline) Key(k Key) (entered []string, leave bool) {
	if i.cols == 0 { // there is someone, whose terminal has no size
		i.Resize(80, 24, true)
	}
	i.hint = ""
	if i.pasted != nil {
		return i.answer(k), false
	}
	switch k.Code {
	case Enter:
		return []string{i.editor.Enter()}, false
	case Interrupt:
		i.editor.Clear()
		i.hint = i.HowToLeave
	case Leave:
		if i.editor.Text() == "" {
			return nil, true
		}
		i.editor.Key(Key{Code: Delete})
	case Redraw:
		i.out.WriteString("\x1b[H\x1b[J")
		i.drawn = nil
		i.again()
	case Paste:
		i.paste(k.Text)
	default:
		i.editor.Key(k)
	}
	return nil, false
}

// paste inserts a single line and asks about several.
func (i *Inline) paste(text string) {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	switch len(lines) {
	case 0:
	case 1:
		i.editor.Key(Key{Typed, lines[0]})
	default:
		i.pasted = lines
	}
}

// answer takes the answer to what is to be done with the lines pasted: Enter
// says each, j joins them in the line being typed, all else forgets them.
func (i *Inline) answer(k Key) (entered []string) {
	lines := i.pasted
	i.pasted = nil
	switch {
	case k.Code == Enter:
		for _, line := range lines {
			i.editor.Key(Key{Typed, line})
			entered = append(entered, i.editor.Enter())
		}
	case k.Code == Typed && strings.EqualFold(k.Text, "j"):
		i.editor.Key(Key{Typed, strings.Join(lines, " ")})
	}
	return entered
}

// Restore puts a line that could not be said back where it was typed, unless
// another has been begun.
func (i *Inline) Restore(line string) {
	if i.editor.Text() == "" {
		i.editor.Key(Key{Typed, line})
	}
}

// Hint shows something in place of the status until the next key.
func (i *Inline) Hint(s string) { i.hint = s }

// Resize takes the terminal's size. Somebody who has just attached to it has
// seen nothing yet: the last screenful is shown.
func (i *Inline) Resize(cols, rows int, attached bool) {
	if i.drawn != nil && !attached {
		i.rise(cols)
	}
	i.cols, i.rows, i.drawn = cols, rows, nil
	if attached { // their cursor is anywhere
		i.out.WriteString("\r\x1b[J")
		i.again()
	}
}

// Refresh shows the last screenful on a terminal that has missed something.
func (i *Inline) Refresh() {
	i.erase()
	i.again()
}

// rise goes to the first of the two rows, where a terminal that is now cols
// wide has wrapped them anew.
func (i *Inline) rise(cols int) {
	if cols == 0 {
		return
	}
	up := max(1, (i.drawn.width+cols-1)/cols) + i.drawn.column/cols
	fmt.Fprintf(&i.out, "\r\x1b[%dA\x1b[J", up)
}

// again shows the last screenful once more, from where the cursor is.
func (i *Inline) again() {
	at, left := len(i.tail), i.rows-2
	for at > 0 {
		left -= rows(i.tail[at-1].render(false), max(i.cols, 1))
		if left < 0 {
			break
		}
		at--
	}
	i.print(i.tail[at:])
}

// Close takes the two rows away. What was shown stays.
func (i *Inline) Close() {
	i.erase()
	i.cols = 0
}

func (i *Inline) print(lines []Text) {
	for _, t := range lines {
		i.out.WriteString(t.render(i.Color && i.cols > 0) + "\r\n")
	}
}

// erase takes the two rows away, one after the other: some terminals move to
// their scroll-back what is erased of a whole screen.
func (i *Inline) erase() {
	if i.drawn != nil {
		i.out.WriteString("\r\x1b[K\x1b[A\x1b[K")
		i.drawn = nil
	}
}

// draw shows the two rows, or what has changed of them. Nothing in them ever
// wraps: the last column stays free.
func (i *Inline) draw() {
	if i.cols < minCols {
		return
	}
	room := i.cols - 1
	status := i.statusLine(room)
	left, right := i.view(room)
	d := drawn{status.render(i.Color), left, right, width(status.render(false)), width(left)}
	switch {
	case i.drawn == nil:
		i.out.WriteString("\r" + d.status + "\x1b[K\r\n")
	case *i.drawn == d:
		return
	case i.drawn.status != d.status:
		i.out.WriteString("\r\x1b[A" + d.status + "\x1b[K\r\n")
	default:
		i.out.WriteString("\r")
	}
	i.out.WriteString(left)
	if right == "" {
		i.out.WriteString("\x1b[K")
	} else { // DECSC and DECRC
		i.out.WriteString("\x1b7" + right + "\x1b[K\x1b8")
	}
	i.drawn = &d
}

func (i *Inline) statusLine(room int) Text {
	switch {
	case i.pasted != nil:
		return Text{{warning, truncate(i.Words.askPaste(len(i.pasted)), room)}}
	case i.hint != "":
		return Text{{warning, truncate(i.hint, room)}}
	}
	var t Text
	for _, s := range i.status {
		s.Text = truncate(s.Text, room)
		room -= width(s.Text)
		t = append(t, s)
		if room <= 0 {
			break
		}
	}
	return t
}

// view returns what is shown left and right of the cursor. Of a line that is
// longer than the screen it is the part around the cursor.
func (i *Inline) view(room int) (left, right string) {
	prompt := truncate(i.Prompt, room/2)
	room -= width(prompt)
	left, right = i.editor.left, i.editor.right
	if width(left)+width(right) > room {
		if part := room * 3 / 4; width(left) > part {
			left = "‹" + tail(left, part-1)
		}
		right = truncate(right, room-width(left))
	}
	return prompt + left, right
}
