package trace

import (
	"io"

	"wirelab/internal/i18n"
)

// Limits of a recording. In memory a packet takes some 50 bytes, and a pair of addresses
// and ports some 2 KiB. The bytes of frames are in memory as well unless they are in a
// Spool or a file.
//
// A capture may have more than MaxEnds pairs, connections, echo requests or fragmented
// datagrams, as a scan of a network makes them. Those above the limit are kept and not
// told apart, and Gap says so.
const (
	MaxPackets = 16 << 20
	MaxEnds    = 1 << 17   // of each kind
	MaxBytes   = 256 << 20 // of frames in memory, bytes
	MaxSpooled = 4 << 30   // of frames in a Spool, bytes
)

// spoolFrom is how many bytes of frames are collected before a Spool is given them: most
// labs send less.
const spoolFrom = 4 << 20

// Spool stores the bytes of frames in the order in which they are written, and returns
// them. An *os.File that nobody else writes to is one.
type Spool interface {
	io.Writer
	io.ReaderAt
}

// frames are the bytes of a recording's frames: in the file that is read, or in memory and,
// where they become many, in a spool.
type frames struct {
	file    io.ReaderAt           // has all of them; nil where they are added
	open    func() (Spool, error) // nil: they stay in memory
	spool   Spool
	full    error  // why it takes no more
	spooled int64  // bytes that the spool has
	tail    pieces // behind these
	part    []byte // what was read last
	from    int64  // and where it begins
}

var (
	errTooLarge = i18n.Errmsg("capture.large", "Limit", MaxBytes>>20)
	errTooLong  = i18n.Errmsg("capture.large", "Limit", int64(MaxSpooled)>>20)
	errTooMany  = i18n.Errmsg("capture.packets", "Limit", MaxPackets)
)

// add keeps the bytes of a frame and returns where they are.
func (f *frames) add(data []byte) (at int64, err error) {
	at = f.spooled + int64(f.tail.size)
	switch {
	case at+int64(len(data)) > MaxSpooled:
		return 0, errTooLong
	case f.open == nil && f.tail.size+len(data) > MaxBytes:
		if f.full != nil {
			return 0, i18n.Errmsg("capture.full", "Limit", MaxBytes>>20, "Cause", f.full)
		}
		return 0, errTooLarge
	}
	f.tail.add(data)
	if f.open == nil || f.tail.size < spoolFrom {
		return at, nil
	}
	if f.spool == nil {
		if f.spool, err = f.open(); err != nil {
			f.open = nil // memory has room for some
			return at, nil
		}
	}
	size := f.tail.size
	if err := f.tail.moveTo(f.spool); err != nil {
		f.open, f.full = nil, err // as where there is no spool
		return at, nil
	}
	f.spooled += int64(size)
	return at, nil
}

// What is read at once, in bytes: much where one frame is asked for after the other.
const (
	readAhead = 128 << 10
	readAlone = 4 << 10
)

// read returns the bytes of a frame. They are valid until the next call of read or add.
func (f *frames) read(at int64, size int) ([]byte, error) {
	if f.file == nil && at >= f.spooled {
		return f.tail.read(int(at-f.spooled), size), nil
	}
	if at < f.from || at+int64(size) > f.from+int64(len(f.part)) {
		if cap(f.part) < max(size, readAhead) {
			f.part = make([]byte, max(size, readAhead))
		}
		much := max(size, readAlone)
		if behind := f.from + int64(len(f.part)); at <= behind+readAlone && at >= f.from {
			much = max(size, readAhead)
		}
		var source io.ReaderAt = f.spool
		if f.file != nil {
			source = f.file
		}
		f.from = at
		n, err := source.ReadAt(f.part[:much], at)
		f.part = f.part[:n]
		if n < size {
			return nil, err
		}
	}
	return f.part[at-f.from:][:size:size], nil
}
