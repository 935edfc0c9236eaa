package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"wirelab/sniffer"
)

// The block types that are read (pcapng, section 11.1).
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockPacket     = 2 // obsolete, but old files have it
	blockSimple     = 3
	blockNames      = 4
	blockStatistics = 5
	blockEnhanced   = 6
)

// Options, by the block that they belong to.
const (
	optEnd        = 0
	optComment    = 1  // of any block
	optUserAppl   = 4  // shb_userappl
	optName       = 2  // if_name
	optResolution = 9  // if_tsresol
	optFilter     = 11 // if_filter
	optOffset     = 14 // if_tsoffset
	optFlags      = 2  // epb_flags
	optDropCount  = 4  // epb_dropcount
	optStart      = 2  // isb_starttime
	optEndTime    = 3  // isb_endtime
	optReceived   = 4  // isb_ifrecv, the first of the counters
	optDropped    = 5  // isb_ifdrop
)

// Other values of the format.
const (
	magicOrder      = 0x1a2b3c4d // says the byte order of a section
	sectionUnknown  = 1<<64 - 1  // a section length that is not told
	nameRecordIPv4  = 1
	nameRecordIPv6  = 2
	nameRecordMAC   = 3         // nrb_record_eui48
	filterText      = 0         // an if_filter that is libpcap's expression
	dropsUnknown    = 1<<16 - 1 // of an obsolete packet block
	blockOverhead   = 12        // bytes: type, length, length again
	enhancedContent = 20        // bytes before the frame in an enhanced packet block
)

// section is the state of a pcapng file: the interfaces of its sections, in
// one list. base is the index of the first of this section.
type section struct {
	interfaces []captured
	base       int
	fresh      []Interface // what no chunk has had; of a pcap file the only one
}

func (s *section) statistics() (total Statistics, ok bool) {
	for i := range s.interfaces {
		c := &s.interfaces[i]
		if !c.counted() {
			return Statistics{}, false
		}
		total.add(Statistics{Received: c.counters[received].value, Dropped: c.dropped(), Start: c.times.Start, End: c.times.End})
	}
	return total, len(s.interfaces) > 0
}

// add makes s the statistics of two captures together.
func (s *Statistics) add(other Statistics) {
	s.Received = addSaturating(s.Received, other.Received)
	s.Dropped = addSaturating(s.Dropped, other.Dropped)
	if t := other.Start; !t.IsZero() && (s.Start.IsZero() || t.Before(s.Start)) {
		s.Start = t
	}
	if t := other.End; t.After(s.End) {
		s.End = t
	}
}

// firstSection reads the section header with which a pcapng file begins.
func (r *Reader) firstSection() error {
	head, err := r.take(8)
	if err != nil {
		return r.cut(err)
	}
	return r.section([4]byte(head[4:]))
}

// nextBlock reads blocks up to the next one with a frame.
func (r *Reader) nextBlock() (sniffer.Frame, error) {
	for {
		if f, ok, err := r.step(); ok || err != nil {
			return f, err
		}
	}
}

// step reads a block; ok says that it has a frame.
func (r *Reader) step() (f sniffer.Frame, ok bool, err error) {
	r.start = r.offset()
	head, err := r.peek(8)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return f, false, io.EOF
		}
		return f, false, r.cut(err)
	}
	// A section header reads the same in both byte orders.
	kind := r.uint32(head)
	if kind == blockSection {
		r.pos += 8
		return f, false, r.section([4]byte(head[4:]))
	}
	return r.block(kind, int64(r.uint32(head[4:])))
}

// block reads a block of a type and size; ok says that it has a frame.
func (r *Reader) block(kind uint32, size int64) (f sniffer.Frame, ok bool, err error) {
	if size < blockOverhead || size%4 != 0 {
		return f, false, r.malformed("a block of %d bytes", size)
	}
	wanted := kind >= blockInterface && kind <= blockEnhanced
	if wanted && size > maxBlock && kind != blockNames {
		return f, false, r.malformed("a block of %d bytes, at most %d", size, maxBlock)
	}
	if !wanted || size > maxBlock {
		if err := r.skip(size - 4); err != nil {
			return f, false, r.cut(err)
		}
		return f, false, r.trailer(size)
	}
	b, err := r.take(int(size))
	if err != nil {
		return f, false, r.cut(err)
	}
	if again := int64(r.uint32(b[size-4:])); again != size {
		return f, false, r.malformed("a block of %d bytes says %d at its end", size, again)
	}
	content := b[8 : size-4]
	switch kind {
	case blockInterface:
		return f, false, r.describe(content)
	case blockNames:
		r.resolve(content)
	case blockStatistics:
		r.count(content)
	case blockSimple:
		f, ok = r.simple(content)
	default:
		f, ok = r.enhanced(content, kind == blockPacket)
	}
	return f, ok, nil
}

