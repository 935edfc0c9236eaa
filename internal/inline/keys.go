package inline

import (
	"bytes"
	"unicode/utf8"
)

// Code says what a Key does.
type Code uint8

// The keys. Ctrl-P is not among them: `docker attach` holds it back until the next
// key.
const (
	None  Code = iota
	Typed      // Text was typed
	Paste      // Text was pasted and may have several lines
	Enter
	Backspace
	Delete
	Left
	Right
	Home
	End
	Up
	Down
	WordLeft
	WordRight
	DeleteWord  // before the cursor
	DeleteLeft  // to the start of the line
	DeleteRight // to its end
	Interrupt   // Ctrl-C
	Leave       // Ctrl-D
	Redraw      // Ctrl-L
)

// Key is a key that was pressed, or a run of text that was typed or pasted.
type Key struct {
	Code Code
	Text string // of Typed and Paste: valid UTF-8
}

const (
	maxSequence = 64       // bytes of an escape sequence
	maxPaste    = 64 << 10 // bytes; what is beyond is dropped
)

var pasteEnd = []byte("\x1b[201~")

// Decoder turns the bytes from a terminal in raw mode into keys: UTF-8, C0 controls
// and the escape sequences of ECMA-48 as xterm sends them (ctlseqs, "PC-Style
// Function Keys", "Bracketed Paste Mode"). A byte that is not UTF-8 becomes U+FFFD;
// an unknown sequence is ignored. The zero value is ready.
type Decoder struct {
	// Bursts makes several lines that arrive in one read a paste, for terminals
	// on which bracketed paste is off.
	Bursts bool

	held    []byte // the beginning of what is not yet complete
	pasting bool
	paste   []byte
}

// Feed takes the bytes of a read and returns the keys that are complete.
func (d *Decoder) Feed(b []byte) []Key {
	if d.Bursts && !d.pasting && len(d.held) == 0 && burst(b) {
		return []Key{{Paste, text(b[:min(len(b), maxPaste)])}}
	}
	b = append(d.held, b...)
	d.held = nil
	var keys []Key
	for len(b) > 0 {
		if d.pasting {
			b = d.readPaste(b, &keys)
			continue
		}
		k, n := next(b)
		if n == 0 {
			d.held = bytes.Clone(b)
			break
		}
		if k.Code == Paste {
			d.pasting = true
		} else if k.Code != None {
			keys = append(keys, k)
		}
		b = b[n:]
	}
	return keys
}

// readPaste reads pasted bytes from b and returns the rest.
func (d *Decoder) readPaste(b []byte, keys *[]Key) []byte {
	pasted, rest, ended := bytes.Cut(b, pasteEnd)
	if !ended {
		// The end of b may be the beginning of the mark.
		for n := min(len(b), len(pasteEnd)-1); n > 0; n-- {
			if bytes.HasSuffix(b, pasteEnd[:n]) {
				d.held = bytes.Clone(b[len(b)-n:])
				pasted = b[:len(b)-n]
				break
			}
		}
		rest = nil
	}
	d.paste = append(d.paste, pasted[:min(len(pasted), maxPaste-len(d.paste))]...)
	if ended {
		*keys = append(*keys, Key{Paste, text(d.paste)})
		d.pasting, d.paste = false, nil
	}
	return rest
}

// burst reports whether there is text, the end of a line and text again, and
// no other key.
func burst(b []byte) bool {
	if bytes.ContainsFunc(b, func(r rune) bool { return (r < ' ' || r == 0x7f) && r != '\r' && r != '\n' && r != '\t' }) {
		return false
	}
	b = bytes.TrimRight(b, "\r\n")
	return bytes.IndexAny(b, "\r\n") > 0
}

// text replaces each byte that is not UTF-8 by one U+FFFD, so that the result does
// not depend on how the bytes were split into reads.
func text(b []byte) string { return string([]rune(string(b))) }

// next returns the key that b begins with and its length; 0 where more bytes
// are needed to tell.
func next(b []byte) (Key, int) {
	if b[0] == 0x1b {
		return escape(b)
	}
	if b[0] < ' ' || b[0] == 0x7f {
		return Key{Code: controls[b[0]]}, 1
	}
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] != 0x7f && utf8.FullRune(b[n:]) {
		_, size := utf8.DecodeRune(b[n:])
		n += size
	}
	if n == 0 {
		return Key{}, 0
	}
	return Key{Typed, text(b[:n])}, n
}

var controls = map[byte]Code{
	0x01: Home, 0x02: Left, 0x03: Interrupt, 0x04: Leave, 0x05: End, 0x06: Right, 0x08: Backspace,
	'\n': Enter, 0x0b: DeleteRight, 0x0c: Redraw, '\r': Enter, 0x15: DeleteLeft, 0x17: DeleteWord, 0x7f: Backspace,
}

// escape reads a sequence that begins with ESC. An Escape key cannot be told
// from the beginning of one, and does nothing.
func escape(b []byte) (Key, int) {
	if len(b) == 1 {
		return Key{}, 0
	}
	switch b[1] {
	case '[':
		return csi(b)
	case 'O': // SS3
		if len(b) == 2 {
			return Key{}, 0
		}
		return Key{Code: letters[b[2]]}, 3
	case 'b':
		return Key{Code: WordLeft}, 2
	case 'f':
		return Key{Code: WordRight}, 2
	case 0x7f, 0x08:
		return Key{Code: DeleteWord}, 2
	}
	return Key{}, 1 // Alt and a key, or Escape and then a key: the key alone counts
}

// csi reads a control sequence: parameters, intermediates and a final byte
// (ECMA-48, section 5.4).
func csi(b []byte) (Key, int) {
	n := 2
	for n < len(b) && b[n] >= 0x20 && b[n] <= 0x3f {
		n++
	}
	switch {
	case n > maxSequence:
		return Key{}, n
	case n == len(b):
		return Key{}, 0
	case b[n] < 0x40 || b[n] > 0x7e:
		return Key{}, n // broken off by something else
	}
	parameters, final := string(b[2:n]), b[n]
	n++
	if final == '~' {
		return Key{Code: numbers[parameters]}, n
	}
	code := letters[final]
	if parameters == "1;5" || parameters == "1;3" { // with Ctrl, with Alt
		switch code {
		case Left:
			code = WordLeft
		case Right:
			code = WordRight
		}
	}
	return Key{Code: code}, n
}

var letters = map[byte]Code{'A': Up, 'B': Down, 'C': Right, 'D': Left, 'H': Home, 'F': End, 'M': Enter}

var numbers = map[string]Code{"1": Home, "3": Delete, "4": End, "7": Home, "8": End, "200": Paste}
