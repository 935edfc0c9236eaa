package sniffer_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Headers that the fixtures share.
const (
	ethernet = "02000000000a 02000000000b "
	addrs4   = " 0a4d000b 0a4d000a "
	tcp      = `
		9c40 1b58           # 40000 > 7000
		00000001 00000002
		5018 0100 0000 0000 # PSH, ACK, window 256
	`
	addrs6 = " fd000000000000000000000000000011 fd000000000000000000000000000010 "
)

var (
	client1 = netip.MustParseAddr("10.77.0.11")
	server  = netip.MustParseAddr("10.77.0.10")
	client6 = netip.MustParseAddr("fd00::11")
	server6 = netip.MustParseAddr("fd00::10")
	macs    = sniffer.Packet{SrcMAC: sniffer.MAC{2, 0, 0, 0, 0, 11}, DstMAC: sniffer.MAC{2, 0, 0, 0, 0, 10}}
)

func TestDecode(t *testing.T) {
	with := func(layers sniffer.Layers, ether uint16, set func(p *sniffer.Packet)) sniffer.Packet {
		p := macs
		p.Layers, p.EtherType = layers, ether
		set(&p)
		return p
	}
	ip4 := func(p *sniffer.Packet, protocol uint8) {
		p.Src, p.Dst, p.TTL, p.Protocol = client1, server, 64, protocol
	}
	segment := func(p *sniffer.Packet, payload string) {
		p.SrcPort, p.DstPort, p.Seq, p.Ack, p.Flags, p.Window = 40000, 7000, 1, 2, sniffer.PSH|sniffer.ACK, 256
		p.Payload = []byte(payload)
	}
	tests := []struct {
		name, hex string
		want      sniffer.Packet
		err       string
	}{
		{"padding is no payload", ethernet + "0800 45000029 00004000 40060000" + addrs4 + tcp + "68 000000000000",
			with(sniffer.Ethernet|sniffer.IPv4|sniffer.TCP, 0x0800, func(p *sniffer.Packet) { ip4(p, 6); segment(p, "h") }), ""},
		{"UDP ends where it says", ethernet + "0800 4500001f 00000000 40110000" + addrs4 + "0001 0002 0009 0000 61 6262",
			with(sniffer.Ethernet|sniffer.IPv4|sniffer.UDP, 0x0800, func(p *sniffer.Packet) {
				ip4(p, 17)
				p.SrcPort, p.DstPort, p.Payload = 1, 2, []byte("a")
			}), ""},
		{"UDP longer than its datagram", ethernet + "0800 4500001d 00000000 40110000" + addrs4 + "0001 0002 0010 0000 61",
			with(sniffer.Ethernet|sniffer.IPv4|sniffer.UDP, 0x0800, func(p *sniffer.Packet) {
				ip4(p, 17)
				p.SrcPort, p.DstPort, p.Payload = 1, 2, []byte("a")
			}), "UDP: length 16, 9 bytes there"},
		{"two VLAN tags", ethernet + "88a8 0005 8100 0007 0800 4500001c 00000000 40010000" + addrs4 + "0800 0000 0102 0003",
			with(sniffer.Ethernet|sniffer.VLAN|sniffer.IPv4|sniffer.ICMPv4, 0x0800, func(p *sniffer.Packet) {
				ip4(p, 1)
				p.VLANID, p.ICMPType, p.ICMPID, p.ICMPSeq, p.Payload = 5, 8, 0x102, 3, []byte{}
			}), ""},
		{"ARP", ethernet + "0806 0001 0800 06 04 0002 02000000000b 0a4d000b 02000000000a 0a4d000a",
			with(sniffer.Ethernet|sniffer.ARP, 0x0806, func(p *sniffer.Packet) {
				p.ARPOperation, p.ARPSender, p.ARPTarget = 2, client1, server
				p.ARPSenderMAC, p.ARPTgtMAC = p.SrcMAC, p.DstMAC
			}), ""},
		{"ARP with lengths that overflow", ethernet + "0806 0001 0800 ff ff 0001 02000000000b 0a4d000b 02000000000a 0a4d000a",
			with(sniffer.Ethernet|sniffer.ARP, 0x0806, func(p *sniffer.Packet) { p.ARPOperation = 1 }), "ARP: length 1028, 28 bytes there"},
		{"ARP of another protocol", ethernet + "0806 0001 86dd 06 04 0001 02000000000b 0a4d000b 02000000000a 0a4d000a",
			with(sniffer.Ethernet|sniffer.ARP, 0x0806, func(p *sniffer.Packet) { p.ARPOperation = 1 }), "ARP: not IPv4 over Ethernet"},
		{"later fragment", ethernet + "0800 45000020 00012003 40110000" + addrs4 + "0001 0002 0010 0000 6162 6364",
			with(sniffer.Ethernet|sniffer.IPv4, 0x0800, func(p *sniffer.Packet) {
				ip4(p, 17)
				p.Fragment, p.MoreFragments, p.FragmentOffset, p.FragmentID = true, true, 24, 1
			}), ""},
		{"last fragment", ethernet + "0800 45000018 fffe1fff 40110000" + addrs4 + "61626364",
			with(sniffer.Ethernet|sniffer.IPv4, 0x0800, func(p *sniffer.Packet) {
				ip4(p, 17)
				p.Fragment, p.FragmentOffset, p.FragmentID = true, 65528, 0xfffe
			}), ""},
		{"first fragment", ethernet + "0800 45000020 00012000 40110000" + addrs4 + "0001 0002 0110 0000 6162 6364",
			with(sniffer.Ethernet|sniffer.IPv4|sniffer.UDP, 0x0800, func(p *sniffer.Packet) {
				ip4(p, 17)
				p.Fragment, p.MoreFragments, p.FragmentID = true, true, 1
				p.SrcPort, p.DstPort, p.Payload = 1, 2, []byte("abcd")
			}), ""},
		{"a fragment of a tunnel is not read", ethernet + "0800 45000028 00002000 40040000" + addrs4 + "45000014 00000000 40060000" + addrs4,
			with(sniffer.Ethernet|sniffer.IPv4, 0x0800, func(p *sniffer.Packet) { ip4(p, 4); p.Fragment, p.MoreFragments = true, true }), ""},
		{"IPv4 that says it is 6", ethernet + "0800 65000014 00000000 40060000" + addrs4,
			with(sniffer.Ethernet, 0x0800, func(*sniffer.Packet) {}), "IPv4: version 6"},
		{"IPv4 longer than the frame", ethernet + "0800 45000040 00000000 40060000" + addrs4 + tcp,
			with(sniffer.Ethernet|sniffer.IPv4|sniffer.TCP, 0x0800, func(p *sniffer.Packet) { ip4(p, 6); segment(p, "") }), "IPv4: total length 64, 40 bytes there"},
		{"IPv4 with a bad option", ethernet + "0800 46000018 00000000 40060000" + addrs4 + "44ff0000",
			with(sniffer.Ethernet|sniffer.IPv4, 0x0800, func(p *sniffer.Packet) { ip4(p, 6) }), "IPv4: "},
		{"IPv4 without a header", ethernet + "0800", with(sniffer.Ethernet, 0x0800, func(*sniffer.Packet) {}), "IPv4: no bytes"},
		{"IPv4 with a short header", ethernet + "0800 4500", with(sniffer.Ethernet, 0x0800, func(*sniffer.Packet) {}), "IPv4: "},
		{"TCP without a header", ethernet + "0800 45000014 00000000 40060000" + addrs4,
			with(sniffer.Ethernet|sniffer.IPv4, 0x0800, func(p *sniffer.Packet) { ip4(p, 6) }), "TCP: no bytes"},
		{"TCP with a bad option keeps its flags", ethernet + "0800 4500002c 00000000 40060000" + addrs4 +
			"9c40 1b58 00000001 00000002 6018 0100 0000 0000 02ff0000",
			with(sniffer.Ethernet|sniffer.IPv4|sniffer.TCP, 0x0800, func(p *sniffer.Packet) { ip4(p, 6); segment(p, ""); p.Payload = nil }), "TCP: "},
		{"IPv6 echo", ethernet + "86dd 60000000 0009 3a 40" + addrs6 + "8000 0000 0001 0002 61",
			with(sniffer.Ethernet|sniffer.IPv6|sniffer.ICMPv6, 0x86dd, func(p *sniffer.Packet) {
				p.Src, p.Dst, p.TTL, p.Protocol, p.ICMPType, p.ICMPID, p.ICMPSeq = client6, server6, 64, 58, 128, 1, 2
				p.Payload = []byte("a")
			}), ""},
		{"IPv6 fragment", ethernet + "86dd 60000000 0010 2c 40" + addrs6 + "11 00 0001 00000001 0001 0002 0100 0000",
			with(sniffer.Ethernet|sniffer.IPv6|sniffer.UDP, 0x86dd, func(p *sniffer.Packet) {
				p.Src, p.Dst, p.TTL, p.Protocol, p.SrcPort, p.DstPort = client6, server6, 64, 17, 1, 2
				p.Fragment, p.MoreFragments, p.FragmentID = true, true, 1
				p.Payload = []byte{}
			}), ""},
		{"later IPv6 fragment", ethernet + "86dd 60000000 000c 2c 40" + addrs6 + "11 00 05a8 89abcdef 61626364",
			with(sniffer.Ethernet|sniffer.IPv6, 0x86dd, func(p *sniffer.Packet) {
				p.Src, p.Dst, p.TTL, p.Protocol = client6, server6, 64, 17
				p.Fragment, p.FragmentOffset, p.FragmentID = true, 1448, 0x89abcdef
			}), ""},
		{"IPv6 fragment that is all", ethernet + "86dd 60000000 0010 2c 40" + addrs6 + "11 00 0000 00000005 0001 0002 0008 0000",
			with(sniffer.Ethernet|sniffer.IPv6|sniffer.UDP, 0x86dd, func(p *sniffer.Packet) {
				p.Src, p.Dst, p.TTL, p.Protocol, p.SrcPort, p.DstPort = client6, server6, 64, 17, 1, 2
				p.Payload = []byte{}
			}), ""},
		{"IPv6 hop-by-hop and padding", ethernet + "86dd 60000000 0011 00 40" + addrs6 + "11 00 0502 0000 0100 0001 0002 0009 0000 61 0000000000",
			with(sniffer.Ethernet|sniffer.IPv6|sniffer.UDP, 0x86dd, func(p *sniffer.Packet) {
				p.Src, p.Dst, p.TTL, p.Protocol, p.SrcPort, p.DstPort = client6, server6, 64, 17, 1, 2
				p.Payload = []byte("a")
			}), ""},
		{"802.3", ethernet + "0003 424203", with(sniffer.Ethernet, 3, func(*sniffer.Packet) {}), ""},
		{"other EtherType", ethernet + "88cc 0207", with(sniffer.Ethernet, 0x88cc, func(*sniffer.Packet) {}), ""},
		{"no Ethernet header", "0200", sniffer.Packet{}, "Ethernet: "},
		{"nothing", "", sniffer.Packet{}, "Ethernet: "},
	}
	// What another frame left in the decoder must not show.
	stain := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: fixture.Bytes(t, ethernet+"8100 0fff 0806 0001 0800 06 04 0002 ffffffffffff ffffffff ffffffffffff ffffffff")}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stain.Decode()
			data := fixture.Bytes(t, test.hex)
			p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: len(data)}, Number: 7, TTL: 99}
			p.Decode()
			switch {
			case test.err == "" && p.Err != nil:
				t.Errorf("error %v", p.Err)
			case test.err != "" && (p.Err == nil || !strings.HasPrefix(p.Err.Error(), test.err)):
				t.Errorf("error %v, want %s…", p.Err, test.err)
			}
			test.want.Frame, test.want.Number = p.Frame, 7
			if diff := cmp.Diff(test.want, p, cmpopts.EquateComparable(netip.Addr{}), cmpopts.IgnoreFields(sniffer.Packet{}, "Err", "NetworkOffset", "TransportOffset", "PayloadOffset"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A capture that kept only the headers is no malformed frame.
func TestDecodeCutBySnapshotLength(t *testing.T) {
	data := fixture.Bytes(t, ethernet+"0800 450005dc 00004000 40060000"+addrs4+tcp+"6869")
	p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: 1514}}
	p.Decode()
	if p.Err != nil || !p.Has(sniffer.TCP) || string(p.Payload) != "hi" {
		t.Errorf("layers %b, payload %q, error %v", p.Layers, p.Payload, p.Err)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	packets, _ := readFile(t, filepath.Join("testdata", "session-ns.pcap"))
	for i := range packets {
		p := &packets[i]
		if p.Dst.IsMulticast() { // the options of MLD's hop-by-hop header
			continue
		}
		if n := testing.AllocsPerRun(100, func() { p.Decode() }); n > 0 {
			t.Errorf("packet %d: %v allocations", p.Number, n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := fixture.Bytes(b, ethernet+"0800 4500002a 00004000 40060000"+addrs4+tcp+"6869")
	p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: len(data)}}
	b.ReportAllocs()
	for b.Loop() {
		p.Decode()
	}
}

func BenchmarkAppendLine(b *testing.B) {
	data := fixture.Bytes(b, ethernet+"0800 4500002a 00004000 40060000"+addrs4+tcp+"6869")
	p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: len(data)}}
	p.Decode()
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = sniffer.Notation{Names: hosts}.AppendLine(line[:0], &p)
	}
}

