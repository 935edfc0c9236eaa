package chat

import (
	"bytes"
	"strings"
	"syscall"
	"time"
)

// The course note's client.py has no framing: what one recv(4096) returns is
// one message. It sends its user's name, then "NAME\t: TEXT" for each line, and
// "NAME\t: exit" for each line with "exit" in it. What it is sent it takes for
//
//   - its being kicked, if "kick NAME" is anywhere in it, and its having left,
//     if "exit NAME" is;
//   - else text to print, if it begins with "!" and what is between that and the
//     first separator is not its own name;
//   - else "WHO\t: TEXT", up to a second separator.
//
// The name is the one that its user typed, whatever the room calls it.
const (
	noteSep     = "\t: "
	noteMessage = 1200                  // bytes that are sent at once
	noteGap     = 40 * time.Millisecond // between two messages, lest one recv return both
	noteSettled = 50 * time.Millisecond // after bytes without a separator: a whole message
	maxNoteText = MaxLine               // bytes of one message
)

// noteInput turns what client.py sends after its name into texts.
type noteInput struct {
	name string // as its user typed it
	buf  []byte // not yet a whole message
}

// add takes what one read returned and returns the texts that are complete
// since another follows them.
func (n *noteInput) add(b []byte) (texts []string) {
	n.buf = append(n.buf, b...)
	sep := []byte(n.name + noteSep)
	for {
		start := len(sep)
		if !bytes.HasPrefix(n.buf, sep) {
			start = 0
		}
		i := bytes.Index(n.buf[start:], sep)
		if i < 0 && len(n.buf) < maxNoteText {
			return texts
		}
		if i < 0 {
			i = runesEnd(n.buf[:maxNoteText]) - start
		}
		texts = n.text(texts, n.buf[:start+i])
		n.buf = append([]byte(nil), n.buf[start+i:]...)
	}
}

// settle returns the text that is complete since nothing has followed it, but
// keeps a rune of which the end is missing.
func (n *noteInput) settle() (texts []string) {
	end := runesEnd(n.buf)
	texts = n.text(nil, n.buf[:end])
	n.buf = append([]byte(nil), n.buf[end:]...)
	return texts
}

func (n *noteInput) text(texts []string, b []byte) []string {
	s := strings.TrimPrefix(string(b), n.name+noteSep)
	if s == "" {
		return texts
	}
	return append(texts, s)
}

// noteName tells the name from the first text, if it has come in one piece
// with the first bytes: NAME, then "NAME\t: TEXT".
func noteName(first string) (name, rest string) {
	before, _, ok := strings.Cut(first, noteSep)
	switch {
	case !ok:
		return first, ""
	case before == "": // it has none, and is to be asked
		return "", ""
	}
	if half := len(before) / 2; before[:half] == before[half:] {
		return before[:half], first[half:]
	}
	return before, first
}

// note is what client.py is sent.
type note struct {
	plain
	console string // the name of the server's console in the room
	claimed string // the name that client.py believes to have
	kick    bool   // the first message of the pair that tells of a kick was sent
	goodbye bool   // it was told that it has left or was kicked: it has closed
}

var _ format = &note{}

// lines implements format: one message.
func (f *note) lines(dst, b []byte) (out []byte, n int) {
	var blob []byte
	for n < len(b) {
		l, size := firstLine(b[n:])
		text, alone := f.text(l)
		switch {
		case f.own(l) || f.goodbye:
		case alone && blob != nil, blob != nil && len(blob)+len(text) > noteMessage:
			return append(dst, f.safe(blob)...), n
		case l.Kind == Kick && l.Name == f.name: // the one place where it is not safe
			f.goodbye = true
			return append(dst, text...), size
		case l.Kind == Kick && !f.kick: // it goes on with the same line
			f.kick = true
			return append(dst, f.safe(text)...), 0
		case alone:
			return append(dst, f.safe(text)...), size
		default:
			blob = f.add(blob, text)
		}
		f.follow(l)
		f.kick = false
		n += size
	}
	return append(dst, f.safe(blob)...), n
}

// text is a line as the note's server sends it. What is alone is a message of
// its own; the others follow a "!" and each other.
func (f *note) text(l Line) (text []byte, alone bool) {
	switch {
	case l.Kind == Say && l.Name == f.console:
		text, alone = []byte(ServerName+noteSep+l.Text), true
	case l.Kind == Say:
		text = []byte(l.Name + noteSep + l.Text)
	case l.Kind == Join:
		text = []byte("---- " + l.Name + "加入了聊天室 ----")
	case l.Kind == Leave && l.Text == errLeaves.Error():
		text = []byte(l.Name + noteSep + "exit")
	case l.Kind == Leave:
		text = []byte("---- " + l.Name + "離開了聊天室 ----")
	case l.Kind == Kick && l.Name == f.name:
		text, alone = []byte(ServerName+noteSep+"kick "+f.claimed), true
	case l.Kind == Kick && !f.kick:
		text, alone = []byte(ServerName+noteSep+"kick "+l.Name), true
	case l.Kind == Kick && l.Text != "":
		text = []byte(l.Name + " was kicked. (" + l.Text + ")")
	case l.Kind == Kick:
		text = []byte(l.Name + " was kicked.")
	default:
		text = []byte(l.String())
	}
	text = fit(text, noteMessage)
	if !alone {
		text = append(text, '\n')
	}
	return text, alone
}

// add appends a text to a message that begins with "!". Where it would be taken
// for the client's own, a space keeps it from that.
func (f *note) add(blob, text []byte) []byte {
	if blob == nil {
		blob = append(blob, '!')
		if who, _, _ := bytes.Cut(text, []byte(noteSep)); string(who) == f.claimed {
			blob = append(blob, ' ')
		}
	}
	return append(blob, text...)
}

// aside implements format. A line of kind Leave tells it that all is over: at
// an end of the connection of which it is not told it spins.
func (f *note) aside(dst []byte, l Line) []byte {
	switch {
	case f.goodbye:
		return dst
	case l.Kind == Leave:
		f.goodbye = true
		return append(dst, "exit "+f.claimed...)
	case l.Kind == You:
		f.name = l.Name
		if l.Name == f.claimed {
			return dst
		}
		return append(dst, f.safe([]byte(ServerName+noteSep+"you are "+l.Name+" here"))...)
	}
	text := append(fit([]byte(l.String()), noteMessage), '\n')
	return append(dst, f.safe(f.add(nil, text))...)
}

// safe puts a no-break space where what people say would make client.py believe
// that it was kicked or has left.
func (f *note) safe(b []byte) []byte {
	for _, word := range []string{"kick", "exit"} {
		for bytes.Contains(b, []byte(word+" "+f.claimed)) { // again: "kick kick k" is twice "kick k"
			b = bytes.ReplaceAll(b, []byte(word+" "+f.claimed), []byte(word+"\u00a0"+f.claimed))
		}
	}
	return b
}

// notePace waits until the client's machine has taken the last message and its
// program has had the time to read it.
func notePace(raw syscall.RawConn, over <-chan struct{}) {
	limit := time.Now().Add(writeTimeout)
	for unsent(raw) > 0 && time.Now().Before(limit) {
		select {
		case <-over:
			limit = time.Now().Add(drainTimeout)
			over = nil
		case <-time.After(5 * time.Millisecond):
		}
	}
	<-time.After(noteGap)
}
