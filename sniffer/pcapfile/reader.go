package pcapfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"time"

	"wirelab/sniffer"
)

// Reader reads the frames of a pcap or pcapng file in the file's order. It is
// not safe for use by several goroutines at once.
type Reader struct {
	src    *bufio.Reader
	order  binary.ByteOrder
	offset int64  // bytes read
	start  int64  // where the block or record that is being read begins
	buf    []byte // its content
	err    error  // what ended reading
	next   func() (sniffer.Frame, error)

	unit resolution // of a pcap file, 0 for pcapng
	ng   section    // of a pcapng file
	host map[netip.Addr]string
}

// NewReader reads the file's header. The error is a *TruncatedError, a
// *FormatError, or src's own.
func NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{src: bufio.NewReaderSize(src, 64<<10), host: map[netip.Addr]string{}}
	magic, err := r.src.Peek(4)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &TruncatedError{Size: int64(len(magic))}
		}
		return nil, err
	}
	switch binary.LittleEndian.Uint32(magic) {
	case 0xa1b2c3d4:
		err = r.pcapHeader(binary.LittleEndian, microseconds)
	case 0xd4c3b2a1:
		err = r.pcapHeader(binary.BigEndian, microseconds)
	case 0xa1b23c4d:
		err = r.pcapHeader(binary.LittleEndian, nanoseconds)
	case 0x4d3cb2a1:
		err = r.pcapHeader(binary.BigEndian, nanoseconds)
	case blockSection:
		r.next = r.nextBlock
		err = r.firstSection()
	default:
		err = r.malformed("neither pcap nor pcapng: it begins with % x", magic)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Next returns the next frame, whose Data is valid until the next call. At
// the end of a whole file the error is io.EOF; it is a *TruncatedError where
// the file ends within a block, a *FormatError where it is wrong, or the
// source's own. After an error Next returns it again.
func (r *Reader) Next() (sniffer.Frame, error) {
	if r.err != nil {
		return sniffer.Frame{}, r.err
	}
	f, err := r.next()
	r.err = err
	return f, err
}

// Names returns the host names that the file has told up to here.
func (r *Reader) Names() map[netip.Addr]string { return maps.Clone(r.host) }

// Name returns the name that the file has told of addr up to here, "" if
// none.
func (r *Reader) Name(addr netip.Addr) string { return r.host[addr] }

// Buffered reports whether Next would return a frame without waiting for the
// source. Where
// another block comes first it says no.
func (r *Reader) Buffered() bool {
	have := int64(r.src.Buffered())
	if r.err != nil || have < 16 {
		return false
	}
	b, err := r.src.Peek(16)
	if err != nil {
		return false
	}
	if r.unit != 0 { // pcap
		return have >= 16+int64(r.order.Uint32(b[8:]))
	}
	switch r.order.Uint32(b) {
	case blockEnhanced, blockSimple, blockPacket:
		return have >= int64(r.order.Uint32(b[4:]))
	}
	return false
}

// Statistics returns what the capture counted. It is false unless the file,
// as far as it has been read, tells the drops of every interface: a pcap file
// never does, a pcapng file most often at its end.
func (r *Reader) Statistics() (Statistics, bool) { return r.ng.statistics() }

// pcapHeader reads the file header of a pcap file.
func (r *Reader) pcapHeader(order binary.ByteOrder, unit resolution) error {
	r.order, r.unit, r.next = order, unit, r.nextRecord
	if err := r.read(24); err != nil {
		return r.cut(err)
	}
	if major, minor := order.Uint16(r.buf[4:]), order.Uint16(r.buf[6:]); major != 2 || minor < 3 {
		return r.malformed("pcap version %d.%d, only 2.3 and later is known", major, minor)
	}
	// The upper half tells of frame check sequences.
	if link := uint16(order.Uint32(r.buf[20:])); link != linkEthernet {
		return r.malformed("link type %s, only Ethernet (1) is known", linkName(link))
	}
	return nil
}

// nextRecord reads a packet record of a pcap file.
func (r *Reader) nextRecord() (sniffer.Frame, error) {
	r.start = r.offset
	if err := r.read(16); err != nil {
		if errors.Is(err, io.EOF) {
			return sniffer.Frame{}, io.EOF
		}
		return sniffer.Frame{}, r.cut(err)
	}
	seconds, fraction := r.order.Uint32(r.buf), r.order.Uint32(r.buf[4:])
	captured, length := r.order.Uint32(r.buf[8:]), r.order.Uint32(r.buf[12:])
	if captured > MaxPacket {
		return sniffer.Frame{}, r.malformed("a frame of %d bytes, at most %d", captured, MaxPacket)
	}
	if err := r.read(int(captured)); err != nil {
		return sniffer.Frame{}, r.cut(err)
	}
	nanos := int64(fraction)
	if r.unit == microseconds {
		nanos *= 1000
	}
	return sniffer.Frame{
		Time:   time.Unix(int64(seconds), nanos),
		Data:   r.buf,
		Length: frameLength(length, captured),
	}, nil
}

// frameLength mends a length on the wire that is below what was captured, as
// some writers have it.
func frameLength(length, captured uint32) int {
	return int(min(max(length, captured), 1<<31-1))
}

// read reads n bytes into r.buf. The error is io.EOF only if there were none.
func (r *Reader) read(n int) error {
	if cap(r.buf) < n {
		r.buf = make([]byte, n, max(n, 2048))
	}
	r.buf = r.buf[:n]
	got, err := io.ReadFull(r.src, r.buf)
	r.offset += int64(got)
	return err
}

// skip passes over n bytes without keeping them.
func (r *Reader) skip(n int64) error {
	got, err := io.CopyN(io.Discard, r.src, n)
	r.offset += got
	return err
}

// cut turns an end of the source within a block into a *TruncatedError.
func (r *Reader) cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &TruncatedError{Offset: r.start, Size: r.offset}
	}
	return err
}

func (r *Reader) malformed(format string, args ...any) error {
	return &FormatError{Offset: r.start, Reason: fmt.Sprintf(format, args...)}
}
