package trace

import (
	"bytes"
	"iter"
	"slices"
	"sort"

	"wirelab/sniffer/stream"
)

// run is a run of bytes without a gap, and which datagrams brought each piece. The bytes
// are read where they are asked for.
type run struct {
	recording *Recording
	pieces    []piece
}

type piece struct {
	end      int64 // offset in the run at which the piece ends
	skip     int   // bytes of the datagram's payload ahead of the piece
	datagram int   // number of the packet with its transport header
}

// alone is the run of a datagram that stands alone.
func (r *Recording) alone(d *datagram) run {
	size := int64(r.row(d.numbers[0]).size)
	if d.parts != nil && d.complete {
		size = int64(d.parts.size)
	}
	return run{r, []piece{{size, 0, d.numbers[0]}}}
}

// streams puts the payload of one side in order. A datagram stands alone; TCP
// segments are joined by sequence number.
func (c *conversation) streams(side int) []run {
	segments, dummies, alone := c.sentBy(side)
	var runs []run
	for _, n := range alone {
		runs = append(runs, c.recording.alone(c.recording.datagram(n)))
	}
	for _, joined := range stream.Join(dummies) {
		r, end := run{recording: c.recording}, int64(0)
		for _, p := range joined {
			end += int64(len(p.Data))
			r.pieces = append(r.pieces, piece{end, int(p.Offset - dummies[p.Segment].Offset), segments[p.Segment].number})
		}
		runs = append(runs, r)
	}
	return runs
}

// sentBy are what one side has sent of a TCP stream, with as many bytes each as it
// carries, and the numbers of its datagrams that stand alone.
func (c *conversation) sentBy(side int) (sent []segment, dummies []stream.Segment, alone []int) {
	var numbers stream.Numbers
	for _, u := range c.units {
		if u.side() != side {
			continue
		}
		s := c.segment(u)
		switch {
		case s.size == 0:
		case !c.tcp() || c.recording.lost(s.number):
			alone = append(alone, s.number)
		default:
			sent = append(sent, s)
			dummies = append(dummies, stream.Segment{Offset: numbers.Offset(s.dataAt()), Data: zerosOf(int(s.size))})
		}
	}
	return sent, dummies, alone
}

// disputed returns a packet whose bytes are not those that its side's stream has in their
// place, since another segment has others there; 0 if there is none. Which of them the
// receiver took, the capture does not tell.
func (c *conversation) disputed(side int) int {
	if !c.tcp() {
		return 0
	}
	sent, dummies, _ := c.sentBy(side)
	joined := stream.Join(dummies)
	if scattered(joined) {
		return sent[joined[0][0].Segment].number
	}
	whole := map[int]bool{} // by index in sent: all its bytes are the stream's
	var runs []run
	for _, pieces := range joined {
		r, end := run{recording: c.recording}, int64(0)
		for _, p := range pieces {
			end += int64(len(p.Data))
			r.pieces = append(r.pieces, piece{end, int(p.Offset - dummies[p.Segment].Offset), sent[p.Segment].number})
			if len(p.Data) == len(dummies[p.Segment].Data) {
				whole[p.Segment] = true
			}
		}
		runs = append(runs, r)
	}
	for i, s := range dummies {
		if whole[i] {
			continue
		}
		at := runOf(joined, s)
		begin := s.Offset - joined[at][0].Offset
		own := c.recording.datagram(sent[i].number).payload()
		if !bytes.Equal(runs[at].slice(begin, begin+int64(len(own))), own) {
			return sent[i].number
		}
	}
	return 0
}

// size is how many bytes it has.
func (r run) size() int64 { return r.pieces[len(r.pieces)-1].end }

// at is the index of the piece that has a byte.
func (r run) at(offset int64) int {
	return sort.Search(len(r.pieces), func(i int) bool { return r.pieces[i].end > offset })
}

// begin is the offset of a piece.
func (r run) begin(i int) int64 {
	if i == 0 {
		return 0
	}
	return r.pieces[i-1].end
}

// slice returns the bytes from begin to end, or to the run's end.
func (r run) slice(begin, end int64) (b []byte) {
	end = min(end, r.size())
	for i := r.at(begin); i < len(r.pieces) && r.begin(i) < end; i++ {
		b = append(b, r.piece(i, max(begin, r.begin(i)), min(end, r.pieces[i].end))...)
	}
	return b
}

// piece returns bytes of a piece, by their offsets in the run.
func (r run) piece(i int, begin, end int64) []byte {
	p := r.pieces[i]
	payload := r.recording.datagram(p.datagram).payload()
	from := int64(p.skip) + begin - r.begin(i)
	if from+end-begin > int64(len(payload)) {
		return make([]byte, end-begin) // it cannot be read any more
	}
	return payload[from:][:end-begin]
}

// windowSize is how many bytes of a run are looked at in one go.
const windowSize = 256 << 10

// window is a part of a run.
type window struct {
	begin int64 // offset of its bytes
	bytes []byte
	last  bool // behind it is nothing
}

// windows yields a run's bytes in parts, each with the last so many bytes of the part ahead
// of it.
func (r run) windows(overlap int) iter.Seq[window] {
	return func(yield func(window) bool) {
		var w window
		for i := range r.pieces {
			w.bytes = append(w.bytes, r.piece(i, r.begin(i), r.pieces[i].end)...)
			w.last = i == len(r.pieces)-1
			if !w.last && len(w.bytes) < windowSize {
				continue
			}
			if !yield(w) {
				return
			}
			drop := len(w.bytes) - min(overlap, len(w.bytes))
			w.begin += int64(drop)
			w.bytes = append(w.bytes[:0], w.bytes[drop:]...)
		}
	}
}

// carriers calls found with the packets that carry a text, once for all places that have the
// same.
func (r run) carriers(text string, found func(packets []int)) {
	size := int64(len(text))
	for w := range r.windows(len(text) - 1) {
		for at := int64(0); ; {
			i := bytes.Index(w.bytes[at:], []byte(text))
			if i < 0 {
				break
			}
			begin := w.begin + at + int64(i)
			found(r.packets(begin, begin+size))
			first, last := r.pieces[r.at(begin)], r.pieces[r.at(begin+size-1)]
			at = min(first.end, last.end-size+1) - w.begin
		}
	}
}

// packets are those that carry the bytes from begin to end.
func (r run) packets(begin, end int64) (numbers []int) {
	first := r.at(begin)
	for i := first; i < len(r.pieces) && (i == first || r.begin(i) < end); i++ {
		numbers = append(numbers, r.recording.datagram(r.pieces[i].datagram).numbers...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
