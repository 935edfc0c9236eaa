package render

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

// Measures of the picture in pixels. Text is monospaced, and its characters
// are a little narrower than charWidth in the fonts that systems have.
const (
	margin      = 24
	gutterWidth = 132 // numbers and times, left of the first lane
	numberEnd   = margin + 36
	timeEnd     = margin + gutterWidth - 12
	headHeight  = 46 // lane names
	titleHeight = 40
	rowHeight   = 30
	footHeight  = 48 // legend
	charWidth   = 7.3
	laneHalf    = 46  // of a lane's box, at least
	minLane     = 150 // from lane to lane
	maxLane     = 380
	maxLabel    = 46 // columns of a packet's text
)

// The picture needs no colour to be read: the words are there, and a kind of
// packet has its own dashes. Dark is what the reader's system prefers.
const style = `
text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK TC", monospace; fill: #1f2328 }
.back { fill: #ffffff } .what, .phase { text-anchor: middle; stroke: #ffffff; stroke-width: 4; stroke-linejoin: round; paint-order: stroke }
.title { font-size: 16px; font-weight: 600 } .host { font-size: 13px; font-weight: 600; text-anchor: middle }
.box { fill: #f6f8fa; stroke: #d0d7de } .lane { stroke: #d0d7de; stroke-width: 1.5 }
.number { font-weight: 600; text-anchor: end } .time, .legend { fill: #59636e } .time { text-anchor: end }
.phase { fill: #59636e; font-weight: 600 } .aside { text-anchor: start } .rule { stroke: #d0d7de; stroke-dasharray: 4 4 }
.packet line, .packet path.loop { stroke: currentColor; stroke-width: 1.75; fill: none } .packet path.head, .packet circle { fill: currentColor }
.hit { fill: transparent } .packet:hover .hit { fill: #818b98; fill-opacity: 0.12 }
.tcp { color: #1a7f37 } .udp { color: #0969da } .arp { color: #9a6700 } .icmp { color: #8250df } .ip, .other { color: #59636e } .malformed { color: #cf222e }
.udp line { stroke-dasharray: 9 4 } .arp line { stroke-dasharray: 2 4 } .icmp line { stroke-dasharray: 9 3 2 3 } .ip line, .other line { stroke-dasharray: 4 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .back { fill: #0d1117 } .what, .phase { stroke: #0d1117 } .box { fill: #161b22; stroke: #3d444d } .lane, .rule { stroke: #3d444d }
.time, .legend, .phase { fill: #9198a1 }
.tcp { color: #3fb950 } .udp { color: #58a6ff } .arp { color: #d29922 } .icmp { color: #bc8cff } .ip, .other { color: #9198a1 } .malformed { color: #ff7b72 }
}
`

// SVG writes the diagram as a picture: a group for each packet, whose id is
// "packet-" and its number, with a title and a description. The same packets
// give the same bytes.
func (l Ladder) SVG(w io.Writer, packets []sniffer.Packet) error {
	out := &picture{Writer: bufio.NewWriter(w), Ladder: l}
	out.measure(packets)
	out.begin()
	y := out.top
	l.rows(packets, func(r row) {
		y += rowHeight
		if r.packet == nil {
			out.phase(y, r.label)
		} else {
			out.packet(y, r)
		}
	})
	out.legend()
	out.WriteString("</svg>\n")
	return out.Flush()
}

// picture is an SVG that is being written.
type picture struct {
	*bufio.Writer
	Ladder
	step          float64 // from lane to lane
	half          float64 // of a lane's box
	top           int     // where lanes begin
	width, height int
	packets       int
	seen          [len(kinds)]bool
}

