package render

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/sniffer"
	"wirelab/sniffer/stream"
)

// maxRow is how many bytes of a line a row shows: the rest follows in further rows.
const maxRow = 1024

// speakerColours are those of the two ends of a conversation.
var speakerColours = [2]string{sgrCyan, sgrMagenta}

// Streams writes what was said, one conversation after the other. Below the two ends of
// a conversation each line is a row: the packet in which it begins, its speaker, its text.
//
//	tcp client1:40000 > server:7000 12:00:00.000123
//	  12 client1  hello, server
//	  14 server   [6 bytes are missing]
//
// A conversation in which nothing was said is left out.
func Streams(out io.Writer, all []*stream.Conversation, o Options) error {
	w := bufio.NewWriter(out)
	clock := clock{form: timeOfDay, utc: o.UTC}
	separator := ""
	for _, c := range all {
		said := c.Said()
		if len(said) == 0 {
			continue
		}
		head := append([]byte(separator), layerName(c.Layer)+" "+o.end(c.Ends[0])+" > "+o.end(c.Ends[1])...)
		if !c.First.IsZero() {
			head = clock.appendMicroseconds(append(head, ' '), c.First)
		}
		w.Write(append(head, '\n'))
		t := newTranscript(w, c, o)
		for _, s := range said {
			t.say(s)
		}
		t.flush()
		separator = "\n"
	}
	return w.Flush() // which has the error of any Write
}

// transcript writes the rows of a conversation.
type transcript struct {
	w         *bufio.Writer
	o         Options
	datagrams bool      // what each packet says stands alone
	speakers  [2]string // padded
	numbered  int       // packet of the last row
	from      int       // of line
	packet    int       // in which line begins
	line      []byte    // that has not ended
}

func newTranscript(w *bufio.Writer, c *stream.Conversation, o Options) *transcript {
	t := &transcript{w: w, o: o, datagrams: c.Layer == sniffer.UDP}
	for i, end := range c.Ends {
		t.speakers[i] = o.address(end.Addr())
	}
	if t.speakers[0] == t.speakers[1] {
		t.speakers = [2]string{o.end(c.Ends[0]), o.end(c.Ends[1])}
	}
	width := max(columns.Width(t.speakers[0]), columns.Width(t.speakers[1]))
	for i, s := range t.speakers {
		t.speakers[i] = columns.Pad(s, width)
	}
	return t
}

func (t *transcript) say(s stream.Said) {
	if t.datagrams || s.From != t.from {
		t.flush()
	}
	t.from = s.From
	for data := s.Data; len(data) > 0; {
		if len(t.line) == 0 {
			t.packet = s.Packet
		}
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			t.line, data = append(t.line, data...), nil
		} else {
			t.line, data = append(t.line, data[:end+1]...), data[end+1:]
			t.flush()
		}
	}
	if t.datagrams && len(s.Data) == 0 {
		t.row(s.Packet, "")
	}
	if s.Missing > 0 {
		t.flush()
		text := i18n.Text(t.o.Lang, "sniff.stream.missing", "Count", s.Missing)
		if t.o.Colour {
			text = sgrRed + text + sgrReset
		}
		t.row(s.Packet, text)
	}
}

// flush writes the line that has not ended.
func (t *transcript) flush() {
	line := t.line
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = bytes.TrimSuffix(line[:n-1], []byte("\r"))
	} else if n == 0 {
		return
	}
	for {
		row := wholeRunes(line, maxRow)
		t.row(t.packet, t.o.escape(string(row)))
		if line = line[len(row):]; len(line) == 0 {
			break
		}
	}
	t.line = t.line[:0]
}

// row writes a row. A packet's number stands in the first of its rows.
func (t *transcript) row(packet int, text string) {
	number := "    "
	if packet != t.numbered {
		number = string(appendNumber(nil, packet))
	}
	t.numbered = packet
	speaker := t.speakers[t.from]
	if t.o.Colour {
		speaker = speakerColours[t.from] + speaker + sgrReset
	}
	t.w.WriteString(strings.TrimRight(number+" "+speaker+"  "+text, " ") + "\n")
}
