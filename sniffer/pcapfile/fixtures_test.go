package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

const pcapMicroLittle = `
	d4c3b2a1             # magic, microseconds, little endian
	0200 0400            # version 2.4
	00000000 00000000    # zone, accuracy
	00000400             # snapshot length
	01000000             # Ethernet
	01000000 02000000    # 1.000002 s
	04000000 08000000    # 4 bytes of 8
	aabbccdd
	05000000 40420f00    # 5 s and 1,000,000 µs
	02000000 01000000    # 2 bytes captured, 1 on the wire: corrected
	0102`

const pcapNanoBig = `
	a1b23c4d             # magic, nanoseconds, big endian
	0002 0004
	00000000 00000000
	00040000
	00000001
	00000001 00000002    # 1.000000002 s
	00000004 00000008
	aabbccdd`

const pcapngBig = `
	0a0d0d0a 0000001c    # section header, 28 bytes
	1a2b3c4d 0001 0000   # big endian, 1.0
	ffffffffffffffff
	0000001c
	00000001 00000030    # interface 0, 48 bytes
	0001 0000 00000003   # Ethernet, snapshot length 3
	0009 0001 83000000   # if_tsresol: 2^-3 s
	000e 0008 0000000000000064   # if_tsoffset: 100 s
	0000 0000
	00000000             # too many bytes: not an option any more
	00000030
	00000001 00000014    # interface 1, 20 bytes, microseconds
	0001 0000 00000000
	00000014
	00000006 00000030    # enhanced packet, 48 bytes
	00000000             # interface 0
	00000000 00000015    # 21/8 s
	00000003 00000005    # 3 bytes of 5
	a1a2a300
	0002 0004 00000002   # epb_flags: outbound
	0000 0000
	00000030
	00000003 00000014    # simple packet, 20 bytes
	00000005             # 5 on the wire, 3 by the snapshot length
	b1b2b300
	00000014
	00000bad 00000010    # a type that nobody knows
	deadbeef
	00000010
	00000002 00000024    # obsolete packet block, 36 bytes
	0001 ffff            # interface 1, drops not known
	00000000 000f4241    # 1.000001 s
	00000001 00000001
	c1000000
	00000024
	00000004 00000038    # names, 56 bytes
	0001 000b 0a4d000a 73657276657200 00   # 10.77.0.10 server
	0002 0013 20010db8000000000000000000000001 783600 00
	0000 0000
	00000038
	00000005 00000030    # statistics of interface 0, 48 bytes
	00000000 00000000 00000000
	0004 0008 0000000000000009             # received
	0005 0008 0000000000000002             # dropped
	00000030
	00000005 00000024    # statistics of interface 1, 36 bytes
	00000001 00000000 00000000
	0007 0008 0000000000000001             # isb_osdrop
	00000024`

