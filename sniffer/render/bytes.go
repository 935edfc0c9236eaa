package render

import (
	"encoding/binary"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/digits"
)

// The printers read the fields that Packet has no place for from its bytes.

func u16(b []byte) uint64 { return uint64(binary.BigEndian.Uint16(b)) }
func u32(b []byte) uint64 { return uint64(binary.BigEndian.Uint32(b)) }

// span returns Data[from:to] as far as it was captured.
func span(p *sniffer.Packet, from, to int) []byte {
	to = min(max(to, 0), len(p.Data))
	return p.Data[min(max(from, 0), to):to]
}

// appendInt appends n in decimal; lengths that contradict one another make it
// less than 0.
func appendInt(dst []byte, n int) []byte {
	if n < 0 {
		return digits.AppendUint(append(dst, '-'), -uint64(n))
	}
	return digits.AppendUint(dst, uint64(n))
}

// appendXDigits appends n as 0x and four digits.
func appendXDigits(dst []byte, n uint16) []byte {
	return digits.AppendHex(append(dst, "0x"...), []byte{byte(n >> 8), byte(n)})
}

// plain reports whether s is printable ASCII, as nearly every text here is.
func plain[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// safe returns text from outside as it may be shown.
func safe(s string) string {
	if plain(s) {
		return s
	}
	return safetext.Escape(s)
}
