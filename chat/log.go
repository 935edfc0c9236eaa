package chat

import (
	"bytes"
	"slices"
	"sort"
	"sync"
	"time"
)

const (
	chunkSize = 64 << 10 // bytes; many times the longest line
	logSize   = 2 << 20  // bytes that are kept
)

// Log holds the lines that a room has told everyone, as Line.Append writes them, each with
// its \n. It keeps the latest 2 MiB or so. It is the history of the room, and what every
// reader reads from: a reader has a position in it and no queue of its own. Positions
// count bytes since the first line ever.
//
// A Log may be used by several goroutines at once. Bytes that were appended never change,
// so that reading a Snapshot needs no lock.
type Log struct {
	mu     sync.Mutex
	now    Snapshot
	chunks int     // how many are kept
	said   []start // of the last historyLines lines that do not tell who came and went
	wakes  map[Wake]bool
}

// Snapshot is the content of a Log at one moment.
type Snapshot struct {
	Head uint64 // position at which the next line will begin
	Seq  uint64 // number of the last line, 0 if there is none

	chunks []*chunk // never changed in place; never empty
	closed bool     // no line follows
}

// start is where a line begins.
type start struct{ pos, seq uint64 }

type chunk struct {
	base  uint64 // the position of data[0]
	first uint64 // the number of its first line
	data  []byte // of chunkSize; the bytes before the head are constant
}

func newLog(size int) *Log {
	first := &chunk{first: 1, data: make([]byte, chunkSize)}
	return &Log{now: Snapshot{chunks: []*chunk{first}}, chunks: max(size/chunkSize, 2), wakes: map[Wake]bool{}}
}

// append appends a line, gives it its number and time, and wakes the readers.
// Name and text have at most maxNameBytes and MaxLine bytes.
func (l *Log) append(kind Kind, name, text string) Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := Line{l.now.Seq + 1, time.Now(), kind, name, text}
	l.add(line)
	return line
}

// restore appends a line that has its number and time. It drops those before it if it
// is not the next.
func (l *Log) restore(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line.Seq != l.now.Seq+1 {
		l.now.chunks = []*chunk{{base: l.now.Head, first: line.Seq, data: make([]byte, chunkSize)}}
		l.said = nil
	}
	l.add(line)
}

// add adds a line. The log is locked.
func (l *Log) add(line Line) {
	l.now.Seq = line.Seq
	c := l.now.chunks[len(l.now.chunks)-1]
	used := int(l.now.Head - c.base)
	if chunkSize-used < MaxHeader+len(line.Name)+len(line.Text) {
		c, used = &chunk{l.now.Head, line.Seq, make([]byte, chunkSize)}, 0
		old := l.now.chunks[max(0, len(l.now.chunks)-l.chunks+1):]
		l.now.chunks = append(slices.Clone(old), c)
	}
	if line.Kind != Join && line.Kind != Leave {
		if len(l.said) == historyLines {
			l.said = append(l.said[:0], l.said[1:]...)
		}
		l.said = append(l.said, start{l.now.Head, line.Seq})
	}
	l.now.Head = c.base + uint64(len(append(line.Append(c.data[:used]), '\n')))
	for w := range l.wakes {
		w.Signal()
	}
}

// close marks the end: no line follows.
func (l *Log) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.closed = true
	for w := range l.wakes {
		w.Signal()
	}
}

// Snapshot returns the log as it is now.
func (l *Log) Snapshot() Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// Wake is a channel that holds a token when there may be something new to read. Receive
// from it to wait.
type Wake chan struct{}

// Signal puts the token into the channel, unless it is there already.
func (w Wake) Signal() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// Subscribe returns a Wake that is signalled for each new line and when the room is
// closed, until Unsubscribe.
func (l *Log) Subscribe() Wake {
	w := make(Wake, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakes[w] = true
	return w
}

// Unsubscribe ends what Subscribe began.
func (l *Log) Unsubscribe(w Wake) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.wakes, w)
}

// Oldest returns the position of the first line that is kept.
func (s Snapshot) Oldest() uint64 { return s.chunks[0].base }

// FirstSeq returns the number of the first line that is kept.
func (s Snapshot) FirstSeq() uint64 { return s.chunks[0].first }

// From returns bytes from position pos up to limit, or fewer, but whole lines if pos and
// limit are where lines begin. It returns none at the head. It reports false if the bytes
// at pos are no longer kept. The caller must not change the bytes.
func (s Snapshot) From(pos, limit uint64) (b []byte, ok bool) {
	limit = min(limit, s.Head)
	if pos >= limit {
		return nil, true
	}
	if pos < s.Oldest() {
		return nil, false
	}
	i := len(s.chunks) - 1
	if pos < s.chunks[i].base {
		i = sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].base > pos }) - 1
		limit = min(limit, s.chunks[i+1].base)
	}
	c := s.chunks[i]
	return c.data[pos-c.base : limit-c.base], true
}

// History returns the position and the number of the first line that a new member is sent.
// From there on there are the last 50 lines, and the joins and leaves between them, but at
// most 500 lines in all.
func (l *Log) History() (pos, seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.now.FirstSeq()
	if l.now.Seq >= mostHistory {
		first = max(first, l.now.Seq-mostHistory+1)
	}
	if len(l.said) == historyLines && l.said[0].seq >= first {
		return l.said[0].pos, l.said[0].seq
	}
	pos, _ = l.now.Find(first)
	return pos, first
}

// Find returns the position of the line with the number seq, which may be the next line.
// It reports false if that line is no longer kept, or does not exist yet.
func (s Snapshot) Find(seq uint64) (pos uint64, ok bool) {
	if seq == s.Seq+1 {
		return s.Head, true
	}
	if seq > s.Seq || seq < s.FirstSeq() {
		return 0, false
	}
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].first > seq }) - 1
	pos = s.chunks[i].base
	for n := s.chunks[i].first; n < seq; n++ {
		b, _ := s.From(pos, s.Head)
		pos += uint64(bytes.IndexByte(b, '\n') + 1)
	}
	return pos, true
}
