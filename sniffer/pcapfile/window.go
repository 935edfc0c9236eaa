package pcapfile

import (
	"errors"
	"io"
)

// window is the part of a source that is in memory. It grows as bytes come
// that have to stand together, never by what a file claims.
type window struct {
	src        io.Reader
	buf        []byte
	pos, end   int     // buf[pos:end] has been read and not taken
	base       int64   // offset of buf[0] in the source
	failed     error   // of the source, behind what is in buf
	compressed *window // what src decompresses, nil for a source that is not compressed
}

// offset returns how many bytes were taken.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// size returns how many bytes were read.
func (w *window) size() int64 { return w.base + int64(w.end) }

// peek returns the next n bytes without taking them. They stay valid until
// more is read. The error is io.EOF only if there are none.
func (w *window) peek(n int) ([]byte, error) {
	if w.end-w.pos < n {
		if err := w.fill(n); err != nil {
			return nil, err
		}
	}
	return w.buf[w.pos : w.pos+n : w.pos+n], nil
}

// take is peek and passes over them.
func (w *window) take(n int) ([]byte, error) {
	b, err := w.peek(n)
	if err == nil {
		w.pos += n
	}
	return b, err
}

// skip passes over n bytes without keeping them.
func (w *window) skip(n int64) error {
	for n > 0 {
		if w.pos == w.end {
			if err := w.fill(1); err != nil {
				return err
			}
		}
		part := min(n, int64(w.end-w.pos))
		w.pos += int(part)
		n -= part
	}
	return nil
}

// fill reads until n bytes are there.
func (w *window) fill(n int) error {
	w.move(w.buf)
	for empty := 0; w.end < n; {
		if w.failed != nil {
			if errors.Is(w.failed, io.EOF) && w.end > 0 {
				return io.ErrUnexpectedEOF
			}
			return w.failed
		}
		if w.end == len(w.buf) {
			w.move(make([]byte, 2*len(w.buf)))
		}
		got, err := w.src.Read(w.buf[w.end:])
		w.end += got
		w.failed = err
		if got > 0 {
			empty = 0
		} else if empty++; empty == 100 && err == nil {
			w.failed = io.ErrNoProgress
		}
	}
	return nil
}

// move makes buf the memory, with what was not taken at its beginning.
func (w *window) move(buf []byte) {
	w.base += int64(w.pos)
	w.end = copy(buf, w.buf[w.pos:w.end])
	w.buf, w.pos = buf, 0
}

// packed is a window that is decompressed.
type packed window

// Read reads what is in memory, then from the source.
func (p *packed) Read(dst []byte) (int, error) {
	w := (*window)(p)
	if w.pos == w.end {
		if err := w.fill(1); err != nil {
			return 0, err
		}
	}
	n := copy(dst, w.buf[w.pos:w.end])
	w.pos += n
	return n, nil
}

// ReadByte keeps decompressors from a buffer of its own.
func (p *packed) ReadByte() (byte, error) {
	b, err := (*window)(p).take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}
