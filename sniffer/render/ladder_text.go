package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/columns"
)

// Columns of the text.
const (
	laneGap  = 4  // between the longest name and the next lane, at least
	minStep  = 14 // from lane to lane, where there is room
	textRoom = 14 // for what stands right of the lanes, at least: else there are no lanes
	hang     = 2  // of a line that continues in the next
)

// strokes are the characters that a diagram is drawn with.
type strokes struct {
	lane, line, cross, right, left, source, witness, lost rune
	rule                                                  string
}

var (
	boxes = strokes{'│', '─', '┼', '▶', '◀', '●', '○', '╳', "┄"}
	ascii = strokes{'|', '-', '+', '>', '<', 'o', '*', 'x', "."}
)

// Text writes the diagram as text, with times in milliseconds. It is made to fit into
// Width: lanes stand closer together, what does not fit at an arrow continues in the
// next line, and where there is no room for lanes a packet is a line of the notation.
func (l Ladder) Text(w io.Writer, phases ...Phase) error {
	t := &ladderText{Ladder: l, Writer: bufio.NewWriter(w), draw: &boxes, sign: func(m Mark) string { return marks[m].sign }}
	if l.ASCII {
		t.draw, t.sign = &ascii, func(m Mark) string { return marks[m].ascii }
	}
	seen := t.measure(phases)
	t.names()
	t.rows(phases, func(r row) {
		switch r.kind {
		case rowHeading:
			t.heading(r.text)
		case rowNote:
			t.note(r.text)
		case rowPacket:
			t.packet(r)
		case rowRule:
			t.paint(sgrDim, strings.Repeat(" ", hang)+strings.Repeat(t.draw.rule, t.left+t.lanes-hang), "\n")
		case rowNames:
			t.names()
		}
	})
	for _, line := range t.legend(seen, t.sign, string(t.draw.witness), string(t.draw.lost)) {
		t.lines("", strings.Repeat(" ", hang), line, t.Width-hang)
	}
	return t.Flush()
}

// ladderText is a text that is being written.
type ladderText struct {
	Ladder
	*bufio.Writer
	draw *strokes
	sign func(Mark) string

	number, time int // widths
	segment      int // width of the segments' names, with a gap ahead; 0 without names
	left         int // where the lanes begin
	step         int // from lane to lane; 0 where there is no room for lanes
	lanes        int // width of all of them
	widest       int // of their names
}

// measure finds the widths, and what the legend explains.
func (t *ladderText) measure(phases []Phase) seen {
	t.number, t.time = 3, len("0.000")
	longest := 0 // width of what stands at an arrow
	seen := t.look(phases, func(r row) {
		if r.kind != rowPacket {
			return
		}
		t.number = max(t.number, len(strconv.Itoa(r.packet.Number)))
		t.time = max(t.time, len(t.ms(r)))
		if r.segment != "" {
			t.segment = max(t.segment, 2+columns.Width(t.show(r.segment)))
		}
		longest = max(longest, columns.Width(t.show(t.what(r))))
	})
	t.left = t.number + 1 + t.time + 3 + t.segment
	if len(t.Marks) > 0 {
		t.left += 2
	}
	for _, lane := range t.Lanes {
		t.widest = max(t.widest, columns.Width(t.show(lane)))
	}
	t.step = max(t.widest+laneGap, minStep)
	gaps := max(1, len(t.Lanes)-1)
	if t.Width > 0 {
		room := func(text int) int { return (t.Width - t.left - 1 - hang - text) / gaps }
		t.step = min(t.step, max(room(longest), t.widest+1))
		if t.step > room(min(longest, textRoom)) {
			t.step = 0
		}
	}
	t.lanes = max(0, len(t.Lanes)-1)*t.step + min(len(t.Lanes), 1)
	if t.step == 0 { // as far as rules go
		t.lanes, seen.witness = max(0, min(t.Width-t.left, 2*minStep)), false
	}
	return seen
}

func (t *ladderText) ms(r row) string { return fmt.Sprintf("%.3f", float64(r.since.Nanoseconds())/1e6) }

// show makes text of a packet fit to be shown.
func (t *ladderText) show(s string) string { return Options{ASCII: t.ASCII, Lang: t.Lang}.escape(s) }

// paint writes text in a colour, and what follows it in none.
func (t *ladderText) paint(sgr, text, after string) {
	if t.Colour && sgr != "" && text != "" {
		text = sgr + text + sgrReset
	}
	t.WriteString(text)
	t.WriteString(after)
}

// lines writes text that continues below its beginning where it does not fit.
func (t *ladderText) lines(sgr, indent, text string, room int) {
	for i, line := range columns.Wrap(text, room, room-hang) {
		if i > 0 {
			line = strings.Repeat(" ", hang) + line
		}
		t.WriteString(indent)
		t.paint(sgr, line, "\n")
	}
}