// Whatever is on the wire, decoding ends, its fields hold together, and its
// line is one line of text that cannot act on a terminal.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		ethernet + "0800 4500002a 00004000 40060000" + addrs4 + tcp + "6869",
		ethernet + "0806 0001 0800 06 04 0002 02000000000b 0a4d000b 02000000000a 0a4d000a",
		ethernet + "86dd 60000000 0011 00 40" + addrs6 + "11 00 0502 0000 0100 0001 0002 0009 0000 61",
		ethernet + "8100 0005 0800 4500001c 00000000 40010000" + addrs4 + "0800 0000 0102 0003",
		ethernet + "86dd 60000000 0020 3a ff" + addrs6 + "88 00 0000 60000000 fd000000000000000000000000000001 02 01 02000000000a",
		ethernet + "0800 45000018 00010001 40110000" + addrs4 + "61626364",
		ethernet + "86dd 60000000 0018 00 40" + addrs6 + "2c 00 0502 0000 0100  11 00 05a8 00000001 61626364",
	} {
		f.Add(fixture.Bytes(f, text), 2000, uint8(0))
	}
	for link, text := range map[uint8]string{
		8: "ff03 0021 4500001c 00000000 40010000" + addrs4 + "0800 0000 0102 0003", 10: "1100 0011 0002 c021", 11: "0f00 0800",
		12: "8802 0000 02000000000a 02000000000c 02000000000b 1000 0000 aaaa03 000000 0800", 13: "0000 0a00 02000000 1000 d400 0000 02000000000b",
		14: "00010140 45", 15: "0200 0005 0800 0100 0800 0100 2000 0900 45", 16: "49000000 01000000 01000000" + strings.Repeat("00", 61) + "02000000000a",
	} {
		f.Add(fixture.Bytes(f, text), 100, link)
	}
	for _, tunnel := range []string{"2f0000 2000 0800 00000005", "110000 9c40 12b5 003a 0000 08000000 00002a00", "110000 9c40 17c1 003e 0000 01006558 00002a00 01028000", "040000"} {
		f.Add(fixture.Bytes(f, ethernet+"0800 45000042 00000000 40"+strings.Replace(tunnel, "0000", "0000"+addrs4, 1)+"4500001c 00000000 40010000"+addrs4), 100, uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, length int, link uint8) {
		p := sniffer.Packet{Frame: sniffer.Frame{LinkType: linkTypes[int(link)%len(linkTypes)], Data: data, Length: max(len(data), length)}}
		p.Decode()
		checkLayers(t, &p)
		if len(p.Payload) > len(data) {
			t.Fatalf("payload of %d bytes in a frame of %d", len(p.Payload), len(data))
		}
		if n := len(p.FragmentData()); n > 0 && !p.Fragment || n > len(data) {
			t.Fatalf("%d bytes of a fragment in a frame of %d", n, len(data))
		}
		if (p.Has(sniffer.TCP) || p.Has(sniffer.UDP)) && !(p.Src.IsValid() && p.Dst.IsValid()) {
			t.Fatalf("ports without addresses: layers %b", p.Layers)
		}
		if line := string(sniffer.Notation{Names: hosts}.AppendLine(nil, &p)); safetext.Escape(line) != line {
			t.Fatalf("the line %q", line)
		}
	})
}
