package render

import (
	"wirelab/sniffer"
	"wirelab/sniffer/internal/digits"
)

// fields writes the lines of a frame's fields in columns.
type fields struct {
	dst    []byte
	p      *sniffer.Packet
	colour bool
}

// The columns of a field's value and of its place.
const (
	valueColumn = 16
	placeColumn = valueColumn + 24
)

// pad appends spaces to reach a column of the line that begins at start, at
// least one.
func (w *fields) pad(start, column int) {
	w.dst = append(w.dst, ' ')
	for n := widthOf(string(w.dst[start:])); n < column; n++ {
		w.dst = append(w.dst, ' ')
	}
}

// field writes a field whose bytes are Data[from:to].
func (w *fields) field(label string, from, to int, value func()) {
	w.coloured(label, from, to, "", value)
}

func (w *fields) coloured(label string, from, to int, colour string, value func()) {
	w.line(label, colour, value, func() {
		w.place(from, to)
		for _, c := range span(w.p, from, to) {
			w.dst = digits.AppendHex(append(w.dst, ' '), []byte{c})
		}
	})
}

// digit writes a field that is one hexadecimal digit of a byte.
func (w *fields) digit(label string, at int, first bool, value func()) {
	w.line(label, "", value, func() {
		w.place(at, at+1)
		w.dst = digits.AppendHex(append(w.dst, ' '), w.p.Data[at:at+1])
		if first {
			w.dst[len(w.dst)-1] = '_'
		} else {
			w.dst[len(w.dst)-2] = '_'
		}
	})
}

// derived writes a field that has no bytes of its own.
func (w *fields) derived(label, from string, value func()) {
	w.line(label, "", value, func() { w.dst = append(w.dst, from...) })
}

// text writes a line that has no place.
func (w *fields) text(label, colour string, value func()) { w.line(label, colour, value, nil) }

func (w *fields) line(label, colour string, value, place func()) {
	start := len(w.dst)
	w.dst = append(w.dst, label...)
	w.pad(start, valueColumn)
	from := len(w.dst)
	value()
	width := valueColumn + widthOf(string(w.dst[from:]))
	if w.colour && colour != "" {
		text := string(w.dst[from:])
		w.dst = append(append(append(w.dst[:from], colour...), text...), sgrReset...)
	}
	if place != nil {
		for width++; width < placeColumn; width++ {
			w.dst = append(w.dst, ' ')
		}
		w.dst = append(w.dst, ' ')
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

// place appends a slice of the frame as Python writes it, padded.
func (w *fields) place(from, to int) {
	start := len(w.dst)
	w.dst = appendInt(append(w.dst, '['), from)
	w.dst = appendInt(append(w.dst, ':'), to)
	w.dst = append(w.dst, ']')
	for len(w.dst)-start < 8 {
		w.dst = append(w.dst, ' ')
	}
}

func (w *fields) bytes(n int) { w.dst = append(appendInt(w.dst, n), " bytes"...) }

func (w *fields) hops(label string, at int) {
	w.field(label, at, at+1, func() { w.dst = append(appendInt(w.dst, int(w.p.Data[at])), " hops"...) })
}

// appendPythonBytes appends b as Python's print shows bytes: b'\x02E\n'.
func appendPythonBytes(dst, b []byte) []byte {
	quote := byte('\'')
	for _, c := range b {
		if c == '"' {
			quote = '\''
			break
		}
		if c == '\'' {
			quote = '"'
		}
	}
	dst = append(dst, 'b', quote)
	for _, c := range b {
		switch {
		case c == quote || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < ' ' || c > '~':
			dst = digits.AppendHex(append(dst, `\x`...), []byte{c})
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, quote)
}

// appendPythonList appends b as Python's print shows list(b): [2, 69, 10].
func appendPythonList(dst, b []byte) []byte {
	dst = append(dst, '[')
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = digits.AppendByte(dst, c)
	}
	return append(dst, ']')
}
