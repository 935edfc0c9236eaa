package gopackets_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"wirelab/sniffer"
	"wirelab/sniffer/gopackets"
	"wirelab/sniffer/pcapfile"
)

func open(t *testing.T, name string) *pcapfile.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := pcapfile.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// gopacket and the sniffer read the same of each packet of a session, frame by frame and
// from a source.
func TestSession(t *testing.T) {
	for _, name := range []string{"session.pcapng", "session-ns.pcap", "session-snap60.pcapng"} {
		frames := open(t, name)
		source := gopacket.NewPacketSource(gopackets.NewSource(sniffer.LinkEthernet, open(t, name).Next), gopackets.Decoder(sniffer.LinkEthernet))
		segments := 0
		for n := 1; ; n++ {
			f, err := frames.Next()
			theirs, sourceErr := source.NextPacket()
			if errors.Is(err, io.EOF) && errors.Is(sourceErr, io.EOF) {
				break
			}
			if err != nil || sourceErr != nil {
				t.Fatal(err, sourceErr)
			}
			alone := gopackets.Packet(&f)
			if !bytes.Equal(theirs.Data(), f.Data) || alone.Dump() != theirs.Dump() {
				t.Errorf("%s, frame %d: the source has %s\nthe frame %s", name, n, theirs.Dump(), alone.Dump())
			}
			info := alone.Metadata()
			if !info.Timestamp.Equal(f.Time) || info.Length != f.Length || info.CaptureLength != len(f.Data) || f.Truncated() && !info.Truncated {
				t.Errorf("%s, frame %d: %+v", name, n, info)
			}
			ours := sniffer.Packet{Frame: f}
			ours.Decode()
			if tcp, ok := alone.TransportLayer().(*layers.TCP); ok != ours.Has(sniffer.TCP) || ok && (tcp.Seq != ours.Seq || uint16(tcp.DstPort) != ours.DstPort || tcp.SYN != (ours.Flags&sniffer.SYN != 0)) {
				t.Errorf("%s, frame %d: gopacket reads %v\nthe sniffer %v", name, n, alone, sniffer.Notation{}.AppendLine(nil, &ours))
			} else if ok {
				segments++
			}
		}
		if segments == 0 {
			t.Errorf("%s: no segment", name)
		}
	}
}

// A frame of another link type is no frame of the source's.
func TestOtherLinkType(t *testing.T) {
	frames := []sniffer.Frame{{LinkType: sniffer.LinkEthernet, Data: []byte{1}, Length: 1}, {LinkType: sniffer.LinkRaw}}
	s := gopackets.NewSource(sniffer.LinkEthernet, func() (sniffer.Frame, error) {
		f := frames[0]
		frames = frames[1:]
		return f, nil
	})
	if data, _, err := s.ReadPacketData(); len(data) != 1 || err != nil {
		t.Error(data, err)
	}
	if _, _, err := s.ReadPacketData(); err == nil || err.Error() != "frame of link type 101 in a source of 1" {
		t.Error(err)
	}
}

// What gopacket cannot decode is a packet that says so.
func TestUnknown(t *testing.T) {
	for _, link := range []sniffer.LinkType{sniffer.LinkLinuxSLL2, 147, sniffer.LinkEthernet} { // 276 is not 20
		p := gopackets.Packet(&sniffer.Frame{LinkType: link, Data: []byte{1, 2, 3}, Length: 9})
		if p.ErrorLayer() == nil || !p.Metadata().Truncated {
			t.Errorf("link type %d: %v", link, p)
		}
	}
}
