package render

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// maxText is how many bytes of a payload a line shows as text.
const maxText = 256

// quotes marks in a payload what else would be read as the end of a text, or as an
// escape.
var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// appendText appends the payload of the innermost frame between quotation marks, and
// behind them how many bytes it has that are not shown:
//
//	"hello, server\n"
//	"0123456789" +1190
func appendText(dst []byte, p *sniffer.Packet) []byte {
	p = p.Innermost()
	size := len(p.Payload)
	if p.Has(sniffer.TCP) || p.Has(sniffer.UDP) {
		size = max(size, p.PayloadLength())
	}
	if size == 0 {
		return dst
	}
	shown := wholeRunes(p.Payload, maxText)
	dst = append(append(append(dst, ` "`...), safetext.Escape(quotes.Replace(string(shown)))...), '"')
	if left := size - len(shown); left > 0 {
		dst = appendInt(append(dst, " +"...), left)
	}
	return dst
}

// wholeRunes returns at most the first n bytes of b, but no beginning of a character.
func wholeRunes(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	for end := n; end > n-utf8.UTFMax; end-- {
		if utf8.RuneStart(b[end]) {
			return b[:end]
		}
	}
	return b[:n] // no UTF-8
}

// readable reports whether bytes are a text: UTF-8, without controls but ends of
// lines and tabs.
func readable(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool {
		return safetext.Unsafe(r) && r != '\n' && r != '\r' && r != '\t'
	}) < 0
}
