package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"net/netip"
	"time"
	"unicode/utf8"

	"wirelab/sniffer"
)

// Reader reads the frames of a pcap or pcapng file in the file's order. The file may be
// compressed with gzip, zstd, xz or bzip2. A Reader is not safe for use by several
// goroutines at once.
type Reader struct {
	window
	start int64 // where the block or record that is being read begins
	data  int64 // where the bytes of the latest frame begin
	swap  bool  // numbers are big endian
	err   error // what ended reading
	fault error // of the first block that was passed over
	next  func() (sniffer.Frame, error)

	unit    resolution       // of a pcap file, 0 for pcapng
	link    sniffer.LinkType // of a pcap file
	order   lengthOrder      // of a pcap file
	ng      section          // of a pcapng file
	host    map[netip.Addr]string
	told    map[netip.Addr]string // of these, what no chunk has had
	macs    map[sniffer.MAC]string
	renamed string // an address that got a second name

	comments [][]byte // of the latest frame
}

// NewReader reads the header of a file. The error is a *TruncatedError, a *FormatError, or
// src's own.
func NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{window: window{src: src, buf: make([]byte, 64<<10)}, host: map[netip.Addr]string{}, told: map[netip.Addr]string{}, macs: map[sniffer.MAC]string{}}
	magic, err := r.peek(4)
	if err == nil {
		if err = r.decompress(magic); err == nil {
			magic, err = r.peek(4)
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, r.cut(err)
	}
	switch binary.LittleEndian.Uint32(magic) {
	case 0xa1b2c3d4:
		err = r.pcapHeader(false, microseconds)
	case 0xd4c3b2a1:
		err = r.pcapHeader(true, microseconds)
	case 0xa1b23c4d:
		err = r.pcapHeader(false, nanoseconds)
	case 0x4d3cb2a1:
		err = r.pcapHeader(true, nanoseconds)
	case blockSection:
		r.next = r.nextBlock
		err = r.firstSection()
	default:
		err = &FormatError{Offset: r.start, Reason: "neither pcap nor pcapng", Compressed: r.compressed != nil, begins: fmt.Sprintf("% x", magic)}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Next returns the next frame, whose Data is valid until the next call. The error is
// io.EOF at the end of the file, a *TruncatedError if the file ends within a block, a
// *FormatError if it is malformed, or the source's own. After an error, Next returns the
// same error again.
//
// Next skips a block that is wrong in itself only, such as a frame of an interface that is
// not described. The *FormatError of the first such block then takes the place of io.EOF.
func (r *Reader) Next() (sniffer.Frame, error) {
	if r.err != nil {
		return sniffer.Frame{}, r.err
	}
	r.comments = r.comments[:0]
	f, err := r.next()
	if r.fault != nil && errors.Is(err, io.EOF) {
		err = r.fault
	}
	r.err = err
	return f, err
}

// Offset returns where in the file the bytes of the frame begin that Next returned last.
// It reports false if the file is compressed.
func (r *Reader) Offset() (int64, bool) { return r.data, r.compressed == nil }

// Interface returns what the file has said so far about the interface to which a frame's
// Interface refers. It returns the zero value if there is no such interface.
func (r *Reader) Interface(i int) Interface {
	if i < 0 || i >= len(r.ng.interfaces) {
		return Interface{}
	}
	return r.ng.interfaces[i].Interface
}

// maxComments bounds the comments of a frame.
const maxComments = 1100

// Comments returns the comments of the frame that Next returned last, without those that
// are not UTF-8. They may contain control characters.
func (r *Reader) Comments() (all []string) {
	for _, c := range r.comments {
		if utf8.Valid(c) {
			all = append(all, string(c))
		}
	}
	return all
}

// Names returns the names of hosts that the file has had so far, by IP address.
func (r *Reader) Names() map[netip.Addr]string { return maps.Clone(r.host) }

// Renamed returns the first address, IP or hardware, to which the file has given a second
// name so far, "" if there is none.
func (r *Reader) Renamed() string { return r.renamed }

// MACNames returns the names of hosts that the file has had so far, by hardware address.
func (r *Reader) MACNames() map[sniffer.MAC]string { return maps.Clone(r.macs) }

// Buffered reports whether Next would return a frame without waiting for the source. It
// reports false if a block other than a frame comes first.
func (r *Reader) Buffered() bool {
	b := r.buf[r.pos:r.end]
	if r.err != nil || len(b) < 16 {
		return false
	}
	if r.unit != 0 { // pcap
		captured, _ := r.lengths(b)
		return int64(len(b)) >= 16+int64(captured)
	}
	switch r.uint32(b) {
	case blockEnhanced, blockSimple, blockPacket:
		return int64(len(b)) >= int64(r.uint32(b[4:]))
	}
	return false
}

// Statistics returns what the capture counted. It reports false unless the file, as far as
// it has been read, has statistics of drops for every interface. A pcap file never has
// them, a pcapng file most often at its end.
func (r *Reader) Statistics() (Statistics, bool) { return r.ng.statistics() }

// pcapHeader reads the file header of a pcap file.
func (r *Reader) pcapHeader(swap bool, unit resolution) error {
	r.swap, r.unit, r.next = swap, unit, r.nextRecord
	b, err := r.take(24)
	if err != nil {
		return r.cut(err)
	}
	major, minor := r.uint16(b[4:]), r.uint16(b[6:])
	switch {
	case major != 2:
		return r.malformed("pcap version %d.%d, only 2 is known", major, minor)
	case minor < 3:
		r.order = wireFirst
	case minor == 3:
		r.order = largerLast
	}
	// The upper half describes frame check sequences.
	r.link = linkType(uint16(r.uint32(b[20:])))
	only := Interface{SnapLen: r.uint32(b[16:]), LinkType: r.link}
	r.ng.interfaces, r.ng.fresh = []captured{{Interface: only}}, []Interface{only}
	return nil
}

// lengthOrder is the order of a record's two lengths.
type lengthOrder uint8

const (
	capturedFirst lengthOrder = iota // since version 2.4
	wireFirst                        // up to version 2.2
	largerLast                       // of version 2.3, which some systems write as 2.2: what is captured is no more than there was
)

// lengths returns how many bytes of a record's frame were captured, and how many
// it had.
func (r *Reader) lengths(record []byte) (captured, wire uint32) {
	captured, wire = r.uint32(record[8:]), r.uint32(record[12:])
	if r.order == wireFirst || r.order == largerLast && captured > wire {
		return wire, captured
	}
	return captured, wire
}

// nextRecord reads a packet record of a pcap file.
func (r *Reader) nextRecord() (sniffer.Frame, error) {
	r.start = r.offset()
	b, err := r.take(16)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return sniffer.Frame{}, io.EOF
		}
		return sniffer.Frame{}, r.cut(err)
	}
	seconds, fraction := r.uint32(b), r.uint32(b[4:])
	captured, length := r.lengths(b)
	if captured > MaxPacket {
		return sniffer.Frame{}, r.malformed("a frame of %d bytes, at most %d", captured, MaxPacket)
	}
	data, err := r.take(int(captured))
	if err != nil {
		return sniffer.Frame{}, r.cut(err)
	}
	nanos := int64(fraction)
	if r.unit == microseconds {
		nanos *= 1000
	}
	r.ng.interfaces[0].frames++
	r.data = r.start + 16
	return sniffer.Frame{
		Time:     time.Unix(int64(seconds), nanos),
		LinkType: r.link,
		Data:     data,
		Length:   frameLength(length, captured),
	}, nil
}

// frameLength returns a frame's length on the wire. Some writers record less than
// was captured.
func frameLength(length, captured uint32) int {
	return int(min(max(length, captured), 1<<31-1))
}

func (r *Reader) uint16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if r.swap {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (r *Reader) uint32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if r.swap {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (r *Reader) uint64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if r.swap {
		return bits.ReverseBytes64(v)
	}
	return v
}

// cut turns an end of the source within a block into a *TruncatedError, and
// damage of the compression into a *FormatError.
func (r *Reader) cut(err error) error {
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return &TruncatedError{Offset: r.start, Size: r.size(), Compressed: r.compressed != nil}
	case r.damaged():
		return &FormatError{Offset: r.size(), Reason: err.Error(), Compressed: true}
	}
	return err
}

func (r *Reader) malformed(format string, args ...any) error {
	return &FormatError{Offset: r.start, Reason: fmt.Sprintf(format, args...), Compressed: r.compressed != nil}
}

// passOver notes that a block is wrong, in which no other depends on it.
func (r *Reader) passOver(format string, args ...any) {
	if r.fault == nil {
		r.fault = r.malformed(format, args...)
	}
}
