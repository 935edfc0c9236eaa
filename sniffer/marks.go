package sniffer

// Marks say how a TCP segment relates to the segments before it. Package
// sniffer/statistics finds them.
type Marks uint8

// The marks.
const (
	Retransmission  Marks = 1 << iota // its bytes were sent before
	OutOfOrder                        // a segment that was sent after it was captured before it
	SegmentMissing                    // a segment that was sent before it was not captured
	DuplicateACK                      // it only acknowledges once more what was acknowledged
	ZeroWindow                        // its sender has no room for more data
	ZeroWindowProbe                   // a byte that asks whether the receiver has room again
	KeepAlive                         // it asks whether the other end is there
)

var markWords = []string{"retransmission", "out-of-order", "segment-missing", "duplicate-ack", "zero-window", "zero-window-probe", "keep-alive"}

// Words returns a word for each of the marks: "retransmission", "out-of-order".
func (m Marks) Words() (words []string) {
	for i, word := range markWords {
		if m&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	return words
}
