package chat

import (
	"bytes"
	"io"
)

// Watcher reads everything that a room tells all, also what no member hears.
// It is for one goroutine.
type Watcher struct {
	rec  *record
	wake chan struct{}
	pos  uint64
	seq  uint64 // of the line before pos
	v    view
}

// Watch returns a watcher of what is told from now on. Its owner reads until
// there is no more; a room waits for nobody.
func (r *Room) Watch() *Watcher {
	w := &Watcher{rec: r.rec, wake: r.rec.subscribe()}
	w.v = r.rec.view()
	w.pos, w.seq = w.v.head, w.v.seq
	return w
}

// Next waits for a line. Of a watcher that is so late that lines are no longer
// kept, missed is their number, and the line is the first that is. It returns
// io.EOF when the room is closed and all was read.
func (w *Watcher) Next() (l Line, missed uint64, err error) {
	for {
		if w.pos == w.v.head {
			w.v = w.rec.view()
		}
		b, ok := w.v.from(w.pos, w.v.head)
		switch {
		case !ok:
			w.v = w.rec.view()
			w.pos = w.v.oldest()
			continue
		case len(b) > 0:
			n := bytes.IndexByte(b, '\n')
			if l, err = ParseLine(string(b[:n])); err != nil {
				return Line{}, 0, err
			}
			missed = l.Seq - w.seq - 1
			w.pos, w.seq = w.pos+uint64(n)+1, l.Seq
			return l, missed, nil
		case w.v.closed:
			w.rec.unsubscribe(w.wake)
			return Line{}, 0, io.EOF
		}
		<-w.wake
	}
}

// Ready reports whether Next has a line without waiting.
func (w *Watcher) Ready() bool { return w.pos != w.v.head || w.pos != w.rec.view().head }

// Save writes what is kept of what the room told, oldest first, in the form of
// AppendRecord.
func (r *Room) Save(out io.Writer) error {
	v := r.rec.view()
	for pos := v.oldest(); ; {
		b, _ := v.from(pos, v.head)
		if len(b) == 0 {
			return nil
		}
		pos += uint64(len(b))
		var text []byte
		for line := range bytes.Lines(b) {
			l, err := ParseLine(string(line[:len(line)-1]))
			if err != nil {
				return err
			}
			text = l.AppendRecord(text)
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
}

// AppendRecord appends the line as a file keeps it: its time (RFC 3339, with
// milliseconds) and its String, ending in \n.
func (l Line) AppendRecord(b []byte) []byte {
	b = l.Time.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00 ")
	return append(append(b, l.String()...), '\n')
}
