package sniffer_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

// One datagram behind each link type's header.
func TestLinkTypes(t *testing.T) {
	const datagram4 = "4500001d 00000000 40110000" + addrs4 + "0001 0002 0009 0000 61"
	const datagram6 = "60000000 0009 11 40" + addrs6 + "0001 0002 0009 0000 61"
	tests := []struct {
		name   string
		link   sniffer.LinkType
		header string
		v6     bool
		layers sniffer.Layers
		way    sniffer.Direction
	}{
		{"null, little endian", sniffer.LinkNull, "02000000", false, sniffer.Loopback, sniffer.Unknown},
		{"null, big endian, macOS", sniffer.LinkNull, "0000001e", true, sniffer.Loopback, sniffer.Unknown},
		{"loop, OpenBSD", sniffer.LinkLoop, "00000018", true, sniffer.Loopback, sniffer.Unknown},
		{"raw", sniffer.LinkRaw, "", false, 0, sniffer.Unknown},
		{"raw, IPv6", sniffer.LinkRaw, "", true, 0, sniffer.Unknown},
		{"IPv4", sniffer.LinkIPv4, "", false, 0, sniffer.Unknown},
		{"IPv6", sniffer.LinkIPv6, "", true, 0, sniffer.Unknown},
		{"SLL", sniffer.LinkLinuxSLL, "0000 0001 0006 02000000000b 0000 0800", false, sniffer.SLL, sniffer.In},
		{"SLL, sent, tagged", sniffer.LinkLinuxSLL, "0004 0001 0006 02000000000b 0000 8100 0005 86dd", true, sniffer.SLL | sniffer.VLAN, sniffer.Out},
		{"SLL2", sniffer.LinkLinuxSLL2, "86dd 0000 00000002 0001 04 06 02000000000b 0000", true, sniffer.SLL, sniffer.Out},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, layers := test.header+datagram4, test.layers|sniffer.IPv4|sniffer.UDP
			src := client1
			if test.v6 {
				text, layers, src = test.header+datagram6, test.layers|sniffer.IPv6|sniffer.UDP, client6
			}
			data := fixture.Bytes(t, text)
			p := sniffer.Packet{Frame: sniffer.Frame{LinkType: test.link, Data: data, Length: len(data)}}
			p.Decode()
			header := len(fixture.Bytes(t, test.header))
			if p.Err != nil || p.Layers != layers || p.Src != src || string(p.Payload) != "a" || p.NetworkOffset != header || p.Way() != test.way {
				t.Errorf("%+v", p)
			}
			if test.link == sniffer.LinkLinuxSLL && p.SrcMAC != macs.SrcMAC {
				t.Errorf("sender %v", p.SrcMAC)
			}
			if data[p.PayloadOffset] != 'a' || p.TransportOffset != p.PayloadOffset-8 {
				t.Errorf("offsets %d, %d", p.TransportOffset, p.PayloadOffset)
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		p := sniffer.Packet{Frame: sniffer.Frame{LinkType: 147, Data: bytes.Repeat([]byte{0xab}, 40), Length: 1500}}
		p.Decode()
		if line := string(sniffer.Notation{}.AppendLine(nil, &p)); p.Err != nil || line != "link-type=147 len=1500 "+strings.Repeat("ab", 32)+"... truncated=40/1500" {
			t.Error(p.Err, line)
		}
	})
}

// linkTypes are all that are decoded.
var linkTypes = []sniffer.LinkType{
	sniffer.LinkEthernet, sniffer.LinkNull, sniffer.LinkLoop, sniffer.LinkRaw, sniffer.LinkIPv4, sniffer.LinkIPv6, sniffer.LinkLinuxSLL, sniffer.LinkLinuxSLL2,
	sniffer.LinkPPP, sniffer.LinkPPPSerial, sniffer.LinkPPPoE, sniffer.LinkHDLC, sniffer.LinkWLAN, sniffer.LinkRadiotap, sniffer.LinkMPLS, sniffer.LinkNFLOG, sniffer.LinkPKTAP,
}

