package render

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/sniffer"
)

func TestLadder(t *testing.T) {
	client, server, far := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")
	names := sniffer.Names{client: "client", server: "伺服器", far: "far"}
	at := func(us int64) sniffer.Frame { return sniffer.Frame{Time: time.UnixMicro(us)} }
	packets := []sniffer.Packet{
		{Frame: at(5), Number: 1, Layers: sniffer.Ethernet | sniffer.IPv4 | sniffer.UDP, Src: client, Dst: far, DstPort: 9},
		{Frame: at(10), Number: 2, Layers: sniffer.Ethernet | sniffer.ARP, DstMAC: sniffer.Broadcast, ARPOperation: sniffer.ARPRequest, ARPSender: server, ARPTarget: far},
		{Frame: at(1510), Number: 3, Layers: sniffer.Ethernet | sniffer.IPv4 | sniffer.ICMPv4, Src: client, Dst: far, ICMPType: sniffer.ICMPEchoRequest, ICMPSeq: 1},
		{Frame: at(1600), Number: 4, Layers: sniffer.Ethernet | sniffer.IPv4 | sniffer.ICMPv4, Src: far, Dst: server, ICMPType: sniffer.ICMPEchoReply, ICMPSeq: 1},
		{Frame: at(1700), Number: 5, Layers: sniffer.Ethernet | sniffer.IPv4 | sniffer.ICMPv4, Src: netip.MustParseAddr("192.0.2.1"), Dst: server},
		{Frame: at(1800), Number: 6, Layers: sniffer.Ethernet | sniffer.IPv4 | sniffer.UDP, Src: client, Dst: server, SrcPort: 5, DstPort: 6, Payload: []byte("hi \x1b[2J")},
	}
	ladder := Ladder{
		Lanes: []string{"client", "伺服器", "far"}, Names: names, Texts: []string{"\x1b[2J"},
		Label: func(p *sniffer.Packet) string {
			if p.DstPort == 9 {
				return "start"
			}
			return ""
		},
	}
	var got strings.Builder
	if err := ladder.Text(&got, packets); err != nil {
		t.Fatal(err)
	}
	want := `    #         ms  client        伺服器        far
                  ┄┄┄┄┄┄┄┄┄┄┄ start ┄┄┄┄┄┄┄┄┄┄┄
    2      0.000  ◀─────────────●─────────────▶  who-has far
    3      1.500  ●─────────────┼─────────────▶  echo-request seq=1
    4      1.590  │             ◀─────────────●  echo-reply seq=1
    6      1.790  ●─────────────▶             │  udp len=7 "\x1b[2J"
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
