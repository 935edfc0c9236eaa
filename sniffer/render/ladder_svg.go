package render

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
)

// SVG writes the diagram as a picture: a group for each packet, whose id is
// "packet-" and its number, with a title and a description. The same packets
// give the same bytes.
func (l Ladder) SVG(w io.Writer, phases ...Phase) error {
	out := &picture{Writer: bufio.NewWriter(w), Ladder: l}
	out.measure(phases)
	out.begin()
	y := out.top
	out.rows(phases, func(r row) {
		y += rowHeight
		switch r.kind {
		case rowHeading:
			out.phase(y, r.text)
		case rowNote:
			out.text("what aside", out.lane(0)+8, y+4, r.text)
		case rowPacket:
			out.packet(y, r)
		case rowRule:
			out.rule(y)
		case rowNames:
			out.names(y-rowHeight/2, namesHeight)
		}
	})
	out.legends(y + rowHeight + lineHeight/2)
	out.WriteString("</svg>\n")
	return out.Flush()
}

// picture is an SVG that is being written.
type picture struct {
	*bufio.Writer
	Ladder
	segments      int     // width of the segments' names in columns
	step          float64 // from lane to lane
	half          float64 // of a lane's box
	top           int     // where lanes begin
	width, height int
	seen
	below []string // lines of the legend
}

// measure finds the size of the picture: lanes stand as far apart as the texts
// between them need.
func (s *picture) measure(phases []Phase) {
	s.half = laneHalf
	for _, lane := range s.Lanes {
		s.half = max(s.half, charWidth*1.1*float64(columns.Width(safe(lane)))/2+12)
	}
	s.step = max(minLane, 2*s.half+16)
	rows, right := 0, 0.0
	s.seen = s.look(phases, func(r row) {
		rows++
		if r.kind != rowPacket {
			return
		}
		s.segments = max(s.segments, columns.Width(safe(r.segment)))
		text := charWidth * float64(columns.Width(shorten(s.what(r))))
		switch to := s.labelled(r); r.from {
		case noLane:
		case to:
			if to == len(s.Lanes)-1 {
				right = max(right, text+40)
			}
		default:
			s.step = max(s.step, min(maxLane, (text+44)/float64(max(r.from-to, to-r.from))))
		}
	})
	s.top = margin + headHeight
	if s.Title != "" {
		s.top += titleHeight
	}
	s.width = int(s.lane(max(0, len(s.Lanes)-1)) + max(s.half, right) + margin)
	s.width = max(s.width, int(1.4*charWidth*float64(columns.Width(safe(s.Title))))+2*margin, 480)
	across := max(int(float64(s.width-2*margin)/charWidth), 1)
	for _, line := range s.legend(s.seen, func(m Mark) string { return marks[m].sign }, "○", "✕") {
		s.below = append(s.below, columns.Wrap(line, across, across)...)
	}
	s.height = s.top + (rows+1)*rowHeight + lineHeight*(1+len(s.below)) + margin
}

// labelled returns the lane up to which a packet's text stands: that of a
// broadcast between its sender and the lane next to it.
func (s *picture) labelled(r row) int {
	switch {
	case r.to != allLanes:
		return r.to
	case r.from+1 < len(s.Lanes):
		return r.from + 1
	}
	return max(0, r.from-1)
}

// where is how wide the names of segments are, in pixels, with a gap ahead.
func (s *picture) where() float64 {
	if s.segments == 0 {
		return 0
	}
	return charWidth*float64(s.segments) + 16
}

// lane returns where a lane stands.
func (s *picture) lane(i int) float64 {
	return margin + gutterWidth + s.where() + s.half + float64(i)*s.step
}

func (s *picture) begin() {
	title := s.Title
	if title == "" {
		title = i18n.Text(s.Lang, "ladder.title")
	}
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc">`+"\n", s.width, s.height)
	fmt.Fprintf(s, "<title id=\"title\">%s</title>\n", escapeXML(title))
	fmt.Fprintf(s, "<desc id=\"desc\">%s</desc>\n", escapeXML(i18n.Text(s.Lang, "ladder.packets", "Count", s.packets, "Hosts", s.Lanes)))
	fmt.Fprintf(s, "<style>%s</style>\n<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n", style, s.width, s.height)
	if s.Title != "" {
		s.text("title", margin, margin+16, s.Title)
	}
	head := s.top - headHeight
	s.text("time", numberEnd, head+20, "#")
	s.text("time", timeEnd, head+20, "ms")
	end := s.height - margin - lineHeight*(1+len(s.below)) - rowHeight/2
	for i := range s.Lanes {
		fmt.Fprintf(s, "\n<line class=\"lane\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1[1]f\" y2=\"%[3]d\"/>", s.lane(i), head+30, end)
	}
	s.names(head, 30)
}

// names draws the names of the lanes in boxes.
func (s *picture) names(y, height int) {
	for i, lane := range s.Lanes {
		x := s.lane(i)
		fmt.Fprintf(s, "\n<rect class=\"box\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"6\"/>", x-s.half, y, 2*s.half, height)
		s.text("host", x, y+height/2+5, lane)
	}
	s.WriteByte('\n')
}

// phase draws the name of a phase into a rule.
func (s *picture) phase(y int, name string) {
	s.WriteString("<g class=\"divider\">")
	s.rule(y)
	s.text("phase", margin+16, y+4, name)
	s.WriteString("</g>\n")
}

