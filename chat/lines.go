package chat

import (
	"bytes"
	"errors"
	"io"
)

// ErrTooLong is returned for a line or datagram above its limit.
var ErrTooLong = errors.New("line too long")

// minBuffer is what a LineReader has while lines are short: a thousand people
// who are silent should cost little.
const minBuffer = 512

// LineReader reads lines of a bounded length in memory that is bounded by it.
type LineReader struct {
	in       io.Reader
	limit    int
	buf      []byte // what was read; buf[from:] is not yet returned
	size     int    // of the next buffer
	from     int
	skipping bool // within a line that was too long
	err      error
}

// NewLineReader returns a reader of lines of at most limit bytes, their \n
// included; a limit below 16 counts as 16.
func NewLineReader(r io.Reader, limit int) *LineReader {
	return &LineReader{in: r, limit: max(limit, 16), size: minBuffer}
}

// ReadLine returns the next line without its \n or \r\n. A last line may lack
// the \n. It returns ErrTooLong for a line above the limit; the call after
// that goes on with the line that follows it. A timeout loses nothing: the call
// after it goes on.
func (r *LineReader) ReadLine() (string, error) {
	for looked := 0; ; {
		rest := r.buf[r.from:]
		if i := bytes.IndexByte(rest[looked:], '\n'); i >= 0 {
			n := looked + i
			r.from += n + 1
			switch {
			case r.skipping:
				r.skipping, looked = false, 0
				continue
			case n+1 > r.limit:
				return "", ErrTooLong
			}
			return trimLine(rest[:n]), nil
		}
		looked = len(rest)
		if looked >= r.limit {
			r.buf, r.from, looked = r.buf[:0], 0, 0
			if !r.skipping {
				r.skipping = true
				return "", ErrTooLong
			}
		}
		if r.err != nil {
			return r.last(looked)
		}
		r.read()
	}
}

// last returns what precedes the end, then the error.
func (r *LineReader) last(n int) (string, error) {
	err := r.err
	if !errors.Is(err, io.EOF) {
		r.err = nil // it may pass
		return "", err
	}
	if n == 0 || r.skipping {
		return "", err
	}
	line := trimLine(r.buf[r.from:])
	r.buf, r.from = r.buf[:0], len(r.buf[:0])
	return line, nil
}

// Pending reports whether a part of a line has been read.
func (r *LineReader) Pending() bool { return len(r.buf) > r.from || r.skipping }

// read reads once, into a buffer that grows with the line, or with what comes
// at once, and not beyond the limit. It is small again when little comes.
func (r *LineReader) read() {
	rest := r.buf[r.from:]
	switch {
	case len(rest) == 0 && cap(r.buf) != r.size:
		r.buf = make([]byte, 0, r.size)
	case len(rest) < cap(r.buf):
		r.buf = r.buf[:copy(r.buf[:cap(r.buf)], rest)]
	default:
		r.buf = append(make([]byte, 0, min(2*cap(r.buf), max(r.limit, minBuffer))), rest...)
	}
	r.from = 0
	space := r.buf[len(r.buf):cap(r.buf)]
	n, err := r.in.Read(space)
	r.buf, r.err = r.buf[:len(r.buf)+n], err
	switch {
	case n == len(space):
		r.size = min(2*r.size, max(r.limit, minBuffer))
	case n < r.size/4:
		r.size = max(r.size/2, minBuffer)
	}
}

func trimLine(b []byte) string {
	return string(bytes.TrimSuffix(b, []byte("\r")))
}
