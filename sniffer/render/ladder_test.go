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

	"wirelab/internal/columns"
	"wirelab/internal/lang"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

// session is a short talk between three hosts, one of whose names is wide,
// with a text that would clear a screen. In its second phase far sends as the server,
// and nothing is sent in its last.
func session() (Ladder, []Phase) {
	client, server, far := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")
	names := sniffer.Names{client: "client", server: "伺服器", far: "far"}
	at := func(us int64) sniffer.Frame { return sniffer.Frame{Time: time.UnixMicro(us)} }
	const ethernet = sniffer.Ethernet | sniffer.IPv4
	packets := []sniffer.Packet{
		{Frame: at(10), Number: 2, Layers: sniffer.Ethernet | sniffer.ARP, DstMAC: sniffer.Broadcast, ARPOperation: sniffer.ARPRequest, ARPSender: server, ARPTarget: far},
		{Frame: at(1510), Number: 3, Layers: ethernet | sniffer.ICMPv4, Src: client, Dst: far, ICMPType: sniffer.ICMPEchoRequest, ICMPSeq: 1},
		{Frame: at(1600), Number: 4, Layers: ethernet | sniffer.ICMPv4, Src: far, Dst: server, ICMPType: sniffer.ICMPEchoReply, ICMPSeq: 1},
		{Frame: at(1700), Number: 5, Layers: ethernet | sniffer.TCP, Src: client, Dst: server, SrcPort: 5, DstPort: 6, Flags: sniffer.SYN},
		{Frame: at(1750), Number: 6, Layers: ethernet, Src: netip.MustParseAddr("192.0.2.1"), Dst: server, Protocol: 99},
		{Frame: at(1800), Number: 8, Layers: ethernet | sniffer.UDP, Src: client, Dst: server, SrcPort: 5, DstPort: 6, Payload: []byte("hi \x1b[2J")},
		{Frame: at(1900), Number: 9, Layers: ethernet | sniffer.UDP, SrcMAC: sniffer.MAC{3}, Src: server, Dst: client, SrcPort: 6, DstPort: 5},
	}
	ladder := Ladder{
		Lanes: []string{"client", "伺服器", "far"}, Names: names, Texts: []string{"\x1b[2J"}, Witness: "far",
		Marks: map[int]Mark{3: Right, 5: Wrong, 8: Unsure}, Notes: []string{"1 and 7 are not drawn"},
	}
	ladder.Ends = func(p *sniffer.Packet) (from, to string) {
		if from, to = ladder.hosts(p); p.SrcMAC == (sniffer.MAC{3}) {
			from = "far"
		}
		return from, to
	}
	all := Whole(packets).Packets
	return ladder, []Phase{{Name: "greeting", Packets: all[:5]}, {Name: "道別", Packets: all[5:], Notes: []string{"1 frame was not seen"}}, {Name: "nothing"}}
}

func TestLadder(t *testing.T) {
	for _, test := range []struct {
		file string
		set  func(*Ladder)
	}{
		{"session.txt", func(*Ladder) {}},
		{"session-50.txt", func(l *Ladder) { l.Width = 50 }}, // the lanes stand closer
		{"session-40.txt", func(l *Ladder) { l.Width = 40 }}, // no room for lanes
		{"session-ascii.txt", func(l *Ladder) { l.ASCII, l.Colour = true, true }},
		{"session-zh.txt", func(l *Ladder) { l.Lang, l.Width = lang.Chinese, 80 }},
	} {
		t.Run(test.file, func(t *testing.T) {
			ladder, phases := session()
			test.set(&ladder)
			var got strings.Builder
			if err := ladder.Text(&got, phases...); err != nil {
				t.Fatal(err)
			}
			text := strings.NewReplacer(sgrReset, "[0]", sgrYellow, "[Y]", sgrMagenta, "[M]", sgrCyan, "[C]", sgrGreen, "[G]", sgrRed, "[R]", sgrBlue, "[B]", sgrDim, "[d]", sgrBold, "[b]").Replace(got.String())
			fixture.Golden(t, filepath.Join("testdata", test.file), []byte(text))
			for line := range strings.SplitSeq(got.String(), "\n") {
				if ladder.Width > 0 && columns.Width(line) > ladder.Width {
					t.Errorf("%d columns wide: %q", columns.Width(line), line)
				}
				if ladder.ASCII && !plain(strings.ReplaceAll(line, "\x1b", "")) && !strings.Contains(line, "道別") {
					t.Errorf("not ASCII: %q", line)
				}
			}
		})
	}
}

