package render

import (
	"bytes"
	"strconv"

	"wirelab/sniffer/internal/digits"
)

// pythonBytes and pythonNumbers have how Python shows each byte in bytes, but for
// quotation marks, and in a list with what is behind it.
var pythonBytes, pythonNumbers = func() (escapes, numbers [256]shortText) {
	for i := range 256 {
		text := string(rune(i))
		switch c := byte(i); {
		case c == '\\':
			text = `\\`
		case c == '\t':
			text = `\t`
		case c == '\n':
			text = `\n`
		case c == '\r':
			text = `\r`
		case c < ' ' || c > '~':
			text = string(digits.AppendHex([]byte(`\x`), []byte{c}))
		}
		escapes[i], numbers[i] = newShortText(text), newShortText(strconv.Itoa(i)+", ")
	}
	return escapes, numbers
}()

// shortText is a text of a fixed size, which is copied faster than a string.
type shortText struct {
	text [8]byte
	n    uint8
}

func newShortText(s string) (t shortText) {
	t.n = uint8(copy(t.text[:], s))
	return t
}

func (t *shortText) append(dst []byte) []byte { return append(dst, t.text[:]...)[:len(dst)+int(t.n)] }

// appendPythonBytes appends b as Python's print shows bytes: b'\x02E\n'.
func appendPythonBytes(dst, b []byte) []byte {
	quote := byte('\'')
	if bytes.IndexByte(b, '\'') >= 0 && bytes.IndexByte(b, '"') < 0 {
		quote = '"'
	}
	dst = append(dst, 'b', quote)
	for _, c := range b {
		if c == quote {
			dst = append(dst, '\\')
		}
		dst = pythonBytes[c].append(dst)
	}
	return append(dst, quote)
}

// appendPythonList appends b as Python's print shows list(b): [2, 69, 10].
func appendPythonList(dst, b []byte) []byte {
	dst = append(dst, '[')
	for _, c := range b {
		dst = pythonNumbers[c].append(dst)
	}
	if len(b) > 0 {
		dst = dst[:len(dst)-2]
	}
	return append(dst, ']')
}
