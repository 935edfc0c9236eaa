package render

import (
	"bytes"
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/message"
	"wirelab/sniffer"
)

// Ladder is a ladder diagram: a lane for each host, an arrow for each packet,
// in the order of the capture. Times are since the first packet that is drawn.
type Ladder struct {
	Title string        // heading of the picture, "" for none; the text has no heading
	Lanes []string      // host names from left to right
	Names sniffer.Namer // gives the addresses those names; nil knows none
	Texts []string      // shown with a packet whose payload has them
	// Ends returns who sent a packet and who was sent it, "*" for all; "" has no lane. A
	// packet whose addresses say otherwise is drawn with them. nil: the addresses tell.
	Ends func(*sniffer.Packet) (from, to string)
	// Segment returns the name of the segment on which a packet was seen, and the hosts
	// that are on it, whom alone a broadcast reaches. nil: there is one with all hosts.
	Segment func(*sniffer.Packet) (name string, hosts []string)
	// Fate says what became of a packet behind who captured it: words that stand behind its
	// notation, and the hosts to which it never came. nil: nothing is known.
	Fate    func(*sniffer.Packet) (words string, lost []string)
	Witness string       // the lane of who captured: a packet that is for others has a mark there; "" for none
	Marks   map[int]Mark // by the number of a packet
	Notes   []string     // lines below the diagram

	Letters bool         // TCP flags as tcpdump's letters
	ASCII   bool         // draw the text with ASCII characters
	Colour  bool         // of the text, for a terminal
	Width   int          // of the text, in columns; 0 for lines of any length
	Lang    message.Lang // of what is said around the packets
}

// Phase is a part of a ladder. Its name stands above its packets.
type Phase struct {
	Name    string            // "" for none
	Packets []*sniffer.Packet // numbered, in the order of the capture
	Notes   []string          // lines below the packets
}

// Whole returns packets as one phase without a name.
func Whole(packets []sniffer.Packet) Phase {
	var phase Phase
	for i := range packets {
		phase.Packets = append(phase.Packets, &packets[i])
	}
	return phase
}

// Mark is what a packet shows: of a verdict that cites it, say.
type Mark uint8

// The marks. One that is greater goes before the others.
const (
	Unmarked Mark = iota
	Right
	Unsure
	Wrong
)

var marks = [...]struct {
	sign, ascii, sgr, class string
	said                    i18n.Message
}{
	Right:  {"✓", "+", sgrGreen, "right", i18n.Msg("ladder.mark.right")},
	Unsure: {"?", "?", sgrYellow, "unsure", i18n.Msg("ladder.mark.unsure")},
	Wrong:  {"✗", "x", sgrRed, "wrong", i18n.Msg("ladder.mark.wrong")},
}

// maxLanes bounds the width of a ladder that NewLadder makes.
const maxLanes = 24

// NewLadder returns the ladder of a whole capture: it has a lane for each host
// that sent or was sent a packet, in the order of their appearance. Hosts beyond
// the first 24 share a lane.
func NewLadder(packets []sniffer.Packet, o Options) Ladder {
	l := Ladder{Names: o.Names, Letters: o.Letters, ASCII: o.ASCII, Colour: o.Colour, Lang: o.Lang}
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
	everyone = "*" // the end of a broadcast or multicast, in hosts
	others   = "…" // the lane of hosts that have none of their own
)

// Ends of an arrow that are no lane.
const (
	allLanes = -1 - iota
	noLane
)

// ends returns the lanes of a packet's ends, both noLane where one has none.
// Forged reports whether the packet's addresses say otherwise.
func (l *Ladder) ends(p *sniffer.Packet, lanes map[string]int) (from, to int, forged bool) {
	src, dst := l.hosts(p)
	if l.Ends != nil {
		port, receiver := l.Ends(p)
		forged = port != src || receiver != dst
		src, dst = port, receiver
	}
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
		return noLane, noLane, forged
	}
	return from, to, forged
}

// hosts names the ends of a packet by its addresses: "" where it has none.
func (l *Ladder) hosts(p *sniffer.Packet) (from, to string) {
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
	if p.DstMAC.Multicast() || p.Dst.IsMulticast() {
		to = everyone
	}
	return from, to
}

func (l *Ladder) name(addr netip.Addr) string {
	if l.Names != nil {
		if name := l.Names.Name(addr); name != "" {
			return name
		}
	}
	return addr.String()
}

// what is what stands at an arrow: the notation of a packet without its ends,
// and the listed texts. Where the arrow does not have the ends that the packet
// claims, they are there as well.
func (l *Ladder) what(r row) string {
	fate := ""
	if r.fate != "" {
		fate = " " + r.fate
	}
	if r.from == noLane && r.packet.Src.IsValid() || r.forged {
		return l.Line(r.packet) + fate
	}
	return l.withTexts(l.notation().AppendWhat(nil, r.packet), r.packet) + fate
}

// Line returns a packet as a line in place of an arrow: its notation, and the listed
// texts.
func (l *Ladder) Line(p *sniffer.Packet) string {
	return l.withTexts(l.notation().AppendLine(nil, p), p)
}

func (l *Ladder) notation() sniffer.Notation {
	return sniffer.Notation{Names: l.Names, Letters: l.Letters}
}

// withTexts adds the listed texts that a packet's payload has.
func (l *Ladder) withTexts(dst []byte, p *sniffer.Packet) string {
	for _, text := range l.Texts {
		if text != "" && bytes.Contains(p.Payload, []byte(text)) {
			dst = append(dst, ` "`+safetext.Escape(text)+`"`...)
		}
	}
	return string(dst)
}
