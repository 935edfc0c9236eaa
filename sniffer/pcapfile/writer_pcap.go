package pcapfile

import (
	"fmt"
	"io"
	"math"
	"slices"

	"wirelab/sniffer"
)

// NewPcapWriter returns a Writer of a pcap file with an interface. Such a file has one
// link type, and no names, statistics, comments or directions. Further interfaces may be
// added if they have the same link type; the file does not tell them apart.
func NewPcapWriter(w io.Writer, i Interface) (*Writer, error) {
	pw := &Writer{dst: w, pcap: true, interfaces: []Interface{i}}
	snap := i.SnapLen
	if snap == 0 {
		snap = MaxPacket
	}
	for _, v := range []uint32{0xa1b23c4d, 4<<16 | 2, 0, 0, snap, uint32(i.LinkType)} {
		pw.uint32(v)
	}
	return pw, pw.spill()
}

func (w *Writer) addToPcap(i Interface) error {
	if first := w.interfaces[0].LinkType; i.LinkType != first {
		return fmt.Errorf("a pcap file has one link type: %d and %d need pcapng", first, i.LinkType)
	}
	w.interfaces = append(w.interfaces, i)
	return nil
}

// writeRecord writes the packet record of a frame.
func (w *Writer) writeRecord(f *sniffer.Frame, seconds uint64) error {
	if seconds > math.MaxUint32 {
		return fmt.Errorf("frame at %v, which a pcap file cannot say", f.Time)
	}
	at, size := len(w.buf), 16+len(f.Data)
	w.buf = slices.Grow(w.buf, size)[:at+size]
	b := w.buf[at:]
	order.PutUint32(b, uint32(seconds))
	order.PutUint32(b[4:], uint32(f.Time.Nanosecond()))
	order.PutUint32(b[8:], uint32(len(f.Data)))
	order.PutUint32(b[12:], uint32(max(f.Length, len(f.Data))))
	copy(b[16:], f.Data)
	return w.spill()
}