// measure finds the size of the picture: lanes stand as far apart as the texts
// between them need.
func (s *picture) measure(packets []sniffer.Packet) {
	s.half = laneHalf
	for _, lane := range s.Lanes {
		s.half = max(s.half, charWidth*1.1*float64(widthOf(safe(lane)))/2+12)
	}
	s.step = max(minLane, 2*s.half+16)
	rows, right := 0, 0.0
	s.rows(packets, func(r row) {
		rows++
		if r.packet == nil {
			return
		}
		s.packets++
		s.seen[kindOf(r.packet)] = true
		text := charWidth * float64(widthOf(shorten(s.what(r.packet))))
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
	s.width = max(s.width, int(1.4*charWidth*float64(widthOf(safe(s.Title))))+2*margin, 480)
	s.height = s.top + rows*rowHeight + rowHeight + footHeight
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

// lane returns where a lane stands.
func (s *picture) lane(i int) float64 { return margin + gutterWidth + s.half + float64(i)*s.step }

func (s *picture) begin() {
	title, hosts := s.Title, strings.Join(s.Lanes, ", ")
	if title == "" {
		title = i18n.Text(s.Lang, "ladder.title")
	}
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc">`+"\n", s.width, s.height)
	fmt.Fprintf(s, "<title id=\"title\">%s</title>\n", escapeXML(title))
	fmt.Fprintf(s, "<desc id=\"desc\">%s</desc>\n", escapeXML(i18n.Text(s.Lang, "ladder.packets", "Count", s.packets, "Hosts", hosts)))
	fmt.Fprintf(s, "<style>%s</style>\n<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n", style, s.width, s.height)
	if s.Title != "" {
		s.text("title", margin, margin+16, s.Title)
	}
	head := s.top - headHeight
	s.text("time", numberEnd, head+20, "#")
	s.text("time", timeEnd, head+20, "ms")
	for i, lane := range s.Lanes {
		x := s.lane(i)
		fmt.Fprintf(s, "\n<line class=\"lane\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", x, head+30, x, s.height-footHeight)
		fmt.Fprintf(s, "<rect class=\"box\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"30\" rx=\"6\"/>", x-s.half, head, 2*s.half)
		s.text("host", x, head+20, lane)
	}
	s.WriteByte('\n')
}

// phase draws a dividing line.
func (s *picture) phase(y int, label string) {
	fmt.Fprintf(s, "<g class=\"divider\"><line class=\"rule\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", margin, y-4, s.width-margin, y-4)
	s.text("phase", s.middle(), y, label)
	s.WriteString("</g>\n")
}

// middle is between the first and the last lane.
func (s *picture) middle() float64 { return (s.lane(0) + s.lane(max(0, len(s.Lanes)-1))) / 2 }

// packet draws an arrow with its text above it.
func (s *picture) packet(y int, r row) {
	p := r.packet
	kind := kinds[kindOf(p)].name
	ms := fmt.Sprintf("%.3f", float64(r.since.Nanoseconds())/1e6)
	what := s.what(p)
	fmt.Fprintf(s, "<g class=\"packet %s\" id=\"packet-%d\"><title>#%d %s</title><desc>%s ms, %d bytes, %s</desc>", kind, p.Number, p.Number, escapeXML(s.line(p)), ms, p.Length, kind)
	fmt.Fprintf(s, "<rect class=\"hit\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", margin, y-rowHeight+10, s.width-2*margin, rowHeight)
	s.text("number", numberEnd, y+4, strconv.Itoa(p.Number))
	s.text("time", timeEnd, y+4, ms)
	x, class := s.middle(), "what"
	switch {
	case r.from == noLane:
		y += 10 // in the row's middle, without an arrow
	case r.to == allLanes:
		s.stroke(s.lane(0), s.lane(len(s.Lanes)-1), y)
		for i := range s.Lanes {
			if i != r.from {
				s.head(s.lane(r.from), s.lane(i), y)
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
	default:
		s.stroke(s.lane(r.from), s.lane(r.to), y)
		s.head(s.lane(r.from), s.lane(r.to), y)
		s.dot(s.lane(r.from), y)
		x = (s.lane(r.from) + s.lane(r.to)) / 2
	}
	s.text(class, x, y-6, shorten(what))
	s.WriteString("</g>\n")
}

// legend names the kinds of packets that were drawn.
func (s *picture) legend() {
	x, y := float64(margin), s.height-footHeight/2
	for k, seen := range s.seen {
		if !seen {
			continue
		}
		name := kinds[k].name
		fmt.Fprintf(s, "<g class=\"packet %s\">", name)
		s.stroke(x, x+36, y-4)
		s.text("legend", x+44, y, name)
		s.WriteString("</g>\n")
		x += 44 + charWidth*float64(len(name)) + 24
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

func (s *picture) dot(x float64, y int) {
	fmt.Fprintf(s, "<circle cx=\"%.1f\" cy=\"%d\" r=\"3.5\"/>", x, y)
}

// shorten cuts a text that is too long for the picture; the whole one is in
// the packet's title.
func shorten(text string) string {
	if widthOf(text) <= maxLabel {
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
