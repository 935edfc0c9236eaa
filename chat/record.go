package chat

import (
	"bytes"
	"slices"
	"sort"
	"sync"
	"time"
)

const (
	chunkSize  = 64 << 10 // bytes; many times the longest line
	recordSize = 2 << 20  // bytes that are kept
)

// record is everything that the room told all, as bytes of Line.Append, from
// the oldest that is kept on: an append-only ring of chunks. It is history, the
// source of a resumption, and the queue of every reader, who has a position in
// it and no queue of its own. Positions are bytes since the beginning.
//
// What was appended never changes, so that a view is read without a lock; a
// chunk that has left the ring lives as long as someone still reads it.
type record struct {
	mu     sync.Mutex
	v      view
	chunks int // that are kept
	wakes  map[chan struct{}]bool
}

// view is a record at a moment.
type view struct {
	chunks []*chunk // never changed in place; never empty
	head   uint64   // where the next line will begin
	seq    uint64   // of the last line
	closed bool     // no line follows
}

type chunk struct {
	base  uint64 // the position of data[0]
	first uint64 // the number of its first line
	data  []byte // of chunkSize; what is before the head is constant
}

func newRecord(size int) *record {
	first := &chunk{first: 1, data: make([]byte, chunkSize)}
	return &record{v: view{chunks: []*chunk{first}}, chunks: max(size/chunkSize, 2), wakes: map[chan struct{}]bool{}}
}

// append appends a line, to which it gives number and time, and wakes the
// readers. Name and text are at most maxNameBytes and MaxLine bytes.
func (r *record) append(kind Kind, name, text string) Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.v.seq++
	l := Line{r.v.seq, time.Now(), kind, name, text}
	c := r.v.chunks[len(r.v.chunks)-1]
	used := int(r.v.head - c.base)
	if chunkSize-used < maxHeader+len(name)+len(text) {
		c, used = &chunk{r.v.head, l.Seq, make([]byte, chunkSize)}, 0
		old := r.v.chunks[max(0, len(r.v.chunks)-r.chunks+1):]
		r.v.chunks = append(slices.Clone(old), c)
	}
	r.v.head = c.base + uint64(len(append(l.Append(c.data[:used]), '\n')))
	for wake := range r.wakes {
		signal(wake)
	}
	return l
}

// close says that no line follows.
func (r *record) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.v.closed = true
	for wake := range r.wakes {
		signal(wake)
	}
}

func (r *record) view() view {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.v
}

// subscribe returns a channel that has a token when there is something new.
func (r *record) subscribe() chan struct{} {
	wake := make(chan struct{}, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakes[wake] = true
	return wake
}

func (r *record) unsubscribe(wake chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.wakes, wake)
}

func signal(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// oldest is the position of the first line that is kept.
func (v view) oldest() uint64 { return v.chunks[0].base }

// from returns the bytes that follow pos up to limit, or fewer: up to the end
// of a chunk, which is the end of a line. It is empty at the head, and ok is
// false where they are no longer kept.
func (v view) from(pos, limit uint64) (b []byte, ok bool) {
	limit = min(limit, v.head)
	if pos >= limit {
		return nil, true
	}
	if pos < v.oldest() {
		return nil, false
	}
	i := len(v.chunks) - 1
	if pos < v.chunks[i].base {
		i = sort.Search(len(v.chunks), func(i int) bool { return v.chunks[i].base > pos }) - 1
		limit = min(limit, v.chunks[i+1].base)
	}
	c := v.chunks[i]
	return c.data[pos-c.base : limit-c.base], true
}

// last returns where the last n lines begin, or the oldest, and the number of
// the first of them.
func (v view) last(n int) (pos, seq uint64) {
	first := uint64(1)
	if uint64(n) <= v.seq {
		first = v.seq - uint64(n) + 1
	}
	if oldest := v.chunks[0].first; first < oldest {
		first = oldest
	}
	pos, _ = v.find(first)
	return pos, first
}

// find returns the position of the line numbered seq, which may be the next
// one; false if it is not kept or not yet there.
func (v view) find(seq uint64) (pos uint64, ok bool) {
	if seq == v.seq+1 {
		return v.head, true
	}
	if seq > v.seq || seq < v.chunks[0].first {
		return 0, false
	}
	i := sort.Search(len(v.chunks), func(i int) bool { return v.chunks[i].first > seq }) - 1
	pos = v.chunks[i].base
	for n := v.chunks[i].first; n < seq; n++ {
		b, _ := v.from(pos, v.head)
		pos += uint64(bytes.IndexByte(b, '\n') + 1)
	}
	return pos, true
}