func (s *picture) rule(y int) {
	fmt.Fprintf(s, "<line class=\"rule\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%[2]d\"/>\n", margin, y, s.width-margin)
}

// middle is between the first and the last lane.
func (s *picture) middle() float64 { return (s.lane(0) + s.lane(max(0, len(s.Lanes)-1))) / 2 }

// packet draws an arrow with its text above it.
func (s *picture) packet(y int, r row) {
	p := r.packet
	kind := kinds[kindOf(p)].name
	ms := fmt.Sprintf("%.3f", float64(r.since.Nanoseconds())/1e6)
	what := s.what(r)
	fmt.Fprintf(s, "<g class=\"packet %s\" id=\"packet-%d\"><title>#%d %s</title><desc>%s ms, %d bytes, %s</desc>", kind, p.Number, p.Number, escapeXML(s.Line(p)), ms, p.Length, kind)
	fmt.Fprintf(s, "<rect class=\"hit\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", margin, y-rowHeight+10, s.width-2*margin, rowHeight)
	s.text("number", numberEnd, y+4, strconv.Itoa(p.Number))
	s.text("time", timeEnd, y+4, ms)
	if r.segment != "" {
		s.text("legend", timeEnd+12, y+4, r.segment)
	}
	if m := s.Marks[p.Number]; m != Unmarked {
		s.text("mark "+marks[m].class, markAt, y+4, marks[m].sign)
	}
	if r.witness != noLane {
		fmt.Fprintf(s, "<circle class=\"witness\" cx=\"%.1f\" cy=\"%d\" r=\"4.5\"/>", s.lane(r.witness), y)
	}
	x, class := s.middle(), "what"
	switch {
	case r.from == noLane:
		y += 10 // in the row's middle, without an arrow
	case r.to == allLanes:
		first, last := r.span()
		s.stroke(s.lane(first), s.lane(last), y)
		for _, i := range r.reach {
			if i != r.from {
				s.end(r, i, y)
			}
		}
		s.dot(s.lane(r.from), y)
		x = (s.lane(r.from) + s.lane(s.labelled(r))) / 2
	case r.to == r.from:
		x = s.lane(r.from)
		fmt.Fprintf(s, "<path class=\"loop\" d=\"M%.1f %dh22v10h-14\"/>", x, y-6)
		s.head(x+22, x, y+4)
		s.dot(x, y-6)
		x, y, class = x+30, y+9, "what aside"
	case slices.Contains(r.lost, r.to):
		s.stroke(s.lane(r.from), s.short(r, r.to), y)
		s.end(r, r.to, y)
		s.dot(s.lane(r.from), y)
		x = (s.lane(r.from) + s.lane(r.to)) / 2
	default:
		s.stroke(s.lane(r.from), s.lane(r.to), y)
		s.head(s.lane(r.from), s.lane(r.to), y)
		s.dot(s.lane(r.from), y)
		x = (s.lane(r.from) + s.lane(r.to)) / 2
	}
	s.text(class, x, y-6, shorten(what))
	s.WriteString("</g>\n")
}

// legends names the kinds of packets that were drawn, and writes what stands below.
func (s *picture) legends(y int) {
	x := float64(margin)
	for k, there := range s.kinds {
		if !there {
			continue
		}
		name := kinds[k].name
		fmt.Fprintf(s, "<g class=\"packet %s\">", name)
		s.stroke(x, x+36, y-4)
		s.text("legend", x+44, y, name)
		s.WriteString("</g>\n")
		x += 44 + charWidth*float64(len(name)) + 24
	}
	for _, line := range s.below {
		y += lineHeight
		s.text("legend", margin, y, line)
		s.WriteByte('\n')
	}
}

func (s *picture) text(class string, x float64, y int, text string) {
	fmt.Fprintf(s, "<text class=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>", class, x, y, escapeXML(text))
}

func (s *picture) stroke(from, to float64, y int) {
	fmt.Fprintf(s, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", from, y, to, y)
}

// head draws the head of an arrow that points at a lane.
func (s *picture) head(from, to float64, y int) {
	back := 9.0
	if from < to {
		back = -back
	}
	fmt.Fprintf(s, "<path class=\"head\" d=\"M%.1f %dl%.1f -4.5v9z\"/>", to, y, back)
}

// end draws the head of an arrow at a lane, or before it the cross of a packet that never
// came there.
func (s *picture) end(r row, at, y int) {
	if !slices.Contains(r.lost, at) {
		s.head(s.lane(r.from), s.lane(at), y)
		return
	}
	fmt.Fprintf(s, "<path class=\"lost\" d=\"M%.1f %dl10 10m0 -10l-10 10\"/>", s.short(r, at)-5, y-5)
}

// short is where an arrow ends that does not reach a lane.
func (s *picture) short(r row, at int) float64 {
	if at < r.from {
		return s.lane(at) + 16
	}
	return s.lane(at) - 16
}

func (s *picture) dot(x float64, y int) {
	fmt.Fprintf(s, "<circle cx=\"%.1f\" cy=\"%d\" r=\"3.5\"/>", x, y)
}

// shorten cuts a text that is too long for the picture; the whole one is in
// the packet's title.
func shorten(text string) string {
	if columns.Width(text) <= maxLabel {
		return text
	}
	return columns.Truncate(text, maxLabel, "…")
}

// escapeXML makes text from outside safe to show, and then fit for XML, which
// allows not even all that is left (XML 1.0, section 2.2).
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(safe(s))) // a Builder's Write does not fail
	return b.String()
}
