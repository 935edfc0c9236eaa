package dialect

import (
	"bytes"
	"strings"

	"wirelab/chat"
)

// maxMessage is how many bytes of one message are kept.
const maxMessage = chat.MaxLine

// ClientPyInput splits what client.py sends after its name into texts.
type ClientPyInput struct {
	Name string // as its user typed it

	buf []byte // not a whole message yet
}

// Add takes the bytes of one read and returns the texts that are complete because
// another message follows them.
func (n *ClientPyInput) Add(b []byte) (texts []string) {
	n.buf = append(n.buf, b...)
	sep := []byte(n.Name + clientPySep)
	for {
		start := len(sep)
		if !bytes.HasPrefix(n.buf, sep) {
			start = 0
		}
		i := bytes.Index(n.buf[start:], sep)
		if i < 0 && len(n.buf) < maxMessage {
			return texts
		}
		if i < 0 {
			i = completeRunes(n.buf[:maxMessage]) - start
		}
		texts = n.text(texts, n.buf[:start+i])
		n.buf = append([]byte(nil), n.buf[start+i:]...)
	}
}

// Pending returns the bytes that are not a whole message yet.
func (n *ClientPyInput) Pending() []byte { return n.buf }

// Half reports whether those are no more than the beginning of a rune: no time settles
// them.
func (n *ClientPyInput) Half() bool { return len(n.buf) > 0 && completeRunes(n.buf) == 0 }

// Settle returns the text that is complete because nothing has followed it. It
// keeps an incomplete rune.
func (n *ClientPyInput) Settle() (texts []string) {
	end := completeRunes(n.buf)
	texts = n.text(nil, n.buf[:end])
	n.buf = append([]byte(nil), n.buf[end:]...)
	return texts
}

func (n *ClientPyInput) text(texts []string, b []byte) []string {
	s := strings.TrimPrefix(string(b), n.Name+clientPySep)
	if s == "" {
		return texts
	}
	return append(texts, s)
}

// ClientPyName splits the name from the first text if both came in one piece: NAME,
// then "NAME\t: TEXT".
func ClientPyName(first string) (name, rest string) {
	before, _, ok := strings.Cut(first, clientPySep)
	switch {
	case !ok:
		return first, ""
	case before == "": // the server asks for one
		return "", ""
	}
	if half := len(before) / 2; before[:half] == before[half:] {
		return before[:half], first[half:]
	}
	return before, first
}