// A long ladder has the names of its lanes again, and at its foot.
func TestLongLadder(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	for n, want := range map[int]int{39: 1, 40: 1, 41: 3, 80: 3, 81: 4} {
		var all []sniffer.Packet
		for i := range n {
			all = append(all, sniffer.Packet{Number: i + 1, Layers: sniffer.IPv4 | sniffer.UDP, Src: a, Dst: b})
		}
		ladder := NewLadder(all, Options{})
		var text, svg strings.Builder
		if err := errors.Join(ladder.Text(&text, Whole(all)), ladder.SVG(&svg, Whole(all))); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		if got := strings.Count(text.String(), "10.0.0.1"); got != want || n > namesEvery && !strings.Contains(lines[len(lines)-1], "10.0.0.1") {
			t.Errorf("%d packets: %d times the lane's name in\n%s", n, got, &text)
		}
		if got := strings.Count(svg.String(), ">10.0.0.1</text>"); got != want {
			t.Errorf("%d packets: %d times the lane's name in the picture", n, got)
		}
	}
}

// A whole capture is drawn to its last frame, those of the link layer and those
// that could not be read among them.
func TestNewLadder(t *testing.T) {
	all := packets(t)
	ladder := NewLadder(all, Options{Names: hosts})
	var text strings.Builder
	if err := ladder.Text(&text, Whole(all)); err != nil {
		t.Fatal(err)
	}
	checkText(t, "text", []byte(text.String()))
	for _, p := range all {
		if !strings.Contains(text.String(), fmt.Sprintf("\n%3d ", p.Number)) {
			t.Errorf("packet %d is not in\n%s", p.Number, &text)
		}
	}
	fixture.Golden(t, filepath.Join("testdata", "ladder.txt"), []byte(text.String()))
	var svg bytes.Buffer
	if err := ladder.SVG(&svg, Whole(all)); err != nil {
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
	ladder.rows([]Phase{Whole(all)}, func(r row) {
		if r.kind != rowPacket {
			return
		}
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
	ladder, phases := session()
	ladder.Title, ladder.Lang = "ping <b>&\u202e", lang.Chinese
	var svg, again bytes.Buffer
	for _, b := range []*bytes.Buffer{&svg, &again} {
		if err := ladder.SVG(b, phases...); err != nil {
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
		"packet-5 #5 client:5 > 伺服器:6 SYN seq=0 | 1.690 ms, 0 bytes, tcp",
		"packet-6 #6 192.0.2.1 > 伺服器 ip-protocol=99 | 1.740 ms, 0 bytes, ip",
		`packet-8 #8 client:5 > 伺服器:6 udp len=7 "\x1b[2J" | 1.790 ms, 0 bytes, udp`,
		"packet-9 #9 伺服器:6 > client:5 udp len=0 | 1.890 ms, 0 bytes, udp",
	})
	for _, text := range []string{`<text class="phase"`, ">greeting</text>", ">（沒有任何封包）</text>", `<text class="mark wrong"`, `<circle class="witness"`, ">1 and 7 are not drawn</text>", "prefers-color-scheme: dark", `ping &lt;b&gt;&amp;\u202e</title>`} {
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

// The arrow of a packet that was lost ends in a cross before its host, to either side, and a
// broadcast continues to the others.
func TestLadderOfLosses(t *testing.T) {
	ladder, phases := session()
	ladder.Fate = func(p *sniffer.Packet) (string, []string) {
		switch p.Number {
		case 2:
			return "lost=client lost=far", []string{"client", "far"}
		case 3, 4:
			return "lost", []string{"client", "far", "伺服器", "nobody"}
		case 5:
			return "delayed", nil
		}
		return "", nil
	}
	for _, width := range []int{0, 60, 30} {
		ladder.Width = width
		var text, svg bytes.Buffer
		if err := errors.Join(ladder.Text(&text, phases...), ladder.SVG(&svg, phases...)); err != nil {
			t.Fatal(err)
		}
		checkText(t, "text", text.Bytes())
		checkSVG(t, svg.Bytes(), nil)
		if n := strings.Count(svg.String(), `class="lost"`); n != 4 {
			t.Errorf("%d crosses in the picture", n)
		}
		if width == 0 {
			fixture.Golden(t, filepath.Join("testdata", "losses.txt"), text.Bytes())
		}
	}
}

func FuzzLadder(f *testing.F) {
	fuzzPackets(f, func(t *testing.T, p *sniffer.Packet) {
		all := []sniffer.Packet{*p, *p}
		all[1].Src, all[1].Dst = p.Dst, p.Src
		narrow := NewLadder(all, Options{Names: hosts, Colour: true, ASCII: true})
		narrow.Width = p.Number%60 + 1
		ladders := []Ladder{NewLadder(all, Options{Names: hosts, Colour: true}), narrow}
		if len(p.Data)%8 == 0 { // a whole session takes ten times as long as the rest
			others, _ := session()
			others.Texts, others.Width = []string{string(p.Payload)}, 70
			ladders = append(ladders, others)
		}
		for _, l := range ladders {
			var text, svg bytes.Buffer
			if err := errors.Join(l.Text(&text, Whole(all)), l.SVG(&svg, Whole(all))); err != nil {
				t.Fatal(err)
			}
			checkText(t, "text", text.Bytes())
			checkSVG(t, svg.Bytes(), nil)
		}
	})
}
