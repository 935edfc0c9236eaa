package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"wirelab/sniffer"
)

// Columns of the text.
const (
	numberWidth = 5
	timeWidth   = 10
	laneGap     = 4  // between the longest name and the next lane, at least
	minStep     = 14 // from lane to lane
)

// strokes are the characters that a diagram is drawn with.
type strokes struct {
	lane, line, cross, right, left, source rune
	divide                                 string
}

var (
	boxes = strokes{'│', '─', '┼', '▶', '◀', '●', "┄"}
	ascii = strokes{'|', '-', '+', '>', '<', 'o', "."}
)

// Text writes the diagram as text, a line a packet, with times in
// milliseconds.
func (l Ladder) Text(w io.Writer, packets []sniffer.Packet) error {
	out := bufio.NewWriter(w)
	draw := &boxes
	if l.ASCII {
		draw = &ascii
	}
	step := l.step()
	fmt.Fprintf(out, "%*s %*s  ", numberWidth, "#", timeWidth, "ms")
	for i, lane := range l.Lanes {
		lane = safe(lane)
		out.WriteString(lane)
		if i < len(l.Lanes)-1 {
			out.WriteString(strings.Repeat(" ", step-widthOf(lane)))
		}
	}
	out.WriteByte('\n')
	l.rows(packets, func(r row) {
		if r.packet == nil {
			l.divide(out, draw, safe(r.label), step)
			return
		}
		fmt.Fprintf(out, "%*d %*.3f  ", numberWidth, r.packet.Number, timeWidth, float64(r.since.Nanoseconds())/1e6)
		before, arrow, after := draw.arrow(len(l.Lanes), r.from, r.to, step)
		colour, reset := "", ""
		if l.Colour {
			if colour = kinds[kindOf(r.packet)].sgr; colour != "" {
				reset = sgrReset
			}
		}
		for _, part := range []string{before, colour, arrow, reset, after, "  ", colour, l.what(r.packet), reset, "\n"} {
			out.WriteString(part)
		}
	})
	return out.Flush()
}

func (l Ladder) step() int {
	widest := 0
	for _, lane := range l.Lanes {
		widest = max(widest, widthOf(safe(lane)))
	}
	return max(widest+laneGap, minStep)
}

// width is that of all lanes.
func width(lanes, step int) int { return max(0, lanes-1)*step + min(lanes, 1) }

// arrow draws one row of lanes, in three parts: what is left of the arrow, the
// arrow, ●───▶ from sender to receiver and across all lanes for a broadcast,
// and what is right of it.
func (s *strokes) arrow(lanes, from, to, step int) (before, arrow, after string) {
	row := slices.Repeat([]rune{' '}, width(lanes, step))
	for i := range lanes {
		row[i*step] = s.lane
	}
	if from == noLane {
		return string(row), "", ""
	}
	first, last := min(from, to), max(from, to)
	if to == allLanes {
		first, last = 0, lanes-1
	}
	for x := first * step; x <= last*step; x++ {
		if row[x] == s.lane {
			row[x] = s.cross
		} else {
			row[x] = s.line
		}
	}
	head := func(at int) {
		if at > from {
			row[at*step] = s.right
		} else if at < from {
			row[at*step] = s.left
		}
	}
	if to == allLanes {
		for i := range lanes {
			head(i)
		}
	} else {
		head(to)
	}
	row[from*step] = s.source
	return string(row[:first*step]), string(row[first*step : last*step+1]), string(row[last*step+1:])
}

func (l Ladder) divide(out *bufio.Writer, s *strokes, text string, step int) {
	fill := max(0, width(len(l.Lanes), step)-widthOf(text)-2)
	fmt.Fprintf(out, "%*s  %s %s %s\n", numberWidth+1+timeWidth, "", strings.Repeat(s.divide, fill/2), text, strings.Repeat(s.divide, fill-fill/2))
}
