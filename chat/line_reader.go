package chat

import (
	"bytes"
	"errors"
	"io"

	"wirelab/internal/i18n"
)

// ErrTooLong is returned for a line or datagram above its limit.
var ErrTooLong = i18n.Errmsg("chat.mistake.toolong")

// minBuffer is the size of a LineReader's buffer while lines are short: a thousand
// silent members should cost little.
const minBuffer = 512

// LineReader reads lines of a bounded length in bounded memory. It is not safe for use by
// several goroutines at once.
type LineReader struct {
	in       io.Reader
	limit    int
	buf      []byte // bytes that were read; buf[from:] is not returned yet
	size     int    // of the next buffer
	from     int
	skipping bool // within a line that was too long
	err      error
}

// NewLineReader returns a reader of lines of at most limit bytes with their \n. limit is
// at least 16; a lower one means 16.
func NewLineReader(r io.Reader, limit int) *LineReader {
	return &LineReader{in: r, limit: max(limit, 16), size: minBuffer}
}

// ReadLine returns the next line without its \n or \r\n. The last line may lack the \n.
// The error is ErrTooLong for a line above the limit: the next call returns the line after
// that. After any other error, such as a timeout, the next call continues where reading
// stopped. At the end the error is io.EOF.
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
			return r.lastLine(looked)
		}
		r.fill()
	}
}

// lastLine returns the line that lacks its \n, then the error.
func (r *LineReader) lastLine(n int) (string, error) {
	err := r.err
	if !errors.Is(err, io.EOF) {
		r.err = nil // it may pass
		return "", err
	}
	if n == 0 || r.skipping {
		return "", err
	}
	line := trimLine(r.buf[r.from:])
	r.buf, r.from = r.buf[:0], 0
	return line, nil
}

// Pending reports whether a part of the next line has been read.
func (r *LineReader) Pending() bool { return len(r.buf) > r.from || r.skipping }

// fill reads once, into a buffer that grows with the line and with the size of
// reads, up to the limit. It shrinks again when little is read.
func (r *LineReader) fill() {
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
