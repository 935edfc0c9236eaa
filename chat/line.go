package chat

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wirelab/internal/safetext"
)

// Limits of the wire, in bytes.
const (
	MaxLine     = 4096 // a line from a client over TCP, with its \n
	MaxDatagram = 1200 // a datagram in either direction: it fits any path unfragmented
	MaxHeader   = 256  // the fields before the text in a line from the server
	fewHeader   = 48   // those fields without the name, and the \n
)

// Kind says what a Line tells.
type Kind string

// The kinds of lines; the package comment says what Name and Text are in each.
// A client ignores kinds that it does not know.
const (
	Say    Kind = "say"
	Me     Kind = "me"
	Join   Kind = "join"
	Leave  Kind = "leave"
	Kick   Kind = "kick"
	Nick   Kind = "nick"
	Topic  Kind = "topic"
	Notice Kind = "notice"

	You   Kind = "you"
	Who   Kind = "who"
	Msg   Kind = "msg"
	Reply Kind = "reply"
	Error Kind = "error"

	// Ignored stands for a line of somebody whom its reader ignores.
	Ignored Kind = "ignored"

	// Gap is never on the wire. Package client puts it before a line whose number
	// shows that others are missing. Text is how many.
	Gap Kind = "gap"
)

// Private reports whether the line is for one member only.
func (l Line) Private() bool {
	switch l.Kind {
	case You, Who, Msg, Reply, Error:
		return true
	}
	return false
}

// ServerName is the name of the server's console in the room.
const ServerName = "server"

// Line is one line that the room tells, to everyone or to one member. The package comment
// says what Name and Text are in each Kind.
type Line struct {
	Seq  uint64    // number in the room, from 1; a private line has that of the last line before it
	Time time.Time // by the server's clock, in milliseconds on the wire
	Kind Kind
	Name string
	Text string
}

// Size returns the size of the line on the wire in bytes, with its \n, or a few bytes
// more.
func (l Line) Size() int { return fewHeader + len(l.Name) + len(l.Text) }

// Append appends the line as our own client reads it, without the final \n, to b: SEQ,
// TIME (Unix milliseconds), KIND, NAME and TEXT, separated by tabs. The text is last and
// unchanged, so that it is in one piece in a packet.
func (l Line) Append(b []byte) []byte {
	b = append(strconv.AppendUint(b, l.Seq, 10), '\t')
	b = append(strconv.AppendInt(b, l.Time.UnixMilli(), 10), '\t')
	b = append(append(b, l.Kind...), '\t')
	b = append(append(b, l.Name...), '\t')
	return append(b, l.Text...)
}

// ParseLine reads what Append writes.
func ParseLine(s string) (Line, error) {
	fields := strings.SplitN(s, "\t", 5)
	if len(fields) != 5 {
		return Line{}, fmt.Errorf("line %.40q: want SEQ, TIME, KIND, NAME and TEXT between tabs", s)
	}
	seq, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil {
		return Line{}, fmt.Errorf("sequence number of a line: %w", err)
	}
	ms, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return Line{}, fmt.Errorf("time of a line: %w", err)
	}
	return Line{seq, time.UnixMilli(ms), Kind(fields[2]), fields[3], fields[4]}, nil
}

// String returns the line as nc shows it: "alice: hi", "* alice joined".
func (l Line) String() string {
	switch l.Kind {
	case Say:
		return l.Name + ": " + l.Text
	case Me:
		return "** " + l.Name + " " + l.Text
	case Join:
		return "* " + l.Name + " joined"
	case Leave:
		return "* " + l.Name + " left"
	case Kick:
		if l.Text != "" {
			return "* " + l.Name + " was kicked: " + l.Text
		}
		return "* " + l.Name + " was kicked"
	case Nick:
		return "* " + l.Name + " is now " + l.Text
	case Topic:
		return "* " + l.Name + " set the topic: " + l.Text
	case You:
		return "* you are " + l.Name
	case Who:
		return "* " + l.Name + " is here (" + l.Text + ")"
	case Msg:
		return "* " + l.Name + " to you: " + l.Text
	case Gap:
		return "* " + l.Text + " lost"
	}
	return "* " + l.Text
}

// CleanText returns s without its line ending, without control and other unsafe
// characters, and with at most 4 combining marks on a character. It returns "" if only
// blanks are left. It truncates the result to MaxLine bytes: a byte that is not UTF-8
// becomes a character of three.
func CleanText(s string) string {
	s = limitMarks(safetext.Strip(strings.TrimRight(s, "\r\n")))
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return string(Truncate([]byte(s), MaxLine))
}

// CutLine reads the first line of b and returns its size in bytes, with its \n. b is whole
// lines of a Log, and not empty; CutLine panics if it is anything else.
func CutLine(b []byte) (l Line, size int) {
	i := bytes.IndexByte(b, '\n')
	l, err := ParseLine(string(b[:i]))
	if err != nil { // the room wrote it
		panic(err)
	}
	return l, i + 1
}

// Truncate returns b if it has at most limit bytes. Otherwise it cuts b between two
// characters, so that with the mark "…", which it writes into b, it has at most limit
// bytes. limit is at least 3.
func Truncate(b []byte, limit int) []byte {
	const mark = "…"
	if len(b) <= limit {
		return b
	}
	n := limit - len(mark)
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return append(b[:n], mark...)
}
