package trace

import (
	"fmt"
	"strings"
)

// Line is one line of a trace: what a Projection shows of one or more packets.
type Line struct {
	Segment  string // "" if the lab has one segment, or the projection is about one
	From, To string // host names; To is "*" for a broadcast
	What     string // "who-has server", "SYN ACK acked", `udp "hello"`
	Packets  []int  // numbers of the packets that show it, ascending
	// Conversation is the number of the TCP or UDP conversation that the line belongs
	// to, from 1; 0 is none.
	Conversation int
}

// Words at the end of a line that say what the capture has, or lacks, besides the
// packet.
const (
	Acked    = "acked"    // a later segment acknowledges this SYN or FIN
	Again    = "again"    // it was sent before: in another phase or, in the column retransmission, at all
	Unasked  = "unasked"  // no request with the data of this echo reply was captured before it
	Fragment = "fragment" // not every fragment of the datagram was captured
)

// String returns the line as it is compared, with single spaces between words.
func (l Line) String() string {
	line := l.From + " > " + l.To + " " + l.What
	if l.Segment != "" {
		line = l.Segment + " " + line
	}
	return line
}

// ParseLine takes a line "[SEGMENT] FROM > TO WHAT" apart, as String and Format write it.
// Fields that the line lacks are empty, Packets and Conversation always.
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

// Unquoted cuts a line into the words before its first quotation mark, the text from its
// first to its last quotation mark, both of them included, and the columns after that. A
// line without quotation marks is all words.
func Unquoted(line string) (ahead, text, behind string) {
	first, last := strings.IndexByte(line, '"'), strings.LastIndexByte(line, '"')
	if first < 0 {
		return line, "", ""
	}
	return line[:first], line[first : last+1], line[last+1:]
}

// Format writes lines with their parts aligned in columns, as people read and paste them.
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

// Columns is Format for lines that are text already.
func Columns(lines []string) []string {
	var all []Line
	for _, line := range lines {
		all = append(all, ParseLine(line))
	}
	return Format(all)
}
