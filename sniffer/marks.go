package sniffer

// Marks are what the segments before a TCP segment tell of it (sniffer/statistics).
type Marks uint8

// The marks.
const (
	Retransmission  Marks = 1 << iota // it was sent before
	OutOfOrder                        // one that was sent after it came before it
	SegmentMissing                    // one that was sent before it was not captured
	DuplicateACK                      // it acknowledges once more what was acknowledged, and nothing else
	ZeroWindow                        // its sender takes no more data
	ZeroWindowProbe                   // a byte that asks whether the receiver takes data again
	KeepAlive                         // it asks whether the other end is there
)

var markWords = []string{"retransmission", "out-of-order", "segment-missing", "duplicate-ack", "zero-window", "zero-window-probe", "keep-alive"}

// Words returns the words of the marks, none for none.
func (m Marks) Words() (words []string) {
	for i, word := range markWords {
		if m&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	return words
}
