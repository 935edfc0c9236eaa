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

// link describes the link header: where its EtherType stands and where the
// header ends and VLAN tags may begin. ok is false for those without.
func link(p *sniffer.Packet) (etherType, end int, ok bool) {
	switch {
	case p.Has(sniffer.Ethernet):
		return 12, 14, true
	case p.Has(sniffer.SLL) && p.LinkType == sniffer.LinkLinuxSLL2:
		return 0, 20, true
	case p.Has(sniffer.SLL):
		return 14, 16, true
	}
	return 0, 0, false
}

// tag is a VLAN tag (IEEE 802.1Q, 9.3).
type tag struct {
	tpid    int // offset of its EtherType
	control int // offset of its control information, and of what follows two bytes on
}

// tags calls do for each VLAN tag, from the outermost.
func tags(p *sniffer.Packet, do func(tag)) {
	tpid, at, ok := link(p)
	for ok && p.Has(sniffer.VLAN) && at+4 <= min(p.NetworkOffset, len(p.Data)) {
		do(tag{tpid, at})
		tpid, at = at+2, at+4
	}
}

// option is an option of IPv4 or TCP: both have a type, and all but types 0
// and 1 a length (RFC 791, section 3.1; RFC 9293, section 3.1).
type option struct {
	kind       uint8
	start, end int // offsets in Data of the option with its type and length
	malformed  bool
}

// options calls do for each option in Data[from:to], up to the end of the list
// or the first that is malformed.
func options(p *sniffer.Packet, from, to int, do func(option)) {
	to = min(to, len(p.Data))
	for from < to {
		o := option{kind: p.Data[from], start: from, end: from + 1}
		if o.kind > 1 {
			o.malformed = from+1 >= to || p.Data[from+1] < 2 || from+int(p.Data[from+1]) > to
			if o.malformed {
				o.end = to
			} else {
				o.end = from + int(p.Data[from+1])
			}
		}
		do(o)
		if o.kind == 0 {
			return
		}
		from = o.end
	}
}

// extension is an IPv6 extension header (RFC 8200, section 4), or what is
// carried where there is no further one.
type extension struct {
	kind       uint8 // its protocol number
	start, end int   // offsets in Data
}

// extensions calls do for each extension header of IPv6. Those of an encrypted
// datagram (ESP) and of a later fragment's rest cannot be told.
func extensions(p *sniffer.Packet, do func(extension)) {
	next, at := p.Data[p.NetworkOffset+6], p.NetworkOffset+40
	for at+8 <= len(p.Data) {
		size := 8
		switch next {
		case 0, 43, 60, 135, 139, 140:
			size = 8 * (1 + int(p.Data[at+1]))
		case 44:
		case 51: // in units of four, RFC 4302, section 2.2
			size = 4 * (2 + int(p.Data[at+1]))
		default:
			return
		}
		if at+size > len(p.Data) {
			return
		}
		do(extension{next, at, at + size})
		if next == 44 && u16(p.Data[at+2:])>>3 != 0 {
			return
		}
		next, at = p.Data[at], at+size
	}
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
func plain(s string) bool {
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
