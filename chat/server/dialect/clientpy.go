package dialect

import (
	"bytes"

	"wirelab/chat"
)

// The course note's client.py has no framing: what one recv(4096) returns is one
// message. It sends its user's name, then "NAME\t: TEXT" for each line, and
// "NAME\t: exit" for each line that contains "exit". It understands a message
//
//   - as its own kick if it contains "kick NAME", and as its own leaving if it
//     contains "exit NAME";
//   - else as text to print, if it begins with "!" and the first separator does
//     not follow its own name;
//   - else as "WHO\t: TEXT", up to a second separator.
//
// NAME is what its user typed, whatever the room calls it.
const (
	clientPySep  = "\t: "
	maxBroadcast = 1200 // bytes of one message to it
)

// clientPyFormat is what client.py is sent.
type clientPyFormat struct {
	Plain
	console string // the name of the server's console in the room
	claimed string // the name that client.py believes to have
	kick    bool   // the first message of the pair that tells of a kick was sent
	goodbye bool   // it was told that it left or was kicked: it has closed
}

var _ Format = &clientPyFormat{}

// NewClientPy returns the format of a client.py whose user typed the name claimed,
// in a room whose console has the name console.
func NewClientPy(console, claimed string) Format {
	return &clientPyFormat{console: console, claimed: claimed}
}

// Lines implements Format: it appends one message.
func (f *clientPyFormat) Lines(dst, b []byte) (out []byte, n int) {
	var blob []byte
	for n < len(b) {
		if c := meet(b[n:]); c.size > 0 && !f.goodbye {
			text := c.clientPy()
			if blob != nil && len(blob)+len(text) > maxBroadcast {
				return append(dst, f.safe(blob)...), n
			}
			blob = f.add(blob, []byte(text))
			n += c.size
			continue
		}
		l, size := chat.CutLine(b[n:])
		text, alone := f.text(l)
		switch {
		case f.own(l) || f.goodbye:
		case alone && blob != nil, blob != nil && len(blob)+len(text) > maxBroadcast:
			return append(dst, f.safe(blob)...), n
		case l.Kind == chat.Kick && l.Name == f.name: // the one message that must not be made safe
			f.goodbye = true
			return append(dst, text...), size
		case l.Kind == chat.Kick && !f.kick: // the same line makes the next message, too
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

// text returns a line as the course note's server sends it. A line that is alone is
// a message of its own; the others follow a "!" and each other.
func (f *clientPyFormat) text(l chat.Line) (text []byte, alone bool) {
	switch {
	case l.Kind == chat.Say && l.Name == f.console:
		text, alone = []byte(chat.ServerName+clientPySep+l.Text), true
	case l.Kind == chat.Say:
		text = []byte(l.Name + clientPySep + l.Text)
	case l.Kind == chat.Join:
		text = []byte("---- " + l.Name + "加入了聊天室 ----")
	case l.Kind == chat.Leave && l.Text == chat.ErrLeave.Error():
		text = []byte(l.Name + clientPySep + "exit")
	case l.Kind == chat.Leave:
		text = []byte("---- " + l.Name + "離開了聊天室 ----")
	case l.Kind == chat.Kick && l.Name == f.name:
		text, alone = []byte(chat.ServerName+clientPySep+"kick "+f.claimed), true
	case l.Kind == chat.Kick && !f.kick:
		text, alone = []byte(chat.ServerName+clientPySep+"kick "+l.Name), true
	case l.Kind == chat.Kick && l.Text != "":
		text = []byte(l.Name + " was kicked. (" + l.Text + ")")
	case l.Kind == chat.Kick:
		text = []byte(l.Name + " was kicked.")
	default:
		text = []byte(l.String())
	}
	text = chat.Truncate(text, maxBroadcast)
	if !alone {
		text = append(text, '\n')
	}
	return text, alone
}

// add appends a text to a message that begins with "!". A blank keeps it from being
// taken for the client's own.
func (f *clientPyFormat) add(blob, text []byte) []byte {
	if blob == nil {
		blob = append(blob, '!')
		if who, _, _ := bytes.Cut(text, []byte(clientPySep)); string(who) == f.claimed {
			blob = append(blob, ' ')
		}
	}
	return append(blob, text...)
}

// Private implements Format. A line of kind Leave tells client.py that the session
// ends: if it is not told, it spins at the end of the connection.
func (f *clientPyFormat) Private(dst []byte, l chat.Line) []byte {
	switch {
	case f.goodbye:
		return dst
	case l.Kind == chat.Leave:
		f.goodbye = true
		return append(dst, "exit "+f.claimed...)
	case l.Kind == chat.You:
		f.name = l.Name
		if l.Name == f.claimed {
			return dst
		}
		return append(dst, f.safe([]byte(chat.ServerName+clientPySep+"you are "+l.Name+" here"))...)
	}
	text := append(chat.Truncate([]byte(l.String()), maxBroadcast), '\n')
	return append(dst, f.safe(f.add(nil, text))...)
}

// safe puts a no-break space where a text would make client.py believe that it
// was kicked or has left.
func (f *clientPyFormat) safe(b []byte) []byte {
	for _, word := range []string{"kick", "exit"} {
		for bytes.Contains(b, []byte(word+" "+f.claimed)) { // again: "kick kick k" is twice "kick k"
			b = bytes.ReplaceAll(b, []byte(word+" "+f.claimed), []byte(word+"\u00a0"+f.claimed))
		}
	}
	return b
}