// Frames inside one another are decoded to a depth, and no deeper.
func TestManyFramesInside(t *testing.T) {
	data := fixture.Bytes(t, ethernet+"0800")
	header := fixture.Bytes(t, "4500ffff 00000000 40040000"+addrs4)
	for range 3000 {
		data = append(data, header...)
	}
	p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: 70000}}
	p.Decode()
	depth := 0
	for in := p.Inner; in != nil; in = in.Inner {
		depth++
	}
	if err := p.Innermost().Err; depth != 8 || err == nil || err.Error() != "more than 8 frames inside one another" {
		t.Errorf("%d frames, %v", depth, err)
	}
	// A copy has bytes of its own all the way in.
	copied, inner := p.Clone(), p.Inner
	clear(data)
	if in := copied.Inner; in.Data[0] != 0x45 || inner.Data[0] != 0 || copied.InnerOffset() != 34 {
		t.Errorf("the copy's inner frame begins with %#x at %d", in.Data[0], copied.InnerOffset())
	}
}

// fixed are the sizes of the fixed parts of headers; a layer is told only where
// they are there.
func checkLayers(t *testing.T, p *sniffer.Packet) {
	t.Helper()
	for _, h := range []struct {
		layer sniffer.Layers
		at    int
		size  int
	}{
		{sniffer.Ethernet, 0, 14}, {sniffer.ARP, p.NetworkOffset, 28}, {sniffer.RARP, p.NetworkOffset, 28},
		{sniffer.IPv4, p.NetworkOffset, 20}, {sniffer.IPv6, p.NetworkOffset, 40},
		{sniffer.TCP, p.TransportOffset, 20}, {sniffer.UDP, p.TransportOffset, 8},
		{sniffer.ICMPv4, p.TransportOffset, 8}, {sniffer.ICMPv6, p.TransportOffset, 4},
	} {
		if p.Has(h.layer) && (h.at+h.size > len(p.Data) || h.layer >= sniffer.ICMPv4 && h.layer <= sniffer.UDP && h.at == 0) {
			t.Fatalf("layer %b at %d of %d bytes", h.layer, h.at, len(p.Data))
		}
	}
	if in := p.Inner; in != nil {
		if at := p.InnerOffset(); at < 0 || at+len(in.Data) > len(p.Data) || len(in.Data) > in.Length {
			t.Fatalf("%d bytes at %d of %d, length %d", len(in.Data), at, len(p.Data), in.Length)
		}
		checkLayers(t, in)
	}
	if p.NetworkOffset > len(p.Data) || p.TransportOffset > len(p.Data) || p.PayloadOffset+len(p.Payload) > len(p.Data) {
		t.Fatalf("offsets %d, %d, %d of %d bytes", p.NetworkOffset, p.TransportOffset, p.PayloadOffset, len(p.Data))
	}
}

// Every frame of the test captures, cut at every byte, as every link type.
func TestEveryTruncation(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pcap*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var line []byte
	for _, file := range files {
		packets, _ := readFile(t, file)
		for i := range packets {
			for n := range len(packets[i].Data) + 1 {
				for _, link := range linkTypes {
					p := sniffer.Packet{Frame: packets[i].Frame}
					p.Data, p.LinkType = p.Data[:n], link
					p.Decode()
					checkLayers(t, &p)
					line = sniffer.Notation{}.AppendLine(line[:0], &p)
				}
			}
		}
	}
}

// A frame of nothing but tags costs no more than 64 headers.
func TestManyTags(t *testing.T) {
	data := fixture.Bytes(t, ethernet+"8100")
	for range 10000 {
		data = append(data, 0, 1, 0x81, 0)
	}
	p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: len(data)}}
	p.Decode()
	if p.Err == nil || p.Err.Error() != "more than 64 headers" || p.VLANID != 1 {
		t.Errorf("%v, VLAN %d", p.Err, p.VLANID)
	}
}
