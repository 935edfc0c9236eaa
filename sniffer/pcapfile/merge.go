package pcapfile

import (
	"errors"
	"io"
	"maps"
	"net/netip"

	"wirelab/sniffer"
)

// Merged reads several files as one, in the order of the frames' times. The frames of one
// file keep their order. A frame without a time follows the frame before it. A Merged is
// not safe for use by several goroutines at once.
type Merged struct {
	parts      []part
	interfaces int
	failed     *PartError
}

// part is one of the files.
type part struct {
	*Reader
	head  sniffer.Frame
	ready bool  // head is there
	done  bool  // no frame is left
	index []int // of its interfaces among those of all files
}

// PartError is an error of one of several merged files.
type PartError struct {
	Part int // index of the file's reader in the arguments of Merge
	Err  error
}

func (e *PartError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the file.
func (e *PartError) Unwrap() error { return e.Err }

// Merge merges the files of several readers, from which nothing was read before.
func Merge(readers ...*Reader) *Merged {
	m := &Merged{}
	for _, r := range readers {
		m.parts = append(m.parts, part{Reader: r})
	}
	return m
}

// ReadChunk fills c as Reader.ReadChunk does. A frame's Interface counts the interfaces of
// all files, in the order in which chunks have them. An error of one file, a *PartError,
// comes after all frames of the others. The error is io.EOF at the end.
func (m *Merged) ReadChunk(c *Chunk, size int) error {
	c.Frames, c.Names, c.Interfaces = c.Frames[:0], nil, nil
	buf := c.buf[:0]
	defer func() { c.buf = buf[:cap(buf)] }()
	for len(buf) < size {
		for i := range m.parts {
			p := &m.parts[i]
			if p.ready || p.done {
				continue
			}
			if len(c.Frames) > 0 && !p.Buffered() {
				return nil
			}
			m.advance(i, c)
		}
		p := m.earliest()
		if p == nil {
			break
		}
		f := p.head
		at := len(buf)
		buf = append(buf, f.Data...)
		f.Data = buf[at:len(buf):len(buf)]
		f.Interface = p.index[f.Interface]
		c.Frames = append(c.Frames, f)
		p.ready = false
	}
	switch {
	case len(c.Frames) > 0:
		return nil
	case m.failed != nil:
		return m.failed
	}
	return io.EOF
}

// advance reads the next frame of a part, and takes over what it tells.
func (m *Merged) advance(i int, c *Chunk) {
	p := &m.parts[i]
	f, err := p.Next()
	if len(p.told) > 0 {
		if c.Names == nil {
			c.Names = map[netip.Addr]string{}
		}
		maps.Copy(c.Names, p.told)
		clear(p.told)
	}
	for range p.ng.fresh {
		p.index = append(p.index, m.interfaces)
		m.interfaces++
	}
	c.Interfaces = append(c.Interfaces, p.ng.fresh...)
	p.ng.fresh = nil
	if err != nil {
		p.done = true
		if m.failed == nil && !errors.Is(err, io.EOF) {
			m.failed = &PartError{i, err}
		}
		return
	}
	p.head, p.ready = f, true
}

// earliest returns the part whose next frame comes first, nil if there is none.
func (m *Merged) earliest() (first *part) {
	for i := range m.parts {
		if p := &m.parts[i]; p.ready && (first == nil || p.head.Time.Before(first.head.Time)) {
			first = p
		}
	}
	return first
}

// Buffered reports whether ReadChunk would return a frame without waiting.
func (m *Merged) Buffered() bool {
	for i := range m.parts {
		if p := &m.parts[i]; !p.ready && !p.done && !p.Buffered() {
			return false
		}
	}
	return m.earliest() != nil
}

// Names returns the names of hosts that the files have had so far, by IP address.
func (m *Merged) Names() map[netip.Addr]string {
	all := map[netip.Addr]string{}
	for i := range m.parts {
		maps.Copy(all, m.parts[i].host)
	}
	return all
}

// MACNames returns the names of hosts that the files have had so far, by hardware address.
func (m *Merged) MACNames() map[sniffer.MAC]string {
	all := map[sniffer.MAC]string{}
	for i := range m.parts {
		maps.Copy(all, m.parts[i].macs)
	}
	return all
}

// Statistics returns the sum of what the captures counted. It reports false if
// Reader.Statistics does for any of the files.
func (m *Merged) Statistics() (total Statistics, ok bool) {
	for i := range m.parts {
		s, ok := m.parts[i].Statistics()
		if !ok {
			return Statistics{}, false
		}
		total.add(s)
	}
	return total, len(m.parts) > 0
}
