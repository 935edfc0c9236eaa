package chat

import "bytes"

// maxRendered is how much of the record is rendered for a client at a time.
const maxRendered = 16 << 10

// plain is what nc and telnet are sent: each line's String, but for what the
// client itself typed, which is on its screen already.
type plain struct {
	name  string // as the room gave it
	since uint64 // the client's own lines have higher numbers
}

var _ format = &plain{}

// lines implements format.
func (p *plain) lines(dst, b []byte) (out []byte, n int) {
	for n < len(b) && len(dst) < maxRendered {
		l, size := firstLine(b[n:])
		n += size
		if !p.own(l) {
			dst = append(append(dst, l.String()...), '\n')
		}
		p.follow(l)
	}
	return dst, n
}

// own reports whether a line is what the client itself said.
func (p *plain) own(l Line) bool {
	return l.Name == p.name && l.Seq > p.since && (l.Kind == Say || l.Kind == Me)
}

// follow takes the client's new name from a line that tells it.
func (p *plain) follow(l Line) {
	if l.Kind == Nick && l.Name == p.name && l.Seq > p.since {
		p.name = l.Text
	}
}

// aside implements format.
func (p *plain) aside(dst []byte, l Line) []byte {
	if l.Kind == You {
		p.name = l.Name
		return dst
	}
	return append(append(dst, l.String()...), '\n')
}

// firstLine reads the first line of a piece of the record, and its size.
func firstLine(b []byte) (l Line, size int) {
	i := bytes.IndexByte(b, '\n')
	l, err := ParseLine(string(b[:i]))
	if err != nil { // the room wrote it
		panic(err)
	}
	return l, i + 1
}
