package chat

import (
	"bytes"
	"io"
)

// Watcher reads the lines that a room tells everyone, without being a member. It is not
// safe for use by several goroutines at once.
type Watcher struct {
	log  *Log
	wake Wake
	pos  uint64
	seq  uint64 // of the line before pos
	s    Snapshot
}

// Watch returns a watcher of the lines from now on. Read it to the end. A room waits for
// no watcher.
func (r *Room) Watch() *Watcher {
	w := &Watcher{log: r.log, wake: r.log.Subscribe()}
	w.s = r.log.Snapshot()
	w.pos, w.seq = w.s.Head, w.s.Seq
	return w
}

// Next waits for the next line and returns it. If the watcher is so late that lines are no
// longer kept, missed is how many. The error is io.EOF after the last line of a room that
// is closed.
func (w *Watcher) Next() (l Line, missed uint64, err error) {
	for {
		if w.pos == w.s.Head {
			w.s = w.log.Snapshot()
		}
		b, ok := w.s.From(w.pos, w.s.Head)
		switch {
		case !ok:
			w.s = w.log.Snapshot()
			w.pos = w.s.Oldest()
			continue
		case len(b) > 0:
			n := bytes.IndexByte(b, '\n')
			if l, err = ParseLine(string(b[:n])); err != nil {
				return Line{}, 0, err
			}
			missed = l.Seq - w.seq - 1
			w.pos, w.seq = w.pos+uint64(n)+1, l.Seq
			return l, missed, nil
		case w.s.closed:
			w.log.Unsubscribe(w.wake)
			return Line{}, 0, io.EOF
		}
		<-w.wake
	}
}

// WriteTranscript writes the lines that the log still has, the oldest first, as
// AppendTranscript does.
func (r *Room) WriteTranscript(out io.Writer) error {
	s := r.log.Snapshot()
	for pos := s.Oldest(); ; {
		b, _ := s.From(pos, s.Head)
		if len(b) == 0 {
			return nil
		}
		pos += uint64(len(b))
		var text []byte
		for len(b) > 0 {
			l, size := CutLine(b)
			b = b[size:]
			text = l.AppendTranscript(text)
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
}

// AppendTranscript appends the line as a transcript has it to b: its time (RFC 3339, with
// milliseconds), its String and \n.
func (l Line) AppendTranscript(b []byte) []byte {
	b = l.Time.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00 ")
	return append(append(b, l.String()...), '\n')
}