// trailer reads the length that ends a block.
func (r *Reader) trailer(size int64) error {
	b, err := r.take(4)
	if err != nil {
		return r.cut(err)
	}
	if again := int64(r.uint32(b)); again != size {
		return r.malformed("a block of %d bytes says %d at its end", size, again)
	}
	return nil
}

// section reads a section header block behind its type and its size, whose
// byte order is not known yet.
func (r *Reader) section(raw [4]byte) error {
	b, err := r.take(4)
	if err != nil {
		return r.cut(err)
	}
	switch {
	case binary.LittleEndian.Uint32(b) == magicOrder:
		r.swap = false
	case binary.BigEndian.Uint32(b) == magicOrder:
		r.swap = true
	default:
		return r.malformed("a section with the byte-order magic % x", b)
	}
	size := int64(r.uint32(raw[:]))
	if size < 28 || size%4 != 0 || size > maxBlock {
		return r.malformed("a section header of %d bytes", size)
	}
	if b, err = r.take(4); err != nil {
		return r.cut(err)
	}
	if major := r.uint16(b); major != 1 {
		return r.malformed("pcapng version %d, only 1 is known", major)
	}
	r.ng.base = len(r.ng.interfaces)
	if err := r.skip(size - 20); err != nil {
		return r.cut(err)
	}
	return r.trailer(size)
}

// describe reads an interface description.
func (r *Reader) describe(b []byte) error {
	if len(b) < 8 {
		return r.malformed("an interface description of %d bytes", len(b))
	}
	if len(r.ng.interfaces) == maxInterfaces {
		return r.malformed("more than %d interfaces", maxInterfaces)
	}
	c := captured{Interface: Interface{SnapLen: r.uint32(b[4:]), LinkType: linkType(r.uint16(b))}, unit: microseconds}
	for code, value := range r.options(b[8:]) {
		switch {
		case code == optName && len(value) <= maxText && utf8.Valid(value):
			c.Name = cString(value)
		case code == optFilter && len(value) > 0:
			c.Filter = filterOf(value)
		case code == optResolution && len(value) == 1:
			c.unit = resolution(value[0])
		case code == optOffset && len(value) == 8:
			c.TimeOffset = int64(r.uint64(value))
		}
	}
	r.ng.interfaces = append(r.ng.interfaces, c)
	r.ng.fresh = append(r.ng.fresh, c.Interface)
	return nil
}

// filterOf returns the capture filter of an if_filter option: its expression,
// or that it is a program.
func filterOf(value []byte) string {
	if value[0] != filterText {
		return fmt.Sprintf("(program of %d bytes)", len(value)-1)
	}
	text := cString(value[1:min(len(value), 1+maxFilter)])
	return strings.ToValidUTF8(text, "\uFFFD")
}

// enhanced reads an enhanced packet block, or the obsolete packet block, which
// has two counters of 16 bits in place of the interface's number.
func (r *Reader) enhanced(b []byte, obsolete bool) (f sniffer.Frame, ok bool) {
	if len(b) < enhancedContent {
		r.passOver("a packet block of %d bytes", len(b))
		return f, false
	}
	id, lost := r.uint32(b), uint64(0)
	if obsolete {
		id = uint32(r.uint16(b))
		if n := r.uint16(b[2:]); n != dropsUnknown {
			lost = uint64(n)
		}
	}
	c := r.captured(id)
	kept, length := r.uint32(b[12:]), r.uint32(b[16:])
	at := b[4:]
	b = b[enhancedContent:]
	if c == nil || !r.fits(kept, b) {
		return f, false
	}
	f = sniffer.Frame{Time: r.time(c, at), LinkType: c.LinkType, Data: b[:kept:kept], Length: frameLength(length, kept), Interface: r.ng.base + int(id)}
	for code, value := range r.options(b[min(len(b), padded(int(kept))):]) {
		switch {
		case code == optFlags && len(value) == 4:
			f.Direction = direction(r.uint32(value))
		case code == optDropCount && len(value) == 8 && !obsolete:
			lost = r.uint64(value)
		case code == optComment && len(r.comments) < maxComments:
			r.comments = append(r.comments, value)
		}
	}
	c.frames++
	r.data = r.start + 8 + enhancedContent
	if lost > 0 {
		c.lost = addSaturating(c.lost, lost)
	}
	return f, true
}

