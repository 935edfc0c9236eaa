package dialect

import "wirelab/chat"

// maxRendered is how many bytes of the log are rendered for a client at a time.
const maxRendered = 16 << 10

// Format turns lines of the room into what a client is sent that does not speak
// our own protocol.
type Format interface {
	// Lines appends what the client is sent for b, whole lines of the log, and
	// returns how many bytes of b that covers, at least a line.
	Lines(dst, b []byte) (out []byte, n int)
	// Private appends a line for this client alone.
	Private(dst []byte, l chat.Line) []byte
	// SetJoined says that the client's own lines have higher numbers.
	SetJoined(seq uint64)
}

// Plain is what nc and telnet are sent: each line's String, except for what the
// client itself typed, which is on its screen already.
type Plain struct {
	name   string // in the room
	joined uint64
}

var _ Format = &Plain{}

// NewPlain returns the format of a client that has joined already, by the line
// with that number.
func NewPlain(name string, joined uint64) *Plain { return &Plain{name, joined} }

// SetJoined implements Format.
func (p *Plain) SetJoined(seq uint64) { p.joined = seq }

// Lines implements Format.
func (p *Plain) Lines(dst, b []byte) (out []byte, n int) {
	for n < len(b) && len(dst) < maxRendered {
		if c := meet(b[n:]); c.size > 0 {
			dst = append(append(dst, c.String()...), '\n')
			n += c.size
			continue
		}
		l, size := chat.CutLine(b[n:])
		n += size
		if !p.own(l) {
			dst = append(append(dst, l.String()...), '\n')
		}
		p.follow(l)
	}
	return dst, n
}

// own reports whether the client itself said a line.
func (p *Plain) own(l chat.Line) bool {
	return l.Name == p.name && l.Seq > p.joined && (l.Kind == chat.Say || l.Kind == chat.Me)
}

// follow takes the client's new name from a line that tells it.
func (p *Plain) follow(l chat.Line) {
	if l.Kind == chat.Nick && l.Name == p.name && l.Seq > p.joined {
		p.name = l.Text
	}
}

// Private implements Format.
func (p *Plain) Private(dst []byte, l chat.Line) []byte {
	if l.Kind == chat.You {
		p.name = l.Name
		return dst
	}
	return append(append(dst, l.String()...), '\n')
}
