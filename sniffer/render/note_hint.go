package render

import (
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// hint says what the note's code does with a frame that it does not read right:
// it takes the version, the lengths, TTL and protocol from where IPv4 has them
// behind 14 bytes, and the header's length from one decimal digit.
func (n *note) hint(w *fields) {
	p, d := w.p, w.p.Data
	if !p.Has(sniffer.Ethernet) || p.Has(sniffer.IPv4) && p.NetworkOffset == 14 && d[14]&15 < 10 {
		return
	}
	w.text(n.hintLabel, sgrDim, func() {
		switch {
		case len(d) < 15 || d[14] > 0 && d[14] < 16: // hex() of nothing, or of one digit
			w.dst = append(w.dst, n.crashes...)
		case d[14]&15 > 9:
			w.dst = append(w.dst, n.noDigit...)
		case len(d) < 23:
			w.dst = append(w.dst, n.crashes...)
		default:
			w.dst = append(w.dst, n.asIPv4...)
			w.reading(d)
		}
	})
}

// reading writes what the note's code makes of at least 23 bytes.
func (w *fields) reading(d []byte) {
	size, total := 4*int(d[14]&15), int(u16(d[16:]))
	w.dst = append(w.dst, "Ver "...)
	if d[14] != 0 {
		w.dst = append(w.dst, "IPv"...)
	}
	w.dst = append(w.dst, "0123456789abcdef"[d[14]>>4])
	w.dst = append(w.dst, ", HL "...)
	w.bytes(size)
	w.dst = append(w.dst, ", TL "...)
	w.bytes(total)
	w.dst = append(w.dst, ", payload length "...)
	w.bytes(total - size)
	w.dst = digits.AppendUint(append(w.dst, ", TTL "...), uint64(d[22]))
	w.dst = append(w.dst, " hops, "...)
	var protocol byte // Python's int() of nothing is 0
	if len(d) > 23 {
		protocol = d[23]
	}
	switch protocol {
	case 1, 6, 17:
		w.dst = append(append(w.dst, "next protocol "...), iana.Protocol(protocol)...)
	default:
		w.dst = digits.AppendUint(append(w.dst, "unknown next protocol "...), uint64(protocol))
	}
}
