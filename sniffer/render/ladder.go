// Package render shows finished captures to people.
package render

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// Ladder is a ladder diagram: a lane for each host, an arrow for each packet.
type Ladder struct {
	Lanes []string      // host names from left to right
	Names sniffer.Namer // gives the addresses those names
	Texts []string      // shown with a packet whose payload has them
	// Label returns the text of a dividing line that stands for the packet, in
	// place of an arrow; "" for a packet that is drawn, if its ends have lanes.
	Label func(*sniffer.Packet) string
}

const (
	numberWidth = 5
	timeWidth   = 10
	laneGap     = 4 // columns between the longest name and the next lane, at least
)

// Text writes the diagram as text, a line a packet, with times in
// milliseconds since the first packet that is drawn. A packet of which an end
// has no lane is left out.
func (l Ladder) Text(w io.Writer, packets []sniffer.Packet) error {
	out := bufio.NewWriter(w)
	step := l.step()
	fmt.Fprintf(out, "%*s %*s  ", numberWidth, "#", timeWidth, "ms")
	for i, lane := range l.Lanes {
		out.WriteString(lane)
		if i < len(l.Lanes)-1 {
			out.WriteString(strings.Repeat(" ", step-runewidth.StringWidth(lane)))
		}
	}
	out.WriteByte('\n')
	var start time.Time
	label := ""
	for i := range packets {
		p := &packets[i]
		if l.Label != nil {
			if text := l.Label(p); text != "" {
				if text != label {
					l.divide(out, text, step)
				}
				label = text
				continue
			}
		}
		from, to, ok := l.ends(p)
		if !ok {
			continue
		}
		label = ""
		if start.IsZero() {
			start = p.Time
		}
		fmt.Fprintf(out, "%*d %*.3f  ", numberWidth, p.Number, timeWidth, float64(p.Time.Sub(start).Nanoseconds())/1e6)
		out.WriteString(arrow(len(l.Lanes), from, to, step))
		out.WriteString("  ")
		out.WriteString(l.what(p))
		out.WriteByte('\n')
	}
	return out.Flush()
}

func (l Ladder) step() int {
	widest := 0
	for _, lane := range l.Lanes {
		widest = max(widest, runewidth.StringWidth(lane))
	}
	return max(widest+laneGap, 14)
}

// everyone is the end of a broadcast.
const everyone = -1

func (l Ladder) ends(p *sniffer.Packet) (from, to int, ok bool) {
	src, dst := p.Src, p.Dst
	if p.Has(sniffer.ARP) {
		src, dst = p.ARPSender, p.ARPTarget
	}
	from, to = slices.Index(l.Lanes, l.Names.Name(src)), slices.Index(l.Lanes, l.Names.Name(dst))
	if p.DstMAC == sniffer.Broadcast {
		to = everyone
	}
	return from, to, from >= 0 && (to >= 0 || to == everyone && p.DstMAC == sniffer.Broadcast)
}

// arrow draws one row of lanes: ●───▶ from sender to receiver, and across all
// lanes for a broadcast.
func arrow(lanes, from, to, step int) string {
	row := slices.Repeat([]rune{' '}, (lanes-1)*step+1)
	for i := range lanes {
		row[i*step] = '│'
	}
	line := func(a, b int) {
		for x := min(a, b) * step; x <= max(a, b)*step; x++ {
			if row[x] == '│' {
				row[x] = '┼'
			} else {
				row[x] = '─'
			}
		}
	}
	head := func(at int) {
		if at > from {
			row[at*step] = '▶'
		} else if at < from {
			row[at*step] = '◀'
		}
	}
	if to == everyone {
		line(0, lanes-1)
		for i := range lanes {
			head(i)
		}
	} else {
		line(from, to)
		head(to)
	}
	row[from*step] = '●'
	return string(row)
}

func (l Ladder) divide(out *bufio.Writer, text string, step int) {
	width := (len(l.Lanes)-1)*step + 1
	fill := max(0, width-runewidth.StringWidth(text)-2)
	fmt.Fprintf(out, "%*s  %s %s %s\n", numberWidth+1+timeWidth, "", strings.Repeat("┄", fill/2), text, strings.Repeat("┄", fill-fill/2))
}

// what is the notation of a packet without its ends, and the listed texts.
func (l Ladder) what(p *sniffer.Packet) string {
	words := strings.SplitN(string(sniffer.AppendLine(nil, p, l.Names)), " ", 4)
	what := words[len(words)-1]
	for _, text := range l.Texts {
		if text != "" && bytes.Contains(p.Payload, []byte(text)) {
			what += ` "` + safetext.Escape(text) + `"`
		}
	}
	return what
}
