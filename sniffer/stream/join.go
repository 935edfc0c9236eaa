package stream

import (
	"cmp"
	"slices"
)

// Numbers tells the offsets of sequence numbers, which wrap around, by the one before
// (RFC 9293, section 3.4). That of the first is 0.
type Numbers struct {
	begun  bool
	last   uint32
	offset int64
}

// Offset returns the offset of the next sequence number.
func (n *Numbers) Offset(seq uint32) int64 {
	if n.begun {
		n.offset += int64(int32(seq - n.last))
	}
	n.begun, n.last = true, seq
	return n.offset
}

// Segment is what one TCP segment carries of a stream.
type Segment struct {
	Offset int64  // of its first byte
	Data   []byte // empty where it only says that the stream goes up to Offset
}

// Piece is what a segment adds to a stream: the bytes that no segment ahead of it has.
type Piece struct {
	Segment int    // its index among those that were joined
	Offset  int64  // of Data
	Data    []byte // of the segment's, whose end it is
}

// Run is a part of a stream without a gap.
type Run []Piece

// end returns the offset behind a run.
func (r Run) end() int64 {
	last := r[len(r)-1]
	return last.Offset + int64(len(last.Data))
}

// Join puts the segments of one direction of a connection, which are in the order of the
// capture, into the order of the stream. What was sent again is there once: of segments
// that overlap, the bytes of the one that begins first, or was captured first.
func Join(segments []Segment) (runs []Run) {
	order := make([]int, len(segments))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(segments[a].Offset, segments[b].Offset) })
	for _, i := range order {
		piece := Piece{i, segments[i].Offset, segments[i].Data}
		if n := len(runs); n > 0 && runs[n-1].end() >= piece.Offset {
			overlap := runs[n-1].end() - piece.Offset
			if overlap >= int64(len(piece.Data)) {
				continue
			}
			piece.Offset, piece.Data = piece.Offset+overlap, piece.Data[overlap:]
			runs[n-1] = append(runs[n-1], piece)
			continue
		}
		runs = append(runs, Run{piece})
	}
	return runs
}
