package sniffer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
	"wirelab/sniffer/pcapfile"

	"github.com/google/go-cmp/cmp"
)

var hosts = sniffer.Names{
	netip.MustParseAddr("10.77.0.10"): "server",
	netip.MustParseAddr("10.77.0.11"): "client1",
	netip.MustParseAddr("fd00::10"):   "server",
}

// readFile returns the decoded packets of a capture, and the reader at its end.
func readFile(t *testing.T, path string) ([]sniffer.Packet, *pcapfile.Reader) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := pcapfile.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var packets []sniffer.Packet
	for {
		frame, err := r.Next()
		if errors.Is(err, io.EOF) {
			return packets, r
		}
		if err != nil {
			t.Fatal(err)
		}
		frame.Data = bytes.Clone(frame.Data)
		p := sniffer.Packet{Frame: frame, Number: len(packets) + 1}
		p.Decode()
		packets = append(packets, p)
	}
}

// One session, captured by tcpdump and by dumpcap at the same time in the
// formats that they know, reads alike.
func TestNotationOfCaptures(t *testing.T) {
	for file, golden := range map[string]string{
		"session-us.pcap":       "session.txt",        // tcpdump -w
		"session-ns.pcap":       "session.txt",        // tcpdump -w --time-stamp-precision=nano
		"session.pcapng":        "session.txt",        // dumpcap -w
		"session-snap60.pcapng": "session-snap60.txt", // editcap -s 60
	} {
		t.Run(file, func(t *testing.T) {
			packets, _ := readFile(t, filepath.Join("testdata", file))
			var got []byte
			for i := range packets {
				got = append(sniffer.Notation{Names: hosts}.AppendLine(got, &packets[i]), '\n')
			}
			fixture.Golden(t, filepath.Join("testdata", golden), got)
		})
	}
}

// What the kernel's counters of a real capture say.
func TestStatisticsOfDumpcap(t *testing.T) {
	packets, r := readFile(t, filepath.Join("testdata", "session.pcapng"))
	s, ok := r.Statistics()
	if !ok || s.Received != uint64(len(packets)) || s.Dropped != 0 {
		t.Errorf("%+v, %v: want %d received and none dropped", s, ok, len(packets))
	}
	for file := range map[string]bool{"session-us.pcap": true, "session-snap60.pcapng": true} {
		if _, r := readFile(t, filepath.Join("testdata", file)); r != nil {
			if s, ok := r.Statistics(); ok {
				t.Errorf("%s has statistics %+v", file, s)
			}
		}
	}
}

// tshark reads the same fields from the same frames.
func TestTsharkAgrees(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", "tshark is not installed")
	}
	path := filepath.Join("testdata", "session.pcapng")
	fields := []string{
		"eth.src", "eth.dst", "arp.opcode", "arp.src.proto_ipv4", "arp.dst.proto_ipv4",
		"ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "icmp.type", "icmp.code", "icmpv6.type",
		"tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.window_size_value",
		"udp.srcport", "udp.dstport",
	}
	args := []string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=f", "-o", "ip.defragment:FALSE"}
	for _, field := range fields {
		args = append(args, "-e", field)
	}
	out, err := exec.Command(tshark, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	packets, _ := readFile(t, path)
	var got []string
	for i := range packets {
		got = append(got, strings.Join(fieldsOf(&packets[i]), "\t"))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("fields %v (-tshark +wirelab)\n%s", fields, d)
	}
}

// fieldsOf writes the fields of TestTsharkAgrees as tshark does.
func fieldsOf(p *sniffer.Packet) []string {
	f := make([]string, 20)
	f[0], f[1] = p.SrcMAC.String(), p.DstMAC.String()
	if p.Has(sniffer.ARP) {
		f[2], f[3], f[4] = fmt.Sprint(p.ARPOperation), p.ARPSender.String(), p.ARPTarget.String()
	}
	if p.Has(sniffer.IPv4) {
		f[5], f[6] = p.Src.String(), p.Dst.String()
	}
	if p.Has(sniffer.IPv6) {
		f[7], f[8] = p.Src.String(), p.Dst.String()
	}
	if p.Has(sniffer.ICMPv4) {
		f[9], f[10] = fmt.Sprint(p.ICMPType), fmt.Sprint(p.ICMPCode)
		if p.ICMPType == sniffer.ICMPUnreachable { // tshark reads the packet in it too
			f[18], f[19] = "5000", "7002"
		}
	}
	if p.Has(sniffer.ICMPv6) {
		f[11] = fmt.Sprint(p.ICMPType)
	}
	if p.Has(sniffer.TCP) {
		f[12], f[13], f[14] = fmt.Sprint(p.SrcPort), fmt.Sprint(p.DstPort), fmt.Sprintf("0x%04x", uint8(p.Flags))
		f[15], f[16], f[17] = fmt.Sprint(p.Seq), fmt.Sprint(p.Ack), fmt.Sprint(p.Window)
	}
	if p.Has(sniffer.UDP) {
		f[18], f[19] = fmt.Sprint(p.SrcPort), fmt.Sprint(p.DstPort)
	}
	return f
}

