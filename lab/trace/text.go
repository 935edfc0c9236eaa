package trace

import (
	"bytes"
	"slices"
	"sort"

	"wirelab/sniffer/stream"
)

// said is a text that was found where a message carries it.
type said struct {
	text    string
	offset  int   // in the stream or datagram
	packets []int // that carry it, ascending
}

// texts finds the given texts in what a side sent, however it was cut into
// segments and fragments, each time it was said, retransmissions ignored but for those
// of a segment that was lost behind the sniffer. A datagram's texts are its own; a TCP
// stream's are in the order of the stream.
func (c *conversation) texts(side int, wanted []string) []said {
	var found []said
	for _, s := range c.streams(side) {
		found = append(found, s.find(wanted)...)
	}
	return found
}

// run is a run of bytes without a gap, and which packets brought each piece.
type run struct {
	bytes  []byte
	pieces []piece
}

type piece struct {
	end     int // offset in bytes at which the piece ends
	packets []int
}

// streams puts the payload of one side in order. A datagram stands alone; TCP
// segments are joined by sequence number.
func (c *conversation) streams(side int) []run {
	sent, segments, alone := c.sentBy(side)
	var runs []run
	for _, d := range alone {
		runs = append(runs, run{d.payload(), []piece{{len(d.payload()), d.sorted()}}})
	}
	if !c.tcp() {
		return runs
	}
	for _, joined := range stream.Join(segments) {
		var r run
		for _, p := range joined {
			r.bytes = append(r.bytes, p.Data...)
			r.pieces = append(r.pieces, piece{len(r.bytes), sent[p.Segment].sorted()})
		}
		runs = append(runs, r)
	}
	return runs
}

// sentBy are what one side has sent of a TCP stream, and its datagrams that stand alone.
func (c *conversation) sentBy(side int) (sent []*datagram, segments []stream.Segment, alone []*datagram) {
	var numbers stream.Numbers
	for _, d := range c.datagrams {
		switch {
		case c.side(d.packet()) != side || len(d.payload()) == 0:
		case !c.tcp() || d.recording.lost(d.packet()):
			alone = append(alone, d)
		default:
			sent = append(sent, d)
			segments = append(segments, stream.Segment{Offset: numbers.Offset(dataAt(d.packet())), Data: d.payload()})
		}
	}
	return sent, segments, alone
}

// disputed returns a packet whose bytes are not those that its side's stream has in their
// place, since another segment has others there; 0 if there is none. Which of them the
// receiver took, the capture does not tell.
func (c *conversation) disputed(side int) int {
	if !c.tcp() {
		return 0
	}
	sent, segments, _ := c.sentBy(side)
	type whole struct {
		begin int64
		bytes []byte
	}
	var runs []whole
	for _, joined := range stream.Join(segments) {
		run := whole{begin: joined[0].Offset}
		for _, p := range joined {
			run.bytes = append(run.bytes, p.Data...)
		}
		runs = append(runs, run)
	}
	for i, s := range segments {
		run := runs[sort.Search(len(runs), func(i int) bool { return runs[i].begin > s.Offset })-1]
		if !bytes.HasPrefix(run.bytes[s.Offset-run.begin:], s.Data) {
			return sent[i].number()
		}
	}
	return 0
}

// find returns the texts in the order of the bytes. One that stands at the end of a
// longer one was not said by itself.
func (r run) find(wanted []string) (found []said) {
	for _, text := range wanted {
		for start := 0; ; {
			i := messageText(r.bytes, text, start)
			if i < 0 {
				break
			}
			start = i + len(text)
			found = append(found, said{text, i, r.packets(i, start)})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].offset < found[j].offset })
	return slices.DeleteFunc(slices.Clone(found), func(s said) bool {
		return slices.ContainsFunc(found, func(longer said) bool {
			return longer.offset < s.offset && s.offset < longer.offset+len(longer.text)
		})
	})
}

// packets are those that carry the bytes from begin to end.
func (r run) packets(begin, end int) (numbers []int) {
	first := sort.Search(len(r.pieces), func(i int) bool { return r.pieces[i].end > begin })
	for i := first; i < len(r.pieces) && (i == first || r.pieces[i-1].end < end); i++ {
		numbers = append(numbers, r.pieces[i].packets...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// messageText returns where a text stands, at start or later, as a message's
// own text and not as part of another field; -1 if it does not. A message ends
// its line or its datagram, and its text is all of the line or stands behind a
// tab or ": ": so do the chat's own lines, its datagrams, what is typed into nc
// and what nc is sent. A number that happens to be part of a time stamp is in
// none of these places.
func messageText(b []byte, text string, start int) int {
	for text != "" {
		i := bytes.Index(b[start:], []byte(text))
		if i < 0 {
			return -1
		}
		i += start
		if beginsMessage(b[:i]) && endsMessage(b[i+len(text):]) {
			return i
		}
		start = i + 1
	}
	return -1
}

func beginsMessage(ahead []byte) bool {
	n := len(ahead)
	return n == 0 || ahead[n-1] == '\n' || ahead[n-1] == '\t' || bytes.HasSuffix(ahead, []byte(": "))
}

func endsMessage(behind []byte) bool {
	return len(behind) == 0 || behind[0] == '\n' || behind[0] == '\r'
}
