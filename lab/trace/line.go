package trace

import (
	"fmt"
	"strings"
)

// Line is one line of a trace.
type Line struct {
	Segment  string // on which it was seen; "" where there is one alone, or it is known
	From, To string // host names; To is "*" for a broadcast
	What     string // "who-has server", "SYN ACK acked", `udp "hello"`
	Packets  []int  // numbers of the packets that show it, ascending
	// Conversation tells the lines of one TCP or UDP conversation from those of
	// others; 0 is a line of none.
	Conversation int
}

// Words behind a line that say what the capture has, or has not, besides the packet.
const (
	Acked    = "acked"    // a later segment acknowledges it
	Again    = "again"    // it was sent before, in an earlier phase
	Unasked  = "unasked"  // an echo reply of which no request, with its data, was seen before
	Fragment = "fragment" // not every part of the datagram was seen
)

// String returns the line as it is compared: words between single spaces.
func (l Line) String() string {
	line := l.From + " > " + l.To + " " + l.What
	if l.Segment != "" {
		line = l.Segment + " " + line
	}
	return line
}

// ParseLine takes a line of a trace apart, "[SEGMENT] FROM > TO WHAT", as String and
// Format write it. Fields that it does not have are empty.
func ParseLine(text string) (l Line) {
	ahead, quoted, behind := Unquoted(text)
	words := strings.Fields(ahead)
	if quoted != "" {
		words = append(words, quoted)
	}
	words = append(words, strings.Fields(behind)...)
	if len(words) > 2 && words[2] == ">" && words[1] != ">" {
		l.Segment, words = words[0], words[1:]
	}
	words = append(words, "", "", "")
	l.From, l.To = words[0], words[2]
	l.What = strings.TrimRight(strings.Join(words[3:], " "), " ")
	return l
}

// Unquoted takes a line apart: its words, the texts between its first and its last
// quotation mark, and the columns behind them.
func Unquoted(line string) (ahead, text, behind string) {
	first, last := strings.IndexByte(line, '"'), strings.LastIndexByte(line, '"')
	if first < 0 {
		return line, "", ""
	}
	return line[:first], line[first : last+1], line[last+1:]
}

// Format writes lines in columns, as people read and paste them.
func Format(lines []Line) []string {
	segment, from, to := 0, 0, 0
	for _, l := range lines {
		segment, from, to = max(segment, len(l.Segment)), max(from, len(l.From)), max(to, len(l.To))
	}
	if segment > 0 {
		segment++
	}
	var out []string
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%-*s%-*s > %-*s %s", segment, l.Segment, from, l.From, to, l.To, l.What))
	}
	return out
}

// Columns writes lines of a trace that are text in columns.
func Columns(lines []string) []string {
	var all []Line
	for _, line := range lines {
		all = append(all, ParseLine(line))
	}
	return Format(all)
}
