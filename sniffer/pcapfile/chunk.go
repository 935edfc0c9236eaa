package pcapfile

import (
	"net/netip"

	"wirelab/sniffer"
)

// Chunk is a run of frames of a file in memory of its own, so that several
// goroutines can work on several of them. Its zero value is ready for use.
type Chunk struct {
	Frames []sniffer.Frame // their Data is the chunk's
	// What the file told before these frames and no chunk before had.
	Names      map[netip.Addr]string
	Interfaces []Interface

	buf []byte
}

// ReadChunk fills c with the next frames, at least one, of at most about size
// bytes of the file; c's earlier content is gone. Less is there where the
// source had no more without waiting, and where the file tells names or
// interfaces. Errors are those of Next, which is not to be called any more.
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
	for ; err == nil; f, err = r.Next() {
		c.Frames = append(c.Frames, f)
		if !r.Buffered() {
			return nil
		}
	}
	if len(c.Frames) > 0 {
		return nil // and the error the next time
	}
	return err
}
