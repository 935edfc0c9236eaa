package render

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wirelab/internal/lang"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
	"wirelab/sniffer/stream"

	"golang.org/x/tools/txtar"
)

// spoken is a packet between two ends, of which text is the payload.
type spoken struct {
	src, dst string
	flags    sniffer.TCPFlags // 0 is UDP
	seq      uint32
	text     string
}

func (s spoken) packet(number int) sniffer.Packet {
	src, dst := netip.MustParseAddrPort(s.src), netip.MustParseAddrPort(s.dst)
	ports := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, src.Port()), dst.Port())
	protocol, header := byte(6), binary.BigEndian.AppendUint32(ports, s.seq)
	header = append(header, 0, 0, 0, 0, 5<<4, byte(s.flags), 1, 0, 0, 0, 0, 0)
	if s.flags == 0 {
		protocol, header = 17, append(binary.BigEndian.AppendUint16(ports, uint16(8+len(s.text))), 0, 0)
	}
	b := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(header)+len(s.text)))
	b = append(append(append(b, 0, 0, 0, 0, 64, protocol, 0, 0), src.Addr().AsSlice()...), dst.Addr().AsSlice()...)
	b = append(append(b, header...), s.text...)
	p := sniffer.Packet{Number: number, Frame: sniffer.Frame{
		Data: b, Length: len(b), LinkType: sniffer.LinkIPv4, Time: time.Date(2026, 3, 1, 12, 0, number, 0, time.UTC),
	}}
	p.Decode()
	return p
}

func tell(t *testing.T, o Options, all ...spoken) []byte {
	t.Helper()
	var c stream.Conversations
	for i, s := range all {
		p := s.packet(i + 1)
		c.Add(&p)
	}
	var b bytes.Buffer
	if err := Streams(&b, c.All(), o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestStreams shows conversations as they are printed.
func TestStreams(t *testing.T) {
	const (
		client, other, server = "10.77.0.11:40000", "10.77.0.12:5000", "10.77.0.10:7000"
		syn, psh, fin         = sniffer.SYN, sniffer.PSH | sniffer.ACK, sniffer.FIN | sniffer.ACK
	)
	all := []spoken{
		{client, server, syn, 99, ""},
		{server, client, syn | sniffer.ACK, 499, ""},
		{client, server, psh, 100, "hello, 伺服器\r\ntwo lines\n\nand a half"},
		{other, server, 0, 0, "a datagram\n"},
		{other, server, 0, 0, "another\nof two lines"},
		{server, other, 0, 0, ""},
		{server, client, psh, 500, "hel"},
		{server, client, psh, 503, "lo\n"},
		{server, client, psh, 513, "\x1b[2J\x00\xff\t\u202e"},
		{client, server, psh, 100 + 39, " one\n"},
		{client, server, fin, 145, ""},
		{"10.77.0.11:1", "10.77.0.11:2", psh, 7, "to itself"},
		{"10.77.0.11:3", "10.77.0.10:4", psh, 7, ""},
	}
	named := Options{Names: hosts, UTC: true}
	chinese, coloured := named, named
	chinese.Lang, coloured.Colour = lang.Chinese, true
	var a txtar.Archive
	for _, o := range []struct {
		section string
		Options
	}{{"addresses", Options{UTC: true}}, {"names", named}, {"Chinese", chinese}, {"colour", coloured}} {
		text := tell(t, o.Options, all...)
		checkText(t, o.section, text)
		a.Files = append(a.Files, txtar.File{Name: o.section, Data: bytes.ReplaceAll(text, []byte("\x1b"), []byte("ESC"))})
	}
	fixture.Golden(t, filepath.Join("testdata", "streams.txt"), txtar.Format(&a))
}

// No row is longer than a person reads, however long a line is, and none of it is lost.
func TestLongRows(t *testing.T) {
	line := strings.Repeat("字", 3000)
	text := string(tell(t, Options{}, spoken{"10.0.0.1:1", "10.0.0.2:2", 0, 0, line}))
	said := ""
	for row := range strings.Lines(text[strings.Index(text, "\n")+1:]) {
		if len(row) > maxRow+64 {
			t.Errorf("a row of %d bytes", len(row))
		}
		said += strings.TrimSpace(row[strings.Index(row, "  ")+2:])
	}
	if got := strings.Count(said, "字"); got != 3000 {
		t.Errorf("%d characters of 3000", got)
	}
}