// fits reports whether a frame of so many bytes can be in b.
func (r *Reader) fits(kept uint32, b []byte) bool {
	if kept > MaxPacket || int(kept) > len(b) {
		r.passOver("a frame of %d bytes in a block with room for %d, at most %d", kept, len(b), MaxPacket)
		return false
	}
	return true
}

// simple reads a simple packet block: interface 0, and no time.
func (r *Reader) simple(b []byte) (f sniffer.Frame, ok bool) {
	if len(b) < 4 {
		r.passOver("a simple packet block of %d bytes", len(b))
		return f, false
	}
	c := r.captured(0)
	if c == nil {
		return f, false
	}
	length := r.uint32(b)
	kept := length
	if c.SnapLen > 0 {
		kept = min(kept, c.SnapLen)
	}
	b = b[4:]
	if !r.fits(kept, b) {
		return f, false
	}
	c.frames++
	r.data = r.start + 8 + 4
	return sniffer.Frame{LinkType: c.LinkType, Data: b[:kept:kept], Length: frameLength(length, kept), Interface: r.ng.base}, true
}

// captured returns an interface of this section that a frame names, nil for one
// that is not described: nobody knows what its frames begin with.
func (r *Reader) captured(id uint32) *captured {
	if n := len(r.ng.interfaces) - r.ng.base; int64(id) >= int64(n) {
		r.passOver("interface %d of %d", id, n)
		return nil
	}
	return &r.ng.interfaces[r.ng.base+int(id)]
}

// time reads a timestamp: its upper, then its lower half. One that no clock can
// have meant is no time.
func (r *Reader) time(c *captured, b []byte) time.Time {
	at, _ := c.unit.time(uint64(r.uint32(b))<<32|uint64(r.uint32(b[4:])), c.TimeOffset)
	return at
}

// count reads interface statistics. Counters are totals: those of a later
// block replace those of an earlier one.
func (r *Reader) count(b []byte) {
	if len(b) < 12 {
		r.passOver("interface statistics of %d bytes", len(b))
		return
	}
	c := r.captured(r.uint32(b))
	if c == nil {
		return
	}
	for code, value := range r.options(b[12:]) {
		switch {
		case len(value) != 8:
		case code == optStart:
			c.times.Start = r.time(c, value)
		case code == optEndTime:
			c.times.End = r.time(c, value)
		case code >= optReceived && code < optReceived+counterCount:
			c.counters[code-optReceived].set(r.uint64(value))
		}
	}
}

// resolve reads name resolution records, each an address and its names, of
// which the first counts. Names that no host can have are passed over.
func (r *Reader) resolve(b []byte) {
	for kind, value := range r.options(b) {
		size := 0
		switch kind {
		case nameRecordIPv4:
			size = 4
		case nameRecordIPv6:
			size = 16
		case nameRecordMAC:
			size = 6
		}
		if size == 0 || len(value) < size {
			continue
		}
		name := cString(value[size:])
		if !ValidName(name) || len(r.host)+len(r.macs) >= maxNames {
			continue
		}
		var known, address string
		if kind == nameRecordMAC {
			mac := sniffer.MAC(value)
			known, address = r.macs[mac], mac.String()
			r.macs[mac] = name
		} else {
			addr, _ := netip.AddrFromSlice(value[:size])
			known, address = r.host[addr], addr.String()
			r.host[addr], r.told[addr] = name, name
		}
		if known != "" && known != name && r.renamed == "" {
			r.renamed = address
		}
	}
}

// cString returns the text before the first NUL.
func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// options yields codes and values: options and name records have one form. It
// stops at the end mark and where the rest can be none.
func (r *Reader) options(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, size := r.uint16(b), int(r.uint16(b[2:]))
			b = b[4:]
			if code == optEnd || size > len(b) || !yield(code, b[:size]) {
				return
			}
			b = b[min(len(b), padded(size)):]
		}
	}
}

// padded rounds up to 32 bits.
func padded(n int) int { return (n + 3) &^ 3 }