// readAll returns every frame with its own copy of the data, and the error
// that ended reading.
func readAll(src io.Reader) (*Reader, []sniffer.Frame, error) {
	r, err := NewReader(src)
	if err != nil {
		return nil, nil, err
	}
	var frames []sniffer.Frame
	for {
		f, err := r.Next()
		if err != nil {
			return r, frames, err
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, file string
		want       []sniffer.Frame
	}{
		{"pcap, microseconds, little endian", pcapMicroLittle, []sniffer.Frame{
			{Time: time.Unix(1, 2000), LinkType: sniffer.LinkEthernet, Data: []byte{0xaa, 0xbb, 0xcc, 0xdd}, Length: 8},
			{Time: time.Unix(6, 0), LinkType: sniffer.LinkEthernet, Data: []byte{1, 2}, Length: 2},
		}},
		{"pcap, nanoseconds, big endian", pcapNanoBig, []sniffer.Frame{
			{Time: time.Unix(1, 2), LinkType: sniffer.LinkEthernet, Data: []byte{0xaa, 0xbb, 0xcc, 0xdd}, Length: 8},
		}},
		{"pcapng, big endian", pcapngBig, []sniffer.Frame{
			{Time: time.Unix(102, 625e6), LinkType: sniffer.LinkEthernet, Data: []byte{0xa1, 0xa2, 0xa3}, Length: 5, Direction: sniffer.Out},
			{LinkType: sniffer.LinkEthernet, Data: []byte{0xb1, 0xb2, 0xb3}, Length: 5},
			{Time: time.Unix(1, 1000), LinkType: sniffer.LinkEthernet, Data: []byte{0xc1}, Length: 1, Interface: 1},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got, err := readAll(bytes.NewReader(fixture.Bytes(t, test.file)))
			if !errors.Is(err, io.EOF) {
				t.Fatalf("ended with %v, want EOF", err)
			}
			diff(t, test.want, got)
		})
	}
}

func TestReadNamesAndStatistics(t *testing.T) {
	r, _, err := readAll(bytes.NewReader(fixture.Bytes(t, pcapngBig)))
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	diff(t, map[netip.Addr]string{
		netip.MustParseAddr("10.77.0.10"):  "server",
		netip.MustParseAddr("2001:db8::1"): "x6",
	}, r.Names())
	got, ok := r.Statistics()
	if !ok {
		t.Error("no statistics")
	}
	diff(t, Statistics{Received: 9, Dropped: 3}, got)
}

// A file cut at any byte gives all whole frames and says where it was cut, or
// is a shorter whole file.
func TestTruncatedAnywhere(t *testing.T) {
	for name, text := range map[string]string{"pcap": pcapMicroLittle, "pcapng": pcapngBig} {
		t.Run(name, func(t *testing.T) {
			file := fixture.Bytes(t, text)
			_, whole, err := readAll(bytes.NewReader(file))
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			clean := 0
			for n := range len(file) {
				_, frames, err := readAll(bytes.NewReader(file[:n]))
				var cut *TruncatedError
				switch {
				case errors.Is(err, io.EOF):
					clean++
				case !errors.As(err, &cut):
					t.Fatalf("cut at %d: %v, want a TruncatedError", n, err)
				case cut.Size != int64(n) || cut.Offset > cut.Size:
					t.Fatalf("cut at %d: %+v", n, cut)
				}
				if len(frames) > len(whole) {
					t.Fatalf("cut at %d: %d frames of %d", n, len(frames), len(whole))
				}
				diff(t, whole[:len(frames)], frames)
			}
			// Only between two blocks a cut cannot be seen.
			if want := map[string]int{"pcap": 2, "pcapng": 9}[name]; clean != want {
				t.Errorf("%d cuts look like whole files, want %d", clean, want)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	const header = `0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000
		01000000 14000000 0100 0000 00000000 14000000` // 48 bytes
	tests := []struct {
		name, file string
		offset     int64
		reason     string
	}{
		{"not a capture", "47494638 39610000", 0, "neither pcap nor pcapng"},
		{"pcap 1.0", "d4c3b2a1 0100 0000 00000000 00000000 00000400 01000000", 0, "version 1.0"},
		{"a frame of 4 GiB", "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000 00000000 00000000 ffffffff ffffffff", 24, "4294967295 bytes"},
		{"byte-order magic", "0a0d0d0a 1c000000 00000000 0100 0000 ffffffffffffffff 1c000000", 0, "byte-order magic"},
		{"pcapng 2", "0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ffffffffffffffff 1c000000", 0, "version 2"},
		{"a block of 0 bytes", header + "06000000 00000000", 48, "block of 0 bytes"},
		{"a block of 13 bytes", header + "06000000 0d000000", 48, "block of 13 bytes"},
		{"a packet block of 4 GiB", header + "06000000 fcffffff", 48, "at most 1048576"},
		{"lengths that differ", header + "05000000 10000000 00000000 14000000", 48, "says 20 at its end"},
		{"unknown block, lengths that differ", header + "ad0b0000 10000000 00000000 14000000", 48, "says 20 at its end"},
		{"interface that is not there", header + "06000000 20000000 01000000 00000000 00000000 00000000 00000000 20000000", 48, "interface 1 of 1"},
		{"frame longer than its block", header + "06000000 20000000 00000000 00000000 00000000 01000000 01000000 20000000", 48, "room for 0"},
		{"packet block cut in itself", header + "06000000 10000000 00000000 10000000", 48, "packet block of 4 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := readAll(bytes.NewReader(fixture.Bytes(t, test.file)))
			var wrong *FormatError
			if !errors.As(err, &wrong) {
				t.Fatalf("%v, want a FormatError", err)
			}
			if wrong.Offset != test.offset || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("got %q at %d, want %q at %d", err, wrong.Offset, test.reason, test.offset)
			}
		})
	}
}

func TestResolution(t *testing.T) {
	const top = 1<<64 - 1
	tests := []struct {
		unit           resolution
		units          uint64
		seconds, nanos uint64
	}{
		{0, 7, 7, 0},
		{6, 1_500_001, 1, 500_001_000},
		{9, 1_000_000_001, 1, 1},
		{12, 1_000_000_001_999, 1, 1},
		{19, top, 1, 844_674_407},
		{20, top, 0, 184_467_440},
		{28, top, 0, 1},
		{29, top, 0, 0},
		{0x7f, top, 0, 0},
		{0x80, 7, 7, 0},
		{0x80 | 3, 21, 2, 625_000_000},
		{0x80 | 63, top, 1, 999_999_999},
		{0x80 | 64, top, 0, 999_999_999},
		{0xff, top, 0, 0},
	}
	for _, test := range tests {
		if s, n := test.unit.split(test.units); s != test.seconds || n != test.nanos {
			t.Errorf("%#x: %d units are %d s %d ns, want %d s %d ns",
				uint8(test.unit), test.units, s, n, test.seconds, test.nanos)
		}
	}
}

// A block that is passed over may have any length and costs no memory.
func TestHugeUnknownBlock(t *testing.T) {
	head := fixture.Bytes(t, `0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000`)
	const size = 64 << 20
	head = binary.LittleEndian.AppendUint32(head, 0xbad)
	head = binary.LittleEndian.AppendUint32(head, size)
	tail := binary.LittleEndian.AppendUint32(nil, size)
	src := io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, size-12), bytes.NewReader(tail))
	r, _, err := readAll(src)
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if cap(r.buf) > maxBlock {
		t.Errorf("%d bytes kept", cap(r.buf))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
