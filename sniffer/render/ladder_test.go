package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/lang"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

// session is a short talk between three hosts, one of whose names is wide,
// with a text that would clear a screen.
func session() (Ladder, []sniffer.Packet) {
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
	return Ladder{
		Lanes: []string{"client", "伺服器", "far"}, Names: names, Texts: []string{"\x1b[2J"},
		Label: func(p *sniffer.Packet) string {
			if p.DstPort == 9 {
				return "start"
			}
			return ""
		},
	}, packets
}

func TestLadder(t *testing.T) {
	ladder, packets := session()
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

func TestLadderASCII(t *testing.T) {
	ladder, packets := session()
	ladder.ASCII, ladder.Colour = true, true
	var got strings.Builder
	if err := ladder.Text(&got, packets); err != nil {
		t.Fatal(err)
	}
	want := `    #         ms  client        伺服器        far
                  ........... start ...........
    2      0.000  [Y]<-------------o------------->[0]  [Y]who-has far[0]
    3      1.500  [M]o-------------+------------->[0]  [M]echo-request seq=1[0]
    4      1.590  |             [M]<-------------o[0]  [M]echo-reply seq=1[0]
    6      1.790  [C]o------------->[0]             |  [C]udp len=7 "\x1b[2J"[0]
`
	text := strings.NewReplacer(sgrReset, "[0]", sgrYellow, "[Y]", sgrMagenta, "[M]", sgrCyan, "[C]").Replace(got.String())
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(text, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A whole capture is drawn to its last frame, those of the link layer and those
// that could not be read among them.
func TestNewLadder(t *testing.T) {
	all := packets(t)
	ladder := NewLadder(all, Options{Names: hosts})
	var text strings.Builder
	if err := ladder.Text(&text, all); err != nil {
		t.Fatal(err)
	}
	checkText(t, "text", []byte(text.String()))
	if lines := strings.Count(text.String(), "\n"); lines != 1+len(all) {
		t.Errorf("%d lines for %d packets:\n%s", lines, len(all), text.String())
	}
	fixture.Golden(t, filepath.Join("testdata", "ladder.txt"), []byte(text.String()))
	var svg bytes.Buffer
	if err := ladder.SVG(&svg, all); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, filepath.Join("testdata", "ladder.svg"), svg.Bytes())
}

// More hosts than there is room for share the last lane.
func TestNewLadderOfManyHosts(t *testing.T) {
	server := netip.MustParseAddr("10.0.0.1")
	var all []sniffer.Packet
	for i := range 100 {
		host := netip.AddrFrom4([4]byte{10, 0, 1, byte(i)})
		all = append(all, sniffer.Packet{Number: i + 1, Layers: sniffer.IPv4 | sniffer.UDP, Src: host, Dst: server})
	}
	ladder := NewLadder(all, Options{})
	if n := len(ladder.Lanes); n != maxLanes+1 || ladder.Lanes[maxLanes] != others {
		t.Errorf("%d lanes: %q", n, ladder.Lanes)
	}
	drawn := 0
	ladder.rows(all, func(r row) {
		if want := []int{0, r.packet.Number, maxLanes}; r.packet.Number > 1 && (r.to != 1 || r.from != min(want[1], want[2])) {
			t.Errorf("packet %d from lane %d to %d", r.packet.Number, r.from, r.to)
		}
		drawn++
	})
	if drawn != len(all) {
		t.Errorf("%d of %d drawn", drawn, len(all))
	}
}

func TestSVG(t *testing.T) {
	ladder, packets := session()
	ladder.Title, ladder.Lang = "ping <b>&\u202e", lang.Chinese
	var svg, again bytes.Buffer
	for _, b := range []*bytes.Buffer{&svg, &again} {
		if err := ladder.SVG(b, packets); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(svg.Bytes(), again.Bytes()) {
		t.Error("not the same picture twice")
	}
	checkSVG(t, svg.Bytes(), []string{
		"packet-2 #2 伺服器 > * who-has far | 0.000 ms, 0 bytes, arp",
		"packet-3 #3 client > far echo-request seq=1 | 1.500 ms, 0 bytes, icmp",
		"packet-4 #4 far > 伺服器 echo-reply seq=1 | 1.590 ms, 0 bytes, icmp",
		`packet-6 #6 client:5 > 伺服器:6 udp len=7 "\x1b[2J" | 1.790 ms, 0 bytes, udp`,
	})
	for _, text := range []string{`<text class="phase"`, ">start</text>", "prefers-color-scheme: dark", `ping &lt;b&gt;&amp;\u202e</title>`} {
		if !strings.Contains(svg.String(), text) {
			t.Errorf("%q is not in the picture", text)
		}
	}
	fixture.Golden(t, filepath.Join("testdata", "session.svg"), svg.Bytes())
}

// checkSVG reads a picture as XML, and compares its packets if want is given.
func checkSVG(t *testing.T, svg []byte, want []string) {
	t.Helper()
	checkText(t, "SVG", svg)
	if bytes.Contains(svg, []byte("%!")) { // fmt, of a format that is wrong
		t.Errorf("%s", svg)
	}
	type group struct {
		ID    string `xml:"id,attr"`
		Class string `xml:"class,attr"`
		Title string `xml:"title"`
		Desc  string `xml:"desc"`
	}
	var picture struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		Title   string   `xml:"title"`
		Desc    string   `xml:"desc"`
		Groups  []group  `xml:"g"`
	}
	if err := xml.Unmarshal(svg, &picture); err != nil {
		t.Fatalf("%v in %s", err, svg)
	}
	// Unmarshal ends with the root element; nothing may follow it.
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
	if picture.Title == "" || picture.Desc == "" {
		t.Errorf("title %q, description %q", picture.Title, picture.Desc)
	}
	var got []string
	for _, g := range picture.Groups {
		if g.ID != "" {
			got = append(got, fmt.Sprintf("%s %s | %s", g.ID, g.Title, g.Desc))
		}
	}
	if want != nil {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func FuzzLadder(f *testing.F) {
	fuzzPackets(f, func(t *testing.T, p *sniffer.Packet) {
		others, _ := session()
		others.Texts = []string{string(p.Payload)}
		all := []sniffer.Packet{*p, *p}
		all[1].Src, all[1].Dst = p.Dst, p.Src
		for _, l := range []Ladder{NewLadder(all, Options{Names: hosts, Colour: true}), others} {
			var text, svg bytes.Buffer
			if err := errors.Join(l.Text(&text, all), l.SVG(&svg, all)); err != nil {
				t.Fatal(err)
			}
			checkText(t, "text", text.Bytes())
			checkSVG(t, svg.Bytes(), nil)
		}
	})
}
