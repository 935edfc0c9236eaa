package render

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"github.com/mattn/go-runewidth"

	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// Ladder is a ladder diagram: a lane for each host, an arrow for each packet,
// in the order of the capture. Times are since the first packet that is drawn.
type Ladder struct {
	Title string        // heading of the picture, "" for none; the text has no heading
	Lanes []string      // host names from left to right
	Names sniffer.Namer // gives the addresses those names; nil knows none
	Texts []string      // shown with a packet whose payload has them
	// Label returns the text of a dividing line that stands for the packet, in
	// place of an arrow; "" for a packet that is drawn, if its ends have lanes.
	// A nil Label draws all.
	Label func(*sniffer.Packet) string

	Letters bool      // TCP flags as tcpdump's letters
	ASCII   bool      // draw the text without box drawing characters
	Colour  bool      // of the text, for a terminal
	Lang    lang.Lang // of the picture's description

	whole bool // a packet whose ends have no lane is drawn too
}

// maxLanes bounds the width of a ladder that NewLadder makes.
const maxLanes = 24

// NewLadder returns the ladder of a whole capture: it has a lane for each host
// that sent or was sent a packet, in the order of their appearance, and draws
// every packet. Hosts beyond the first 24 share a lane.
func NewLadder(packets []sniffer.Packet, o Options) Ladder {
	l := Ladder{Names: o.Names, Letters: o.Letters, Colour: o.Colour, Lang: o.Lang, whole: true}
	for i := range packets {
		from, to := l.hosts(&packets[i])
		for _, host := range []string{from, to} {
			switch {
			case host == "" || host == everyone || slices.Contains(l.Lanes, host):
			case len(l.Lanes) == maxLanes:
				l.Lanes = append(l.Lanes, others)
				return l
			default:
				l.Lanes = append(l.Lanes, host)
			}
		}
	}
	return l
}

const (
	everyone = "*" // the end of a broadcast, in hosts
	others   = "…" // the lane of hosts that have none of their own
)

// Ends of an arrow that are no lane.
const (
	allLanes = -1 - iota
	noLane
)

// row is a line of the diagram: a dividing line, or a packet.
type row struct {
	label    string // of a dividing line; packet is nil
	packet   *sniffer.Packet
	from, to int // indices of lanes; to may be allLanes; both noLane for a packet without ends
	since    time.Duration
}

// rows calls do for each line of the diagram.
func (l Ladder) rows(packets []sniffer.Packet, do func(row)) {
	lanes := make(map[string]int, len(l.Lanes))
	for i, lane := range l.Lanes {
		lanes[lane] = i
	}
	var start time.Time
	label := ""
	for i := range packets {
		p := &packets[i]
		if l.Label != nil {
			if text := l.Label(p); text != "" {
				if text != label {
					do(row{label: text})
				}
				label = text
				continue
			}
		}
		from, to, ok := l.ends(p, lanes)
		if !ok {
			continue
		}
		label = ""
		if start.IsZero() {
			start = p.Time
		}
		do(row{packet: p, from: from, to: to, since: p.Time.Sub(start)})
	}
}

// ends returns the lanes of a packet's ends; ok is false for one that is not
// drawn.
func (l Ladder) ends(p *sniffer.Packet, lanes map[string]int) (from, to int, ok bool) {
	src, dst := l.hosts(p)
	lane := func(host string) int {
		for _, lane := range []string{host, others} {
			if i, ok := lanes[lane]; ok {
				return i
			}
		}
		return noLane
	}
	if from, to = lane(src), allLanes; dst != everyone {
		to = lane(dst)
	}
	if src == "" || from == noLane || to == noLane {
		return noLane, noLane, l.whole
	}
	return from, to, true
}

// hosts names the ends of a packet: "" where it has none, everyone for the
// destination of a broadcast and, in the ladder of a whole capture, of a
// multicast.
func (l Ladder) hosts(p *sniffer.Packet) (from, to string) {
	switch {
	case p.Has(sniffer.ARP) && p.ARPSender.IsValid():
		from, to = l.name(p.ARPSender), l.name(p.ARPTarget)
		if p.ARPSender.IsUnspecified() {
			from = p.ARPSenderMAC.String()
		}
	case p.Src.IsValid():
		from, to = l.name(p.Src), l.name(p.Dst)
	case p.Has(sniffer.Ethernet) || p.Has(sniffer.SLL):
		from, to = p.SrcMAC.String(), p.DstMAC.String()
	default:
		return "", ""
	}
	if p.DstMAC == sniffer.Broadcast || l.whole && (p.DstMAC.Multicast() || p.Dst.IsMulticast()) {
		to = everyone
	}
	return from, to
}

func (l Ladder) name(addr netip.Addr) string {
	if l.Names != nil {
		if name := l.Names.Name(addr); name != "" {
			return name
		}
	}
	return addr.String()
}

// what is the notation of a packet without its ends, and the listed texts.
func (l Ladder) what(p *sniffer.Packet) string {
	return l.withTexts(l.notation().AppendWhat(nil, p), p)
}

// line is the notation of a packet, and the listed texts.
func (l Ladder) line(p *sniffer.Packet) string {
	return l.withTexts(l.notation().AppendLine(nil, p), p)
}

func (l Ladder) notation() sniffer.Notation {
	return sniffer.Notation{Names: l.Names, Letters: l.Letters}
}

// withTexts adds the listed texts that a packet's payload has.
func (l Ladder) withTexts(dst []byte, p *sniffer.Packet) string {
	for _, text := range l.Texts {
		if text != "" && bytes.Contains(p.Payload, []byte(text)) {
			dst = append(dst, ` "`+safetext.Escape(text)+`"`...)
		}
	}
	return string(dst)
}

// columns knows how wide characters are, alike in every locale: what Unicode
// calls ambiguous (box drawing among it) takes one column in today's terminals.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// widthOf returns how many columns of a terminal a text takes.
func widthOf(s string) int {
	if plain(s) {
		return len(s)
	}
	return columns.StringWidth(s)
}
