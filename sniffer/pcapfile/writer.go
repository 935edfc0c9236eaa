package pcapfile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"time"

	"wirelab/sniffer"
)

// Interface is what a capture file says of where it was made.
type Interface struct {
	Name    string // empty if not known
	SnapLen uint32 // bytes that were kept of a frame at most, 0 for no limit
}

// Writer writes a pcapng file of one section, with times in nanoseconds. It
// buffers; what has been written is readable after Flush. It is not safe for
// use by several goroutines at once.
type Writer struct {
	dst        *bufio.Writer
	interfaces int
	block      []byte // the block that is being made
}

// lastSecond is the last whole second that 64 bits of nanoseconds can count.
const lastSecond = math.MaxUint64/1_000_000_000 - 1

// order is the byte order of what is written; a reader takes either.
var order = binary.LittleEndian

// NewWriter writes the header of a file with these interfaces, which frames
// name by their index.
func NewWriter(w io.Writer, ifs ...Interface) (*Writer, error) {
	if len(ifs) == 0 || len(ifs) > maxInterfaces {
		return nil, fmt.Errorf("%d interfaces, want 1 to %d", len(ifs), maxInterfaces)
	}
	pw := &Writer{dst: bufio.NewWriterSize(w, 64<<10), interfaces: len(ifs)}
	pw.begin(blockSection)
	pw.uint32(magicOrder)
	pw.block = order.AppendUint16(pw.block, 1) // version 1.0
	pw.block = order.AppendUint16(pw.block, 0)
	pw.uint64(sectionUnknown)
	pw.option(optUserAppl, []byte("wirelab"))
	pw.option(optEnd, nil)
	if err := pw.end(); err != nil {
		return nil, err
	}
	for _, i := range ifs {
		if len(i.Name) > 255 {
			return nil, fmt.Errorf("interface name of %d bytes, at most 255", len(i.Name))
		}
		pw.begin(blockInterface)
		pw.block = order.AppendUint16(pw.block, linkEthernet)
		pw.block = order.AppendUint16(pw.block, 0)
		pw.uint32(i.SnapLen)
		if i.Name != "" {
			pw.option(optName, []byte(i.Name))
		}
		pw.option(optResolution, []byte{byte(nanoseconds)})
		pw.option(optEnd, nil)
		if err := pw.end(); err != nil {
			return nil, err
		}
	}
	return pw, nil
}

// WriteFrame writes one frame as an enhanced packet block.
func (w *Writer) WriteFrame(f sniffer.Frame) error {
	switch {
	case f.Interface < 0 || f.Interface >= w.interfaces:
		return fmt.Errorf("frame of interface %d, the file has %d", f.Interface, w.interfaces)
	case len(f.Data) > MaxPacket:
		return fmt.Errorf("frame of %d bytes, at most %d", len(f.Data), MaxPacket)
	case f.Time.Unix() > lastSecond:
		return fmt.Errorf("frame at %v, which nanoseconds cannot count", f.Time)
	}
	w.begin(blockEnhanced)
	w.uint32(uint32(f.Interface))
	w.time(f.Time)
	w.uint32(uint32(len(f.Data)))
	w.uint32(uint32(max(f.Length, len(f.Data))))
	w.block = append(w.block, f.Data...)
	w.pad()
	if f.Direction != sniffer.Unknown {
		flags := uint32(1)
		if f.Direction == sniffer.Out {
			flags = 2
		}
		w.optionHeader(optFlags, 4)
		w.uint32(flags)
		w.option(optEnd, nil)
	}
	return w.end()
}

// WriteNames writes the names of hosts, ordered by address; each must be a
// ValidName.
func (w *Writer) WriteNames(hosts map[netip.Addr]string) error {
	addrs := make([]netip.Addr, 0, len(hosts))
	for addr, name := range hosts {
		if !ValidName(name) {
			return fmt.Errorf("%q cannot be the name of a host", name)
		}
		addrs = append(addrs, addr)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	// Blocks of 1,000 names stay far below any reader's limit.
	for part := range slices.Chunk(addrs, 1000) {
		w.begin(blockNames)
		for _, addr := range part {
			kind := uint16(nameRecordIPv4)
			if addr.Is6() {
				kind = nameRecordIPv6
			}
			w.option(kind, append(append(addr.AsSlice(), hosts[addr]...), 0))
		}
		w.option(optEnd, nil)
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

// WriteStatistics writes what was counted on each interface, in the order in
// which NewWriter got them.
func (w *Writer) WriteStatistics(counted ...Statistics) error {
	if len(counted) != w.interfaces {
		return fmt.Errorf("statistics of %d interfaces, the file has %d", len(counted), w.interfaces)
	}
	for i, s := range counted {
		w.begin(blockStatistics)
		w.uint32(uint32(i))
		w.time(s.End)
		if !s.Start.IsZero() {
			w.optionHeader(optStart, 8)
			w.time(s.Start)
		}
		if !s.End.IsZero() {
			w.optionHeader(optEndTime, 8)
			w.time(s.End)
		}
		w.optionHeader(optReceived, 8)
		w.uint64(s.Received)
		w.optionHeader(optDropped, 8)
		w.uint64(s.Dropped)
		w.option(optEnd, nil)
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

// Flush hands everything that was written to the underlying writer.
func (w *Writer) Flush() error { return w.dst.Flush() }

func (w *Writer) begin(kind uint32) {
	w.block = order.AppendUint32(w.block[:0], kind)
	w.uint32(0) // the length, which end knows
}

func (w *Writer) end() error {
	size := uint32(len(w.block) + 4)
	order.PutUint32(w.block[4:], size)
	w.uint32(size)
	_, err := w.dst.Write(w.block)
	return err
}

func (w *Writer) uint32(v uint32) { w.block = order.AppendUint32(w.block, v) }
func (w *Writer) uint64(v uint64) { w.block = order.AppendUint64(w.block, v) }

// time writes nanoseconds since the epoch, the upper half first. What has no
// time, or one before the epoch, is at 0.
func (w *Writer) time(t time.Time) {
	var nanos uint64
	if s := t.Unix(); s >= 0 {
		nanos = uint64(s)*1e9 + uint64(t.Nanosecond())
	}
	w.uint32(uint32(nanos >> 32))
	w.uint32(uint32(nanos))
}

func (w *Writer) pad() {
	for len(w.block)%4 != 0 {
		w.block = append(w.block, 0)
	}
}

func (w *Writer) optionHeader(code uint16, size int) {
	w.block = order.AppendUint16(w.block, code)
	w.block = order.AppendUint16(w.block, uint16(size))
}

func (w *Writer) option(code uint16, value []byte) {
	w.optionHeader(code, len(value))
	w.block = append(w.block, value...)
	w.pad()
}
