package render

import (
	"strings"

	"wirelab/internal/columns"
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// fields writes the lines of a frame's fields in columns.
type fields struct {
	dst    []byte
	p      *sniffer.Packet
	base   int // where its frame begins in the outermost
	indent int // of the lines, columns
	colour bool

	nodes    []Node // of a tree, which is made in place of lines; nil: lines
	from, to int    // the slice that was written last
	own      string // the bits that were written last
}

// The columns of a field's value and of its place.
const (
	valueColumn = 16
	placeColumn = valueColumn + 24
)

const spaces = "                                        " // as many as there are columns

// pad appends spaces to reach a column from the one behind width others, at least one.
func (w *fields) pad(width, column int) {
	w.dst = append(w.dst, spaces[:max(1, column-width)]...)
}

// width returns how many columns the text behind start takes.
func (w *fields) width(start int) int {
	for _, c := range w.dst[start:] {
		if c < ' ' || c > '~' {
			return columns.Width(string(w.dst[start:]))
		}
	}
	return len(w.dst) - start
}

// span writes a field whose bytes are Data[from:to].
func (w *fields) span(label string, from, to int, value func()) {
	w.line(label, "", value, func() { w.place(from, to, 0, 0) })
}

// field writes a field of the header that begins at at, with its bytes or, of
// half a byte, with its hexadecimal digit.
func (w *fields) field(label string, at int, f *sniffer.Field, colour string, value func()) {
	from := at + f.Offset
	w.line(label, colour, value, func() { w.place(from, from+f.Length, f.Shift, f.Bits) })
}

// derived writes a field that has no bytes of its own.
func (w *fields) derived(label, from string, value func()) {
	w.line(label, "", value, func() { w.dst = append(w.dst, from...) })
}

// text writes a line that has no place.
func (w *fields) text(label, colour string, value func()) { w.line(label, colour, value, nil) }

func (w *fields) line(label, colour string, value, place func()) {
	if w.nodes != nil {
		start := len(w.dst)
		value()
		w.node(label, start, place)
		return
	}
	w.dst = append(w.dst, spaces[:w.indent]...)
	start := len(w.dst)
	w.dst = append(w.dst, label...)
	w.pad(w.width(start), valueColumn)
	from, width := len(w.dst), 0
	if value(); place != nil {
		width = valueColumn + w.width(from)
	}
	if w.colour && colour != "" {
		text := string(w.dst[from:])
		w.dst = append(append(append(w.dst[:from], colour...), text...), sgrReset...)
	}
	if place != nil {
		w.pad(width, placeColumn)
		if w.colour {
			w.dst = append(w.dst, sgrDim...)
		}
		place()
		if w.colour {
			w.dst = append(w.dst, sgrReset...)
		}
	}
	w.dst = append(w.dst, '\n')
}

// slice appends a slice of the frame as Python writes it.
func (w *fields) slice(from, to int) {
	w.from, w.to = w.base+from, w.base+to
	w.dst = appendInt(append(w.dst, '['), w.base+from)
	w.dst = appendInt(append(w.dst, ':'), w.base+to)
	w.dst = append(w.dst, ']')
}

// place appends a slice of the frame as Python writes it, padded, and its bytes.
// Of half a byte, by its shift and bits, the other digit is left out; behind what is
// another part of its bytes stand its bits.
func (w *fields) place(from, to int, shift, bits uint8) {
	start := len(w.dst)
	w.slice(from, to)
	for len(w.dst)-start < 8 {
		w.dst = append(w.dst, ' ')
	}
	for _, c := range span(w.p, from, to) {
		w.dst = digits.AppendHex(append(w.dst, ' '), []byte{c})
	}
	switch {
	case to-from == 1 && shift == 4:
		w.dst[len(w.dst)-1] = '_'
	case to-from == 1 && shift == 0 && bits == 4:
		w.dst[len(w.dst)-2] = '_'
	case shift > 0 || bits > 0:
		w.dst = append(w.dst, ' ')
		w.bits(span(w.p, from, to), shift, bits)
	}
}

// bits appends the bits of b, and a dot for each that is none of a field's.
func (w *fields) bits(b []byte, shift, bits uint8) {
	start, all := len(w.dst), 8*len(b)
	low, high := int(shift), all
	if bits > 0 {
		high = low + int(bits)
	}
	for n := all - 1; n >= 0; n-- {
		if n%4 == 3 {
			w.dst = append(w.dst, ' ')
		}
		if n < low || n >= high {
			w.dst = append(w.dst, '.')
			continue
		}
		w.dst = append(w.dst, '0'+b[len(b)-1-n/8]>>(n%8)&1)
	}
	w.own = strings.TrimSpace(string(w.dst[start:]))
}

// bytes appends a number of bytes as the note writes it, which knows no singular.
func (w *fields) bytes(n int) { w.dst = append(appendInt(w.dst, n), " bytes"...) }

// size appends a number of bytes.
func (w *fields) size(n int) {
	if w.bytes(n); n == 1 {
		w.dst = w.dst[:len(w.dst)-1]
	}
}

// etherType appends the name of an EtherType, or what else it is.
func (w *fields) etherType(t uint16) {
	switch name := iana.EtherType(t); {
	case name != "":
		w.dst = append(w.dst, name...)
	case t < 0x600: // IEEE 802.3, section 3.2.6
		w.dst = digits.AppendUint(append(w.dst, "802.3, "...), uint64(t))
		w.dst = append(w.dst, " bytes"...)
	default:
		w.dst = append(appendXDigits(w.dst, t), " unknown"...)
	}
}

// protocol appends the name of an IP protocol, or its number.
func (w *fields) protocol(protocol uint8) {
	if name := iana.Protocol(protocol); name != "" {
		w.dst = append(w.dst, name...)
		return
	}
	w.dst = append(digits.AppendUint(w.dst, uint64(protocol)), " unknown"...)
}
