// Package pcapfile reads and writes pcap and pcapng files.
//
// It is made for files from anywhere: what it allocates is bounded by what it
// has read, never by what a file claims, and every error says at which byte
// the file is wrong. It knows nothing of what is inside a frame.
//
// The formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
package pcapfile

import (
	"math"
	"strings"
	"time"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

// Bounds of what is read and written.
const (
	MaxPacket = 256 << 10 // bytes of the largest frame

	maxBlock      = 1 << 20 // bytes of a block whose content is read
	maxInterfaces = 4096    // of one file
	maxNames      = 65536   // of one file
	maxText       = 255     // bytes of the name of an interface
	maxFilter     = 4096    // bytes of a capture filter
)

// Statistics are what a capture counted, in frames, over all its interfaces or, for
// Writer.WriteStatistics, one.
type Statistics struct {
	Received uint64    // seen by the kernel: captured and dropped
	Dropped  uint64    // of these, lost for lack of room
	Start    time.Time // when the capture began, zero if not known
	End      time.Time // when it ended, zero if not known
}

// TruncatedError says that a file ends within a block or record. The reader has returned
// all frames before it.
type TruncatedError struct {
	Offset int64 // where the block or record that is cut begins, in bytes
	Size   int64 // length of the file in bytes

	Compressed bool // the file is compressed, and both count its decompressed content
}

func (e *TruncatedError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated.
func (e *TruncatedError) Unwrap() error {
	return i18n.Errmsg("capture.cut", "Size", e.Size, "Content", ofContent(e.Compressed), "Offset", e.Offset)
}

// FormatError says that a file is not what its format allows.
type FormatError struct {
	Offset int64  // where the block or record that is wrong begins, in bytes
	Reason string // what is wrong with it

	Compressed bool // the file is compressed, and Offset counts its decompressed content

	begins string // what a file begins with that is none of these
}

func (e *FormatError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated. The Reason in it is
// English, and has the words of the format.
func (e *FormatError) Unwrap() error {
	if e.begins != "" {
		return i18n.Errmsg("capture.neither", "Content", ofContent(e.Compressed), "Bytes", e.begins)
	}
	return i18n.Errmsg("capture.format", "Offset", e.Offset, "Content", ofContent(e.Compressed), "Reason", e.Reason)
}

// ofContent says where a byte is that is counted in a compressed file.
func ofContent(compressed bool) i18n.Message {
	if compressed {
		return i18n.Msg("capture.compressed")
	}
	return i18n.Message{}
}

// linkType returns what frames begin with by the number in a file. 12 and 14 are
// what some systems write for raw IP.
func linkType(number uint16) sniffer.LinkType {
	if number == 12 || number == 14 {
		return sniffer.LinkRaw
	}
	return sniffer.LinkType(number)
}

// ValidName reports whether a file can hold a host's name: at most 253 letters, digits,
// '-', '_' and '.' of ASCII.
func ValidName(name string) bool {
	return name != "" && len(name) <= 253 && strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			r == '-' || r == '_' || r == '.')
	}) < 0
}

// addSaturating adds counters from a file, which may claim anything.
func addSaturating(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// direction of the epb_flags option's two lowest bits.
func direction(flags uint32) sniffer.Direction {
	switch flags & 3 {
	case 1:
		return sniffer.In
	case 2:
		return sniffer.Out
	}
	return sniffer.Unknown
}
