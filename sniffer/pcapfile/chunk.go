package pcapfile

import (
	"net/netip"
	"slices"
	"time"

	"wirelab/sniffer"
)

// Chunk is a run of a file's frames with memory of its own, so that several goroutines can
// each work on one. Its zero value is ready for ReadChunk.
type Chunk struct {
	Frames []sniffer.Frame // their Data is valid until the chunk is filled again
	// Names and Interfaces are those that the file has between the frames of the chunk
	// before and these.
	Names      map[netip.Addr]string
	Interfaces []Interface

	buf []byte
}

// ReadChunk replaces the content of c with the next frames: at least one, and about size
// bytes of the file at most. There are fewer if the source has no more at the moment, or
// if the file has names or an interface next. The errors are those of Next. Do not call
// both on one Reader.
func (r *Reader) ReadChunk(c *Chunk, size int) error {
	if len(c.buf) < max(size, r.end-r.pos) {
		c.buf = make([]byte, max(size, r.end-r.pos))
	}
	c.Frames, c.Names, c.Interfaces = c.Frames[:0], nil, nil
	r.move(c.buf)
	defer func() { c.buf = r.buf }() // which may have grown
	f, err := r.Next()
	if len(r.told) > 0 {
		c.Names, r.told = r.told, map[netip.Addr]string{}
	}
	c.Interfaces, r.ng.fresh = r.ng.fresh, nil
	for ok := true; err == nil; f, ok, err = r.nextBuffered() {
		if ok {
			c.Frames = append(c.Frames, f)
		}
		if r.unit != 0 && r.order == capturedFirst {
			c.Frames = r.records(c.Frames)
		}
		if !r.Buffered() {
			return nil
		}
	}
	if len(c.Frames) > 0 {
		return nil // and the error the next time
	}
	return err
}

// nextBuffered is Next where the next block is Buffered, which it does not go
// beyond: reading on would move the frames that a chunk has. ok is false for a block
// that was passed over.
func (r *Reader) nextBuffered() (f sniffer.Frame, ok bool, err error) {
	if r.unit != 0 {
		f, err = r.Next()
		return f, true, err
	}
	f, ok, err = r.step()
	r.err = err
	return f, ok, err
}

// records appends the frames of a pcap file that are in memory, up to one that
// is not whole or not right: nextRecord for many at once.
func (r *Reader) records(dst []sniffer.Frame) []sniffer.Frame {
	nanos := int64(1)
	if r.unit == microseconds {
		nanos = 1000
	}
	before := len(dst)
	b := r.buf[r.pos:r.end:r.end]
	for len(b) >= 16 {
		captured := r.uint32(b[8:])
		end := 16 + int(captured)
		if captured > MaxPacket || end > len(b) {
			break
		}
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, 1)
		}
		dst = dst[:len(dst)+1]
		f := &dst[len(dst)-1]
		f.Time = time.Unix(int64(r.uint32(b)), int64(r.uint32(b[4:]))*nanos)
		f.Data = b[16:end:end]
		f.Length = frameLength(r.uint32(b[12:]), captured)
		f.Interface, f.Direction, f.LinkType = 0, sniffer.Unknown, r.link
		b = b[end:]
	}
	r.pos = r.end - len(b)
	r.ng.interfaces[0].frames += uint64(len(dst) - before)
	return dst
}
