package render

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"wirelab/internal/lang"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

// testFrame is a frame as bytes: a header field group a line.
type testFrame struct {
	name string
	link sniffer.LinkType
	cut  int // bytes that the capture left out
	hex  string
}

// frames are one of each kind.
var frames = []testFrame{
	{"tcp", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		45b8 0041 0001 4000 40 06 2642 # DSCP EF
		0a4d000b 0a4d000a
		9c40 1b58 00000001 00000002
		8018 0100 1234 0000            # 32 bytes of header, PSH, ACK
		0101 080a 00000005 00000006    # NOP, NOP, timestamps
		68656c6c6f2c20e4bda0e5a5bd 0a  # hello, 你好
	`},
	{"syn", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 003c 0001 4000 40 06 2643
		0a4d000b 0a4d000a
		9c40 1b58 00000001 00000000
		a002 faf0 1234 0000
		0204 05b4 0402 080a 00000005 00000000 01 030307 # MSS, SACK permitted, timestamps, NOP, window scale
	`},
	{"arp", sniffer.LinkEthernet, 0, `
		ffffffffffff 02000000000b 0806
		0001 0800 06 04 0001           # Ethernet, IPv4, request
		02000000000b 0a4d000b
		000000000000 0a4d000a
		000000000000000000000000000000000000 # padding
	`},
	{"rarp", sniffer.LinkEthernet, 0, `
		ffffffffffff 02000000000b 8035
		0001 0800 06 04 0003           # reverse request
		02000000000b 00000000
		02000000000b 00000000
	`},
	{"rarp-reply", sniffer.LinkEthernet, 0, `
		02000000000b 02000000000a 8035
		0001 0800 06 04 0004
		02000000000a 0a4d000a
		02000000000b 0a4d000b
	`},
	{"xns", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0600
		ffff 0022 00 05                # XNS IDP: no checksum, length, hops, packet exchange
		00000001 02000000000a 0451
		00000001 02000000000b 0451
		0000 0000
	`},
	{"ip-options", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4b00 0038 0001 0000 40 01 0000 # 44 bytes of header
		0a4d000b 0a4d000a
		94040000                       # Router Alert
		01                             # NOP
		070b08 0a4d000b 00000000       # Record Route
		8307040a4d0063                 # LSRR
		00                             # EOL
		0800 f7fe 0001 0001            # echo request
		6162 6364
	`},
	{"unknown-protocol", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0018 0001 0000 40 c8 0000 # protocol 200
		0a4d000b 0a4d000a
		01020304
	`},
	{"unknown-ethertype", sniffer.LinkEthernet, 0, `
		0180c200000e 02000000000b 88cc # LLDP
		0207 04 02000000000b 0000
	`},
	{"llc", sniffer.LinkEthernet, 0, `
		0180c2000000 02000000000b 0026 # 802.3, a length: spanning tree
		424203 0000 00 00 00 8000020000000001 00000000 8000020000000001 8001 0000 1400 0200 0f00
		0000000000000000
	`},
	{"ipv6", sniffer.LinkEthernet, 0, `
		333300000016 02000000000b 86dd
		6b8 12345 0024 00 01           # traffic class 0xb8, flow label, hop-by-hop
		fe80000000000000000000fffe00000b
		ff020000000000000000000000000016
		3a 00 05020000 0100            # Router Alert, PadN
		8f00 0000 0000 0001            # MLDv2 report
		04000000 ff0200000000000000000001ff00000b
	`},
	{"neighbor", sniffer.LinkEthernet, 0, `
		3333ff00000a 02000000000b 86dd
		60000000 0020 3a ff
		fe80000000000000000000fffe00000b
		ff0200000000000000000001ff00000a
		8700 0000 00000000
		fd000000000000000000000000000010
		0101 02000000000b
	`},
	{"echo6", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 86dd
		60000000 000a 3a 40
		fd000000000000000000000000000011 fd000000000000000000000000000010
		8000 0000 0001 0002 6162
	`},
	{"tcp-malformed-option", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 002c 0001 4000 40 06 0000
		0a4d000b 0a4d000a
		9c40 1b58 00000001 00000000 6002 faf0 0000 0000
		02 ff 05b4                     # an MSS option of 255 bytes
	`},
	{"ipv6-fragment", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 86dd
		60000000 0010 2c 40
		fd000000000000000000000000000011 fd000000000000000000000000000010
		11 00 05a8 00000007            # a later fragment
		6162636465666768
	`},
	{"vlan", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 88a8
		2005 8100                      # priority 1, 5
		0007 0800                      # 7
		4500 001f 0001 0000 40 11 0000
		0a4d000b 0a4d000a
		1388 1b59 000b 0000 616263
	`},
	{"fragment", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0020 0001 2000 40 11 0000 # more fragments
		0a4d000b 0a4d000a
		1388 1b59 0110 0000 61626364
	`},
	{"malformed", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0040 0001 0000 40 06 0000 # 64 bytes, of which 40 are there
		0a4d000b 0a4d000a
		9c40 1b58 00000001 00000002 5010 0100 0000 0000
	`},
	{"malformed-option", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4600 0018 0001 0000 40 06 0000
		0a4d000b 0a4d000a
		44ff 0000                      # a timestamp option of 255 bytes
	`},
	{"short", sniffer.LinkEthernet, 0, `02000000000a 0200`},
	{"truncated", sniffer.LinkEthernet, 1460, `
		02000000000a 02000000000b 0800
		4500 05dc 0001 4000 40 06 0000
		0a4d000b 0a4d000a
		9c40 1b58 00000001 00000002 5010 0100 0000 0000
	`},
	// An escape sequence that clears the screen, an 8-bit one, a bidi override,
	// quotes, what is no UTF-8, and markup.
	{"hostile", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0039 0001 0000 40 11 0000
		0a4d0063 0a4d000a
		1388 1b59 0025 0000
		1b5b324a c29b324a e280ae 22275c ff00 7f 3c2f7376673e 0d0a09 efbfbe
	`},
	{"raw", sniffer.LinkRaw, 0, `
		4500 001c 0001 0000 40 01 0000
		0a4d000b 0a4d000a
		0301 0000 00000000             # host unreachable
	`},
	{"sll", sniffer.LinkLinuxSLL, 0, `
		0004 0001 0006 02000000000b 0000 0800
		4500 001c 0001 0000 40 01 0000
		0a4d000b 0a4d000a
		0800 0000 0001 0002
	`},
	{"sll2", sniffer.LinkLinuxSLL2, 0, `
		0806 0000 00000002 0001 01 06 02000000000b 0000
		0001 0800 06 04 0001 02000000000b 0a4d000b 000000000000 0a4d000a
	`},
	{"null", sniffer.LinkNull, 0, `
		02000000
		4500 001c 0001 0000 40 01 0000
		7f000001 7f000001
		0800 0000 0001 0002
	`},
	{"ports-only", sniffer.LinkEthernet, 26, `
		02000000000a 02000000000b 0800
		4500 003c 0001 4000 40 06 0000
		0a4d000b 0a4d000a
		9c40 1b58 00000001
	`},
	{"gre", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0038 0001 0000 40 2f 0000 0a4d000b 0a4d000a
		2000 0800 00000005              # GRE: a key
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"gre-unknown", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 001c 0001 0000 40 2f 0000 0a4d000b 0a4d000a
		0000 88be 01020304              # GRE: ERSPAN
	`},
	{"gre-bridged", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0046 0001 0000 40 2f 0000 0a4d000b 0a4d000a
		8000 6558 0000 0000             # GRE: a checksum
		020000000003 020000000004 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"ip-in-ip", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0030 0001 0000 40 04 0000 0a4d000b 0a4d000a
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"ip6-in-ip", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0045 0001 0000 40 29 0000 0a4d000b 0a4d000a
		60000000 0009 11 40 fd000000000000000000000000000011 fd000000000000000000000000000010 0001 0002 0009 0000 61
	`},
	{"ip-in-ip6", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 86dd
		60000000 001c 04 40 fd000000000000000000000000000011 fd000000000000000000000000000010
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"vxlan", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 004e 0001 0000 40 11 0000 0a4d000b 0a4d000a
		9c40 12b5 003a 0000
		08000000 00002a 00              # VNI 42
		020000000003 020000000004 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"vxlan-malformed-inside", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0038 0001 0000 40 11 0000 0a4d000b 0a4d000a
		9c40 12b5 0024 0000
		08000000 00002a 00
		020000000003 020000000004 0800 65000000 0000
	`},
	{"geneve", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 0800
		4500 0052 0001 0000 40 11 0000 0a4d000b 0a4d000a
		9c40 17c1 003e 0000
		01 00 6558 00002a 00 0102 80 00 # VNI 42, an option
		020000000003 020000000004 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"mpls", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 8847
		00010040 00011340                # labels 16 and 17
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"mpls-pseudowire", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 8847
		00012140 00000000                # label 18, control word
		000c29000003 000c29000004 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"mpls-ethernet", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 8847
		00012140
		000c29000003 000c29000004 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"vlan-mpls", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 8100 0005 8847
		00010140
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"pppoe", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 8864
		11 00 0011 001e 0021            # session 17
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
		0000                            # padding
	`},
	{"pppoe-discovery", sniffer.LinkEthernet, 0, `
		ffffffffffff 02000000000b 8863
		11 09 0000 0004 0101 0000
	`},
	{"ppp", sniffer.LinkPPP, 0, `
		ff03 0057
		60000000 0009 11 40 fd000000000000000000000000000011 fd000000000000000000000000000010 0001 0002 0009 0000 61
	`},
	{"ppp-lcp", sniffer.LinkPPP, 0, `
		c021 01 01 0004
	`},
	{"hdlc", sniffer.LinkHDLC, 0, `
		0f00 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"hdlc-keepalive", sniffer.LinkHDLC, 0, `
		8f00 8035
		00000002 00000001 00000000 ffff
	`},
	{"ppp-serial", sniffer.LinkPPPSerial, 0, `
		ff03 0021
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"ppp-ether", sniffer.LinkPPPoE, 0, `
		1100 0011 001e 0021
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"radiotap", sniffer.LinkRadiotap, 0, `
		00 00 0a00 02000000 10 00      # flags: FCS
		8802 0000 02000000000a 02000000000c 02000000000b 1000 0000 # QoS data, from an access point
		aaaa03 000000 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
		deadbeef
	`},
	{"wlan-beacon", sniffer.LinkWLAN, 0, `
		8000 0000 ffffffffffff 02000000000b 02000000000b 1000
		0000000000000000 6400 0104 0003 6c6162
	`},
	{"wlan-ack", sniffer.LinkWLAN, 0, `
		d400 0000 02000000000b
	`},
	{"wlan-protected", sniffer.LinkWLAN, 0, `
		0841 0000 02000000000c 02000000000b 02000000000a 1000 0000002000000000 0102030405060708090a0b0c
	`},
	{"nflog", sniffer.LinkNFLOG, 0, `
		02 00 0005
		0800 0100 0800 0100
		2000 0900
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"pktap", sniffer.LinkPKTAP, 0, `
		6c0000000100000001000000656e3000000000000000000000000000000000000000000002000000020000000e000000000000002a0000006e630000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
		020000000003 020000000004 0800
		4500 001c 0002 0000 40 01 0000 c0a80001 c0a80002 0800 0000 0001 0002
	`},
	{"ah", sniffer.LinkEthernet, 0, `
		02000000000a 02000000000b 86dd
		60000000 0021 33 40 fd000000000000000000000000000011 fd000000000000000000000000000010
		11 04 0000 00000001 00000001 000000000000000000000000 # AH
		0001 0002 0009 0000 61
	`},
	{"truncated-tunnel", sniffer.LinkEthernet, 1000, `
		02000000000a 02000000000b 0800
		4500 041c 0001 0000 40 2f 0000 0a4d000b 0a4d000a
		0000 0800
		4500 0404 0002 0000 40 11 0000 c0a80001 c0a80002 1388 1b59 03f0 0000
	`},
}

// hosts has a name that would act on a terminal.
var hosts = sniffer.Names{
	netip.MustParseAddr("10.77.0.10"): "伺服器",
	netip.MustParseAddr("10.77.0.11"): "client1",
	netip.MustParseAddr("fd00::10"):   "server6",
	netip.MustParseAddr("fd00::11"):   "client6",
	netip.MustParseAddr("10.77.0.99"): "a\x1b[2J\"<b>\u202e",
}

// packets are the frames, decoded, a millisecond and a quarter apart.
func packets(t testing.TB) []sniffer.Packet {
	t.Helper()
	return decoded(t, frames)
}

func decoded(t testing.TB, frames []testFrame) []sniffer.Packet {
	t.Helper()
	start := time.Date(2026, 2, 28, 23, 59, 59, 987654321, time.UTC)
	var all []sniffer.Packet
	for i, f := range frames {
		data := fixture.Bytes(t, f.hex)
		p := sniffer.Packet{Number: i + 1, Frame: sniffer.Frame{
			Time: start.Add(time.Duration(i) * 1250 * time.Microsecond), Data: data, Length: len(data) + f.cut, LinkType: f.link,
		}}
		p.Decode()
		all = append(all, p)
	}
	return all
}

// TestGolden shows every frame in every output.
func TestGolden(t *testing.T) {
	golden(t, frames)
	golden(t, carriedFrames)
}

func golden(t *testing.T, frames []testFrame) {
	t.Helper()
	named := Options{Names: hosts, UTC: true}
	chinese := named
	chinese.Lang = lang.Chinese
	coloured := named
	coloured.Colour = true
	coloured.InterfaceName = func(int) string { return "eth0" }
	printers := []struct {
		section string
		Printer
	}{
		{"line", NewLine(Options{UTC: true})},
		{"line, names and colour", NewLine(coloured)},
		{"note", NewNote(named)},
		{"note in Chinese", NewNote(chinese)},
		{"fields", NewFields(named)},
		{"json", NewJSON(coloured)},
	}
	for i, p := range decoded(t, frames) {
		name := frames[i].name
		t.Run(name, func(t *testing.T) {
			var a txtar.Archive
			for _, printer := range printers {
				text := printer.Append(nil, &p)
				if checkText(t, printer.section, text); strings.Contains(printer.section, "colour") {
					text = []byte(strings.ReplaceAll(string(text), "\x1b", "ESC"))
				}
				a.Files = append(a.Files, txtar.File{Name: printer.section, Data: text})
			}
			fixture.Golden(t, filepath.Join("testdata", name+".txt"), txtar.Format(&a))
		})
	}
}
