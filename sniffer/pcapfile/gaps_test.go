package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

// pcapngGaps tells of frames that it lacks in every way that pcapng has.
const pcapngGaps = `
	0a0d0d0a 1c000000    # section header, little endian
	4d3c2b1a 0100 0000 ffffffffffffffff
	1c000000
	01000000 34000000    # interface 0, 52 bytes
	0100 0000 60000000   # Ethernet, snapshot length 96
	0200 0400 65746830   # if_name: eth0
	0b00 0d00 00 74637020706f7274203830 00 000000   # if_filter: tcp port 80, with a NUL
	0000 0000
	34000000
	01000000 24000000    # interface 1, 36 bytes
	0100 0000 00000100   # snapshot length 65,536
	0b00 0900 01 0600000000000000 000000   # if_filter: a program
	24000000
	01000000 14000000    # interface 2, no limit
	0100 0000 00000000
	14000000
	06000000 34000000    # enhanced packet, 52 bytes
	00000000 00000000 00000000 01000000 01000000
	aa000000
	0400 0800 0300000000000000   # epb_dropcount: 3
	0000 0000
	34000000
	06000000 34000000    # another of the same interface
	00000000 00000000 00000000 01000000 01000000
	bb000000
	0400 0800 0400000000000000   # epb_dropcount: 4
	0000 0000
	34000000
	02000000 24000000    # obsolete packet block
	0100 0200            # interface 1, 2 dropped
	00000000 00000000 01000000 01000000
	cc000000
	24000000
	02000000 24000000    # obsolete packet block
	0200 ffff            # interface 2, drops not known
	00000000 00000000 01000000 01000000
	dd000000
	24000000
	05000000 3c000000    # statistics of interface 0, 60 bytes
	00000000 00000000 00000000
	0400 0800 0900000000000000   # isb_ifrecv: 9
	0500 0800 0100000000000000   # isb_ifdrop: 1
	0700 0800 0100000000000000   # isb_osdrop: 1
	3c000000
	05000000 24000000    # statistics of interface 1
	01000000 00000000 00000000
	0800 0800 0600000000000000   # isb_usrdeliv: 6
	24000000
	05000000 30000000    # statistics of interface 2
	02000000 00000000 00000000
	0400 0800 0a00000000000000   # isb_ifrecv: 10
	0500 0800 0200000000000000   # isb_ifdrop: 2
	30000000
	05000000 24000000    # later statistics of interface 2
	02000000 00000000 00000000
	0400 0800 0900000000000000   # isb_ifrecv: 9, which was 10
	24000000
	04000000 40000000    # names, 64 bytes
	0100 0b00 0a4d000a 73657276657200 00         # 10.77.0.10 server
	0300 0d00 02000000000a 73657276657200 000000 # nrb_record_eui48: 02:00:00:00:00:0a server
	0300 0500 0200000000 000000                  # too short for an address
	0000 0000
	40000000`

func TestGaps(t *testing.T) {
	file := fixture.Bytes(t, pcapngGaps)
	r, frames, err := readAll(bytes.NewReader(file))
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(frames) != 4 {
		t.Errorf("%d frames, want 4", len(frames))
	}
	ethernet := func(name string, snap uint32, filter string) Interface {
		return Interface{Name: name, SnapLen: snap, LinkType: sniffer.LinkEthernet, Filter: filter}
	}
	diff(t, Gaps{
		Dropped: 7 + 2 + 2, Missing: 5 + 7, Backwards: true, SnapLen: 96,
		Interfaces: []InterfaceGaps{
			{Interface: ethernet("eth0", 96, "tcp port 80"), Frames: 2, Received: 9, IfDropped: 1, OSDropped: 1, EPBDrops: 7, Dropped: 7, Counted: true},
			{Interface: ethernet("", 65536, "(program of 8 bytes)"), Frames: 1, Delivered: 6, EPBDrops: 2, Dropped: 2, Missing: 5},
			{Interface: ethernet("", 0, ""), Frames: 1, Received: 10, IfDropped: 2, Dropped: 2, Counted: true, Missing: 7, Backwards: true},
		},
	}, r.Gaps())
	diff(t, map[netip.Addr]string{netip.MustParseAddr("10.77.0.10"): "server"}, r.Names())
	diff(t, map[sniffer.MAC]string{{2, 0, 0, 0, 0, 10}: "server"}, r.MACNames())
	chunked := chunkedReader(t, file)
	diff(t, r.Gaps(), chunked.Gaps())
	diff(t, r.MACNames(), chunked.MACNames())
}

