package pcapfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

	"wirelab/sniffer"
)

// Interface is what a capture file says about an interface on which it was captured.
type Interface struct {
	Name     string           // empty if not known
	SnapLen  uint32           // how many bytes of a frame were kept at most, 0 for no limit
	LinkType sniffer.LinkType // the zero value is LinkNull, not Ethernet
	Filter   string           // the capture filter, in tcpdump's syntax; empty for none

	// TimeOffset is the time, in seconds since 1970, from which a pcapng file counts
	// the times of this interface (if_tsoffset). Times before 1970 or after 2554 need
	// one.
	TimeOffset int64
}

// Writer writes a pcapng file of one section, or a pcap file, with times in nanoseconds.
// It buffers what is written until Flush. A Writer is not safe for use by several
// goroutines at once.
type Writer struct {
	dst        io.Writer
	buf        []byte // what is not handed over yet
	begun      int    // where in it the block begins that is being made
	written    int64  // bytes handed over
	interfaces []Interface
	pcap       bool
}

// writeSize is how much is handed over at once: a part of a cache.
const writeSize = 64 << 10

// lastSecond is the last whole second that 64 bits of nanoseconds can count.
const lastSecond = math.MaxUint64/1_000_000_000 - 1

// order is the byte order of what is written; a reader takes either.
var order = binary.LittleEndian

// NewWriter returns a Writer of a pcapng file. ifs are its interfaces; a frame's Interface
// is an index into them.
func NewWriter(w io.Writer, ifs ...Interface) (*Writer, error) {
	return NewCommentedWriter(w, "", ifs...)
}

// NewCommentedWriter is NewWriter for a file with a comment of at most 65,535 bytes.
func NewCommentedWriter(w io.Writer, comment string, ifs ...Interface) (*Writer, error) {
	if len(comment) > math.MaxUint16 {
		return nil, fmt.Errorf("comment of %d bytes, at most %d", len(comment), math.MaxUint16)
	}
	pw := &Writer{dst: w}
	pw.begin(blockSection)
	pw.uint32(magicOrder)
	pw.uint16(1) // version 1.0
	pw.uint16(0)
	pw.uint64(sectionUnknown)
	if comment != "" {
		pw.option(optComment, []byte(comment))
	}
	pw.option(optUserAppl, []byte("wirelab"))
	pw.option(optEnd, nil)
	pw.end()
	for _, i := range ifs {
		if err := pw.AddInterface(i); err != nil {
			return nil, err
		}
	}
	return pw, nil
}

