package inline

import "fmt"

// drawn is the content of the two rows.
type drawn struct {
	status, left, right string
	width               int // of the status
	column              int // of the cursor
}

// moveToStatus moves to the first of the two rows, which a terminal that is now
// cols wide has wrapped again.
func (s *Screen) moveToStatus(cols int) {
	if cols == 0 {
		return
	}
	up := max(1, (s.drawn.width+cols-1)/cols) + s.drawn.column/cols
	fmt.Fprintf(&s.out, "\r\x1b[%dA\x1b[J", up)
}

// printTail prints the last screenful again, from where the cursor is.
func (s *Screen) printTail() {
	at, left := len(s.tail), s.rows-2
	for at > 0 {
		left -= rows(s.tail[at-1].render(false), max(s.cols, 1))
		if left < 0 {
			break
		}
		at--
	}
	s.print(s.tail[at:])
}

func (s *Screen) print(lines []Text) {
	for _, t := range lines {
		s.out.WriteString(t.render(s.Color && s.cols > 0) + "\r\n")
	}
}

// erase removes the two rows, one after the other: some terminals move rows to
// the scroll-back when a screen is erased at once.
func (s *Screen) erase() {
	if s.drawn != nil {
		s.out.WriteString("\r\x1b[K\x1b[A\x1b[K")
		s.drawn = nil
	}
}

// draw shows the two rows, or the parts of them that have changed. Neither row
// ever wraps: the last column stays free.
func (s *Screen) draw() {
	if s.cols < minCols {
		return
	}
	room := s.cols - 1
	status := s.statusLine(room)
	left, right := s.view(room)
	d := drawn{status.render(s.Color), left, right, Width(status.render(false)), Width(left)}
	switch {
	case s.drawn == nil:
		s.out.WriteString("\r" + d.status + "\x1b[K\r\n")
	case *s.drawn == d:
		return
	case s.drawn.status != d.status:
		s.out.WriteString("\r\x1b[A" + d.status + "\x1b[K\r\n")
	default:
		s.out.WriteString("\r")
	}
	s.out.WriteString(left)
	if right == "" {
		s.out.WriteString("\x1b[K")
	} else { // DECSC and DECRC
		s.out.WriteString("\x1b7" + right + "\x1b[K\x1b8")
	}
	s.drawn = &d
}

func (s *Screen) askPaste() string {
	lines, bytes := len(s.pasted), len(asOne(s.pasted))
	if s.AskPaste != nil {
		return s.AskPaste(lines, bytes)
	}
	return fmt.Sprintf("%d lines pasted: Enter says each, j as one (%d bytes), else none", lines, bytes)
}

func (s *Screen) statusLine(room int) Text {
	switch {
	case s.pasted != nil:
		return Text{{Warning, truncate(s.askPaste(), room)}}
	case s.hint != "":
		return Text{{Warning, truncate(s.hint, room)}}
	}
	var t Text
	for _, span := range s.status {
		span.Text = truncate(span.Text, room)
		room -= Width(span.Text)
		t = append(t, span)
		if room <= 0 {
			break
		}
	}
	return t
}

// view returns what is shown left and right of the cursor: the line, or the part
// around the cursor if the line is longer than the screen.
func (s *Screen) view(room int) (left, right string) {
	prompt := truncate(s.Prompt, room/2)
	room -= Width(prompt)
	left, right = s.editor.left, s.editor.right
	if Width(left)+Width(right) > room {
		if part := room * 3 / 4; Width(left) > part {
			left = "‹" + tail(left, part-1)
		}
		right = truncate(right, room-Width(left))
	}
	return prompt + left, right
}