// chunkedReader returns a reader that has read a file by ReadChunk.
func chunkedReader(t *testing.T, file []byte) *Reader {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	for c := (Chunk{}); err == nil; {
		err = r.ReadChunk(&c, 1000)
	}
	if r == nil {
		t.Fatal(err)
	}
	return r
}

// A pcap file tells its snapshot length and no more.
func TestGapsOfPcap(t *testing.T) {
	file := fixture.Bytes(t, pcapMicroLittle)
	want := Gaps{SnapLen: 0x40000, Interfaces: []InterfaceGaps{{Interface: Interface{SnapLen: 0x40000, LinkType: sniffer.LinkEthernet}, Frames: 2}}}
	r, _, _ := readAll(bytes.NewReader(file))
	diff(t, want, r.Gaps())
	diff(t, want, chunkedReader(t, file).Gaps())
}

// What is written of filters and MAC addresses is read.
func TestGapsRoundTrip(t *testing.T) {
	var file bytes.Buffer
	long := strings.Repeat("port 7 or ", 1000)
	w, err := NewWriter(&file, Interface{Name: "eth0", LinkType: sniffer.LinkEthernet, Filter: "arp or icmp"}, Interface{LinkType: sniffer.LinkEthernet, Filter: long})
	if err != nil {
		t.Fatal(err)
	}
	macs := map[sniffer.MAC]string{}
	for i := range 2500 {
		macs[sniffer.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}] = "host"
	}
	at := time.Unix(1, 0)
	for _, err := range []error{
		w.WriteMACNames(macs),
		w.WriteFrame(sniffer.Frame{LinkType: sniffer.LinkEthernet, Time: at, Data: arpRequest, Length: len(arpRequest)}),
		w.WriteStatistics(Statistics{Received: 4, Dropped: 1}, Statistics{}),
		w.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r, _, err := readAll(&file)
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	diff(t, macs, r.MACNames())
	g := r.Gaps()
	if g.Interfaces[0].Filter != "arp or icmp" || g.Interfaces[1].Filter != long[:maxFilter] || !g.Counted || g.Dropped != 1 {
		t.Errorf("%+v", g)
	}
	if err := w.WriteMACNames(map[sniffer.MAC]string{{}: "a b"}); err == nil {
		t.Error("a name that no host can have is written")
	}
}

// Names of all kinds together are bounded.
func TestNamesAreBounded(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	macs, hosts := map[sniffer.MAC]string{}, map[netip.Addr]string{}
	for i := range maxNames {
		macs[sniffer.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}] = "m"
		hosts[netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})] = "h"
	}
	if err := errors.Join(w.WriteMACNames(macs), w.WriteNames(hosts), w.Flush()); err != nil {
		t.Fatal(err)
	}
	r, _, _ := readAll(&file)
	if n := len(r.Names()) + len(r.MACNames()); n != maxNames {
		t.Errorf("%d names, want %d", n, maxNames)
	}
}

// An address with a second name is told; the same name again is none.
func TestRenamed(t *testing.T) {
	for _, tt := range []struct{ second, want string }{{"client1", ""}, {"server", "10.0.0.1"}} {
		var file bytes.Buffer
		w, err := NewWriter(&file, Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
		if err != nil {
			t.Fatal(err)
		}
		addr := netip.MustParseAddr("10.0.0.1")
		err = errors.Join(w.WriteNames(map[netip.Addr]string{addr: "client1"}), w.WriteNames(map[netip.Addr]string{addr: tt.second}), w.Flush())
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		diff(t, tt.want, r.Renamed())
	}
}