// AddInterface adds an interface after those that are there. In a pcap file it must have
// the link type of the first.
func (w *Writer) AddInterface(i Interface) error {
	switch {
	case w.pcap:
		return w.addToPcap(i)
	case len(i.Name) > maxText:
		return fmt.Errorf("interface name of %d bytes, at most %d", len(i.Name), maxText)
	case len(w.interfaces) == maxInterfaces:
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	w.interfaces = append(w.interfaces, i)
	w.begin(blockInterface)
	w.uint16(uint16(i.LinkType))
	w.uint16(0)
	w.uint32(i.SnapLen)
	if i.Name != "" {
		w.option(optName, []byte(i.Name))
	}
	w.option(optResolution, []byte{byte(nanoseconds)})
	if i.TimeOffset != 0 {
		w.optionHeader(optOffset, 8)
		w.uint64(uint64(i.TimeOffset))
	}
	if i.Filter != "" {
		w.option(optFilter, append([]byte{filterText}, i.Filter[:min(len(i.Filter), maxFilter)]...))
	}
	w.option(optEnd, nil)
	w.end()
	return w.spill()
}

// WriteFrame writes a frame, of at most MaxPacket bytes. In a pcapng file it is an
// enhanced packet block. A frame whose Time is zero is a simple packet block, which has no
// time, if that can hold it: if it is of interface 0, has no Direction, and is cut by
// nothing but that interface's SnapLen. Otherwise its time is 0.
func (w *Writer) WriteFrame(f sniffer.Frame) error { return w.write(&f) }

// WriteFrames writes several frames as WriteFrame does, up to the first error.
func (w *Writer) WriteFrames(frames []sniffer.Frame) error {
	for i := range frames {
		if err := w.write(&frames[i]); err != nil {
			return err
		}
	}
	return nil
}

// WriteCommented is WriteFrame with comments, each of at most 65,535 bytes of UTF-8. A
// frame with comments whose Time is zero gets time 0. A pcap file cannot hold comments:
// the frame is written without them.
func (w *Writer) WriteCommented(f sniffer.Frame, comments ...string) error {
	if len(comments) == 0 || w.pcap {
		return w.write(&f)
	}
	for _, c := range comments {
		if len(c) > math.MaxUint16 || !utf8.ValidString(c) {
			return fmt.Errorf("comment of %d bytes, want at most %d of UTF-8", len(c), math.MaxUint16)
		}
	}
	// Comments are put in between the block's frame and what ends it.
	w.begun = len(w.buf)
	if err := w.enhanced(&f); err != nil {
		return err
	}
	w.buf = w.buf[:len(w.buf)-4] // the block's length
	if f.Direction != sniffer.Unknown {
		w.buf = w.buf[:len(w.buf)-4] // the end of its options
	}
	for _, c := range comments {
		w.option(optComment, []byte(c))
	}
	w.option(optEnd, nil)
	w.end()
	return w.spill()
}

func (w *Writer) write(f *sniffer.Frame) error {
	if !w.pcap && f.Time.IsZero() && w.isSimple(f) {
		return w.writeSimple(f)
	}
	if err := w.enhanced(f); err != nil {
		return err
	}
	return w.spill()
}

// enhanced appends a frame as an enhanced packet block, or as a record of a pcap file.
func (w *Writer) enhanced(f *sniffer.Frame) error {
	var seconds int64
	if !f.Time.IsZero() {
		seconds = f.Time.Unix()
		if uint(f.Interface) < uint(len(w.interfaces)) && !w.pcap {
			seconds -= w.interfaces[f.Interface].TimeOffset
		}
	}
	switch {
	case uint(f.Interface) >= uint(len(w.interfaces)):
		return fmt.Errorf("frame of interface %d, the file has %d", f.Interface, len(w.interfaces))
	case len(f.Data) > MaxPacket:
		return fmt.Errorf("frame of %d bytes, at most %d", len(f.Data), MaxPacket)
	case seconds > lastSecond || seconds < 0:
		return fmt.Errorf("frame at %v, which this file cannot say", f.Time)
	case f.LinkType != w.interfaces[f.Interface].LinkType:
		return fmt.Errorf("frame of link type %d on an interface of link type %d", f.LinkType, w.interfaces[f.Interface].LinkType)
	case w.pcap:
		return w.writeRecord(f, uint64(seconds))
	}
	kept := len(f.Data)
	size := blockOverhead + enhancedContent + padded(kept)
	if f.Direction != sniffer.Unknown {
		size += 12
	}
	// One write of every byte: what append would check each time is known.
	at := len(w.buf)
	w.buf = slices.Grow(w.buf, size)[:at+size]
	b := w.buf[at:]
	nanos := uint64(seconds)*1e9 + uint64(f.Time.Nanosecond())
	h := (*[28]byte)(b)
	order.PutUint32(h[0:], blockEnhanced)
	order.PutUint32(h[4:], uint32(size))
	order.PutUint32(h[8:], uint32(f.Interface))
	order.PutUint32(h[12:], uint32(nanos>>32))
	order.PutUint32(h[16:], uint32(nanos))
	order.PutUint32(h[20:], uint32(kept))
	order.PutUint32(h[24:], uint32(max(f.Length, kept)))
	b = b[len(h):]
	copy(b, f.Data)
	clear(b[kept:padded(kept)])
	b = b[padded(kept):]
	if f.Direction != sniffer.Unknown {
		flags := uint32(1)
		if f.Direction == sniffer.Out {
			flags = 2
		}
		options := (*[12]byte)(b)
		order.PutUint32(options[0:], 4<<16|optFlags) // its length and code
		order.PutUint32(options[4:], flags)
		order.PutUint32(options[8:], optEnd)
		b = b[len(options):]
	}
	order.PutUint32(b, uint32(size))
	return nil
}

// isSimple reports whether a simple packet block says all of a frame but its
// time.
func (w *Writer) isSimple(f *sniffer.Frame) bool {
	if f.Interface != 0 || len(w.interfaces) == 0 || f.LinkType != w.interfaces[0].LinkType || f.Direction != sniffer.Unknown || len(f.Data) > MaxPacket {
		return false
	}
	snap := int(w.interfaces[0].SnapLen)
	return len(f.Data) == f.Length || snap > 0 && len(f.Data) == min(snap, f.Length)
}

func (w *Writer) writeSimple(f *sniffer.Frame) error {
	w.begin(blockSimple)
	w.uint32(uint32(f.Length))
	w.padded(f.Data)
	w.end()
	return w.spill()
}

// WriteNames writes the names of hosts in the order of their addresses. Each must be a
// ValidName. A pcap file cannot hold names: nothing is written.
func (w *Writer) WriteNames(hosts map[netip.Addr]string) error {
	addrs := make([]netip.Addr, 0, len(hosts))
	for addr, name := range hosts {
		if !ValidName(name) {
			return fmt.Errorf("%q cannot be the name of a host", name)
		}
		addrs = append(addrs, addr)
	}
	if w.pcap {
		return nil
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return writeNames(w, addrs, func(addr netip.Addr) {
		kind := uint16(nameRecordIPv4)
		if addr.Is6() {
			kind = nameRecordIPv6
		}
		w.option(kind, append(append(addr.AsSlice(), hosts[addr]...), 0))
	})
}

// WriteMACNames is WriteNames for hardware addresses.
func (w *Writer) WriteMACNames(hosts map[sniffer.MAC]string) error {
	for _, name := range hosts {
		if !ValidName(name) {
			return fmt.Errorf("%q cannot be the name of a host", name)
		}
	}
	if w.pcap {
		return nil
	}
	macs := slices.SortedFunc(maps.Keys(hosts), func(a, b sniffer.MAC) int { return bytes.Compare(a[:], b[:]) })
	return writeNames(w, macs, func(mac sniffer.MAC) {
		w.option(nameRecordMAC, append(append(mac[:], hosts[mac]...), 0))
	})
}

// writeNames writes a name resolution record of each address.
func writeNames[A any](w *Writer, addrs []A, record func(A)) error {
	// Blocks of 1,000 names stay far below any reader's limit.
	for part := range slices.Chunk(addrs, 1000) {
		w.begin(blockNames)
		for _, addr := range part {
			record(addr)
		}
		w.option(optEnd, nil)
		w.end()
	}
	return w.spill()
}

// WriteStatistics writes what was counted on each interface, in the order of the
// interfaces, of which none may be left out. A pcap file cannot hold statistics: nothing
// is written.
func (w *Writer) WriteStatistics(counted ...Statistics) error {
	if len(counted) != len(w.interfaces) {
		return fmt.Errorf("statistics of %d interfaces, the file has %d", len(counted), len(w.interfaces))
	}
	if w.pcap {
		return nil
	}
	for i, s := range counted {
		w.begin(blockStatistics)
		w.uint32(uint32(i))
		offset := w.interfaces[i].TimeOffset
		w.time(s.End, offset)
		if !s.Start.IsZero() {
			w.optionHeader(optStart, 8)
			w.time(s.Start, offset)
		}
		if !s.End.IsZero() {
			w.optionHeader(optEndTime, 8)
			w.time(s.End, offset)
		}
		w.optionHeader(optReceived, 8)
		w.uint64(s.Received)
		w.optionHeader(optDropped, 8)
		w.uint64(s.Dropped)
		w.option(optEnd, nil)
		w.end()
	}
	return w.spill()
}

// Size returns the size of the file so far in bytes, including what is buffered.
func (w *Writer) Size() int64 { return w.written + int64(len(w.buf)) }

// Flush writes what is buffered to the underlying writer.
func (w *Writer) Flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	n, err := w.dst.Write(w.buf)
	w.written += int64(n)
	w.buf = w.buf[:copy(w.buf, w.buf[n:])]
	return err
}

// spill flushes once there is enough.
func (w *Writer) spill() error {
	if len(w.buf) < writeSize {
		return nil
	}
	return w.Flush()
}

func (w *Writer) begin(kind uint32) {
	w.begun = len(w.buf)
	w.uint32(kind)
	w.uint32(0) // the length, which end knows
}

func (w *Writer) end() {
	size := uint32(len(w.buf) - w.begun + 4)
	order.PutUint32(w.buf[w.begun+4:], size)
	w.uint32(size)
}

func (w *Writer) uint16(v uint16) { w.buf = order.AppendUint16(w.buf, v) }
func (w *Writer) uint32(v uint32) { w.buf = order.AppendUint32(w.buf, v) }
func (w *Writer) uint64(v uint64) { w.buf = order.AppendUint64(w.buf, v) }

// time writes nanoseconds since an offset from the epoch, the upper half first.
// A frame without a time, or with an earlier one, is at 0.
func (w *Writer) time(t time.Time, offset int64) {
	var nanos uint64
	if s := t.Unix() - offset; !t.IsZero() && s >= 0 {
		nanos = uint64(s)*1e9 + uint64(t.Nanosecond())
	}
	w.uint32(uint32(nanos >> 32))
	w.uint32(uint32(nanos))
}

func (w *Writer) optionHeader(code uint16, size int) {
	w.uint16(code)
	w.uint16(uint16(size))
}

func (w *Writer) option(code uint16, value []byte) {
	w.optionHeader(code, len(value))
	w.padded(value)
}

// padded writes bytes and what fills them up to 32 bits.
func (w *Writer) padded(b []byte) {
	w.buf = append(w.buf, b...)
	for range padded(len(b)) - len(b) {
		w.buf = append(w.buf, 0)
	}
}