func TestAppendLine(t *testing.T) {
	host := netip.MustParseAddr("10.77.0.10")
	other := netip.MustParseAddr("10.77.0.11")
	mac := sniffer.MAC{2, 0, 0, 0, 0, 11}
	arp := func(p sniffer.Packet) sniffer.Packet {
		p.Layers, p.SrcMAC, p.ARPSenderMAC = sniffer.Ethernet|sniffer.ARP, mac, mac
		return p
	}
	ip := func(layers sniffer.Layers, p sniffer.Packet) sniffer.Packet {
		p.Layers, p.Src, p.Dst = sniffer.Ethernet|sniffer.IPv4|layers, other, host
		return p
	}
	tests := []struct {
		name   string
		packet sniffer.Packet
		want   string
	}{
		{"probe", arp(sniffer.Packet{ARPOperation: 1, DstMAC: mac, ARPSender: other, ARPTarget: host}), "client1 > server probe server"},
		{"who-has before an address", arp(sniffer.Packet{ARPOperation: 1, DstMAC: sniffer.Broadcast, ARPSender: netip.IPv4Unspecified(), ARPTarget: host}), "02:00:00:00:00:0b > * who-has server"},
		{"gratuitous reply", arp(sniffer.Packet{ARPOperation: 2, DstMAC: sniffer.Broadcast, ARPSender: host, ARPTarget: host}), "server > * is-at server"},
		{"SYN with ECN", ip(sniffer.TCP, sniffer.Packet{SrcPort: 1, DstPort: 2, Flags: sniffer.SYN | sniffer.ECE | sniffer.CWR}), "client1:1 > server:2 SYN ECE CWR seq=0"},
		{"reset", ip(sniffer.TCP, sniffer.Packet{SrcPort: 1, DstPort: 2, Flags: sniffer.RST}), "client1:1 > server:2 RST"},
		{"FIN with data", ip(sniffer.TCP, sniffer.Packet{SrcPort: 1, DstPort: 2, Flags: sniffer.FIN | sniffer.PSH | sniffer.ACK, Payload: []byte("x")}), "client1:1 > server:2 FIN PSH ACK len=1"},
		{"no flags", ip(sniffer.TCP, sniffer.Packet{SrcPort: 1, DstPort: 2}), "client1:1 > server:2 none"},
		{"empty datagram", ip(sniffer.UDP, sniffer.Packet{SrcPort: 1, DstPort: 2}), "client1:1 > server:2 udp len=0"},
		{"unreachable", ip(sniffer.ICMPv4, sniffer.Packet{ICMPType: 3, ICMPCode: 13}), "client1 > server administratively-prohibited"},
		{"unknown ICMP", ip(sniffer.ICMPv4, sniffer.Packet{ICMPType: 200, ICMPCode: 7}), "client1 > server icmp type=200 code=7"},
		{"other protocol", ip(0, sniffer.Packet{Protocol: 89}), "client1 > server ip-protocol=89"},
		{"other EtherType", sniffer.Packet{Frame: sniffer.Frame{Data: make([]byte, 60), Length: 60}, Layers: sniffer.Ethernet, SrcMAC: mac, DstMAC: sniffer.Broadcast, EtherType: 0x88cc, NetworkOffset: 14}, "02:00:00:00:00:0b > * 0x88cc len=46"},
		{"RARP request", sniffer.Packet{Layers: sniffer.Ethernet | sniffer.RARP, DstMAC: sniffer.Broadcast, ARPOperation: 3, ARPSender: netip.IPv4Unspecified(), ARPTarget: netip.IPv4Unspecified(), ARPSenderMAC: mac, ARPTgtMAC: mac}, "02:00:00:00:00:0b > * rarp-request 02:00:00:00:00:0b"},
		{"RARP reply", sniffer.Packet{Layers: sniffer.Ethernet | sniffer.RARP, DstMAC: mac, ARPOperation: 4, ARPSender: host, ARPTarget: other, ARPTgtMAC: mac}, "server > 02:00:00:00:00:0b rarp-reply client1"},
		{"802.3", sniffer.Packet{Frame: sniffer.Frame{Data: make([]byte, 60), Length: 60}, Layers: sniffer.Ethernet, SrcMAC: mac, DstMAC: mac, EtherType: 39, NetworkOffset: 14}, "02:00:00:00:00:0b > 02:00:00:00:00:0b llc len=46"},
		{"VLAN", func() sniffer.Packet {
			p := ip(sniffer.UDP, sniffer.Packet{SrcPort: 1, DstPort: 2, VLANID: 5})
			p.Layers |= sniffer.VLAN
			return p
		}(), "client1:1 > server:2 udp len=0 vlan=5"},
		{"no header", sniffer.Packet{Frame: sniffer.Frame{Data: make([]byte, 3), Length: 3}, Err: errors.New("Ethernet: too small")}, "frame len=3 malformed: Ethernet: too small"},
		{"hostile error", sniffer.Packet{Err: errors.New("\x1b[2J")}, `frame len=0 malformed: \x1b[2J`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(sniffer.Notation{Names: hosts}.AppendLine(nil, &test.packet)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("hostile name", func(t *testing.T) {
		p := ip(sniffer.UDP, sniffer.Packet{})
		got := string(sniffer.Notation{Names: sniffer.Names{other: "a\x1b]0;b\u202e"}}.AppendLine(nil, &p))
		if want := `a\x1b]0;b\u202e:0 > 10.77.0.10:0 udp len=0`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("IPv6, no names", func(t *testing.T) {
		p := sniffer.Packet{Layers: sniffer.IPv6 | sniffer.UDP, Src: netip.MustParseAddr("fe80::1"), Dst: netip.MustParseAddr("ff02::fb"), SrcPort: 5353, DstPort: 5353}
		got := string(sniffer.Notation{}.AppendLine([]byte("7 "), &p))
		if want := "7 [fe80::1]:5353 > [ff02::fb]:5353 udp len=0"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