// names writes the names of the lanes.
func (t *ladderText) names() {
	marks := ""
	if len(t.Marks) > 0 {
		marks = "  "
	}
	head := fmt.Sprintf("%*s %s%*s%*s", t.number, "#", marks, t.time+1, "ms", t.segment, "")
	if t.step > 0 {
		head += "  "
		for i, lane := range t.Lanes {
			if head += t.show(lane); i < len(t.Lanes)-1 {
				head = columns.Pad(head, t.left+(i+1)*t.step)
			}
		}
	}
	t.paint(sgrBold, head, "\n")
}

// heading writes the name of a phase into a rule.
func (t *ladderText) heading(name string) {
	right := t.left + t.lanes
	lines := columns.Wrap(name, t.Width-2*hang-2, t.Width-2*hang-2)
	for i, line := range lines {
		rule := t.draw.rule
		if i > 0 {
			rule = " "
		}
		t.WriteString(strings.Repeat(" ", hang))
		t.paint(sgrDim, strings.Repeat(rule, hang), " ")
		t.paint(sgrBold, line, "")
		if fill := right - 2*hang - 2 - columns.Width(line); i == len(lines)-1 && fill > 0 {
			t.paint(sgrDim, " "+strings.Repeat(t.draw.rule, fill), "")
		}
		t.WriteString("\n")
	}
}

func (t *ladderText) note(text string) {
	t.lines(sgrDim, strings.Repeat(" ", t.left), text, t.Width-t.left)
}

// packet writes the line of a packet.
func (t *ladderText) packet(r row) {
	number := fmt.Sprintf("%*d ", t.number, r.packet.Number)
	t.WriteString(number)
	if len(t.Marks) > 0 {
		m := t.Marks[r.packet.Number]
		t.paint(marks[m].sgr, columns.Pad(t.sign(m), 1), " ")
	}
	fmt.Fprintf(t, "%*s", t.time+1, t.ms(r))
	if t.segment > 0 {
		t.WriteString("  " + columns.Pad(t.show(r.segment), t.segment-2))
	}
	t.WriteString("  ")
	sgr := kinds[kindOf(r.packet)].sgr
	if t.step == 0 {
		room := max(t.Width-t.left, textRoom)
		for i, line := range columns.Wrap(t.withoutLanes(r), room, room-hang) {
			if i > 0 {
				t.WriteString(strings.Repeat(" ", t.left+hang))
			}
			t.paint(sgr, line, "\n")
		}
		return
	}
	before, arrow, after := t.arrow(r)
	t.WriteString(before)
	t.paint(sgr, arrow, after+"  ")
	room := 0
	if t.Width > 0 {
		room = t.Width - t.left - t.lanes - hang
	}
	for i, line := range columns.Wrap(t.show(t.what(r)), room, room-hang) {
		if i > 0 {
			lanes, _, _ := t.arrow(row{from: noLane, witness: noLane})
			t.WriteString(strings.Repeat(" ", t.left) + lanes + strings.Repeat(" ", 2*hang))
		}
		t.paint(sgr, line, "\n")
	}
}

// withoutLanes is a packet as a line of the notation, whose ends stand in columns.
func (t *ladderText) withoutLanes(r row) string {
	if r.from == noLane {
		return t.show(t.Line(r.packet))
	}
	to := everyone
	if r.to != allLanes {
		to = t.show(t.Lanes[r.to])
	}
	return columns.Pad(t.show(t.Lanes[r.from]), t.widest) + " > " + columns.Pad(to, t.widest) + " " + t.show(t.what(r))
}

// arrow draws the lanes of a packet, in three parts: what is left of the arrow, the
// arrow, ●───▶ from sender to receiver and across all lanes for a broadcast,
// and what is right of it.
func (t *ladderText) arrow(r row) (before, arrow, after string) {
	lanes := len(t.Lanes)
	line := slices.Repeat([]rune{' '}, t.lanes)
	for i := range lanes {
		line[i*t.step] = t.draw.lane
	}
	if r.from == noLane {
		return string(line), "", ""
	}
	first, last := r.span()
	for x := first * t.step; x <= last*t.step; x++ {
		if line[x] == t.draw.lane {
			line[x] = t.draw.cross
		} else {
			line[x] = t.draw.line
		}
	}
	head := func(at int) {
		if slices.Contains(r.lost, at) {
			t.cross(line, r, at)
		} else if at > r.from {
			line[at*t.step] = t.draw.right
		} else if at < r.from {
			line[at*t.step] = t.draw.left
		}
	}
	if r.to == allLanes {
		for _, lane := range r.reach {
			head(lane)
		}
	} else {
		head(r.to)
	}
	line[r.from*t.step] = t.draw.source
	if r.witness != noLane {
		line[r.witness*t.step] = t.draw.witness
	}
	return string(line[:first*t.step]), string(line[first*t.step : last*t.step+1]), string(line[last*t.step+1:])
}

// cross ends an arrow before a lane. The arrow of a broadcast continues behind it.
func (t *ladderText) cross(line []rune, r row, at int) {
	towards := 1
	if at < r.from {
		towards = -1
	}
	line[at*t.step-towards] = t.draw.lost
	if r.to == at || at == r.reach[0] || at == r.reach[len(r.reach)-1] {
		line[at*t.step] = t.draw.lane
	}
}
