package chat

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wirelab/internal/safetext"
)

// Limits of the wire, in bytes.
const (
	MaxLine     = 4096 // a line from a client over TCP, its \n included
	MaxDatagram = 1200 // a datagram either way: it fits any path unfragmented
	maxHeader   = 256  // what precedes the text in a line from the server
)

const greeting = "CHAT/1 " // what our own client's first line begins with

// Kind says what a Line tells.
type Kind string

// The kinds of lines. A client passes over a kind that it does not know.
const (
	Say    Kind = "say"    // Name said Text
	Join   Kind = "join"   // Name joined over the transport Text
	Leave  Kind = "leave"  // Name left, Text is the reason
	Kick   Kind = "kick"   // Name was removed by the server's console
	You    Kind = "you"    // to one client: its name here is Name
	Notice Kind = "notice" // the server itself has something to tell
)

// ServerName is the name of the server's console in the room.
const ServerName = "server"

// Line is one thing that the room tells.
type Line struct {
	Seq  uint64    // position in the room, from 1; that of You is the last before it
	Time time.Time // by the server's clock, to the millisecond
	Kind Kind
	Name string
	Text string
}

// Append appends the line as our own client reads it, without the final \n:
// SEQ, TIME (Unix milliseconds), KIND, NAME and TEXT, separated by tabs. The
// text is last and verbatim, so that what was said is found whole in a packet.
func (l Line) Append(b []byte) []byte {
	b = append(strconv.AppendUint(b, l.Seq, 10), '\t')
	b = append(strconv.AppendInt(b, l.Time.UnixMilli(), 10), '\t')
	b = append(append(b, l.Kind...), '\t')
	b = append(append(b, l.Name...), '\t')
	return append(b, l.Text...)
}

// ParseLine reads the form of Line.Append.
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
	case Join:
		return "* " + l.Name + " joined"
	case Leave:
		return "* " + l.Name + " left"
	case Kick:
		return "* " + l.Name + " was kicked"
	case You:
		return "* you are " + l.Name
	}
	return "* " + l.Text
}

// CleanText returns what is said when s is typed: s without unsafe runes, or
// empty where nothing is left to say. What grows beyond MaxLine, because bytes
// that are not UTF-8 become runes of three, is cut.
func CleanText(s string) string {
	s = safetext.Strip(strings.TrimRight(s, "\r\n"))
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return string(fit([]byte(s), MaxLine))
}

// ErrTooLong is returned for a line or datagram above its limit.
var ErrTooLong = errors.New("line too long")

// LineReader reads lines of a bounded length in memory that is bounded by it.
type LineReader struct {
	in       *bufio.Reader
	skipping bool // within a line that was too long
}

// NewLineReader returns a reader of lines of at most limit bytes, their \n
// included; a limit below 16 counts as 16.
func NewLineReader(r io.Reader, limit int) *LineReader {
	return &LineReader{in: bufio.NewReaderSize(r, limit)}
}

// ReadLine returns the next line without its \n or \r\n. A last line may lack
// the \n. It returns ErrTooLong for a line above the limit; the call after
// that goes on with the line that follows it.
func (r *LineReader) ReadLine() (string, error) {
	for r.skipping {
		_, err := r.in.ReadSlice('\n')
		if err == nil {
			r.skipping = false
		} else if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
	b, err := r.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		r.skipping = true
		return "", ErrTooLong
	case err != nil && (len(b) == 0 || !errors.Is(err, io.EOF)):
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// appendDatagram appends the form in which a UDP client says a text.
func appendDatagram(b []byte, name, text string) ([]byte, error) {
	b = append(append(append(b, name...), '\t'), text...)
	if len(b) > MaxDatagram {
		return nil, fmt.Errorf("%w: %d bytes, a datagram has at most %d", ErrTooLong, len(b), MaxDatagram)
	}
	return b, nil
}

// parseDatagram reads the form of appendDatagram.
func parseDatagram(b []byte) (name, text string, err error) {
	if len(b) > MaxDatagram {
		return "", "", ErrTooLong
	}
	name, text, ok := strings.Cut(string(b), "\t")
	if !ok {
		return "", "", errors.New("datagram without a tab: want NAME, a tab and TEXT")
	}
	if name, err = CleanName(name); err != nil {
		return "", "", err
	}
	if text = CleanText(text); text == "" {
		return "", "", errors.New("datagram without a text")
	}
	return name, text, nil
}

// fit cuts b to at most limit bytes, between runes, and marks the cut.
func fit(b []byte, limit int) []byte {
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
