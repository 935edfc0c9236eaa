// Package dialect knows what the clients of a chat server speak over TCP: our own
// protocol, the plain lines of nc and telnet, and the course note's client.py. It
// is pure: bytes and lines of the room go in, bytes come out. It knows no sockets
// and no clock.
package dialect

import (
	"bytes"
	"time"
	"unicode/utf8"

	"wirelab/chat"
)

// Quiet is how long a client sends nothing after bytes without \n before it is
// taken for client.py.
const Quiet = 250 * time.Millisecond

// Dialect is what a TCP client speaks.
type Dialect int

// The dialects.
const (
	Undecided Dialect = iota // more bytes, or silence, will tell
	Own
	Lines    // nc, telnet
	ClientPy // the course note's client.py
	None     // no chat's client: see Foreign
)

// Classify tells a client's dialect from its first bytes, without telnet's
// negotiation. quiet says that nothing has followed for Quiet.
func Classify(b []byte, quiet bool) Dialect {
	line := bytes.IndexByte(b, '\n') >= 0
	switch {
	case Foreign(b) != nil:
		return None
	case bytes.HasPrefix(b, []byte(chat.Greeting)):
		if line {
			return Own
		}
		return Undecided
	case line:
		return Lines
	case quiet && len(b) > 0 && completeRunes(b) == len(b):
		return ClientPy
	}
	return Undecided
}

// completeRunes returns how many bytes of b precede a last rune that is
// incomplete.
func completeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}
