package render

import (
	"slices"
	"time"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

// namesEvery is after how many rows the names of the lanes stand again. A diagram that
// is longer has them at its foot, too.
const namesEvery = 40

// row is a line of the diagram.
type row struct {
	kind     rowKind
	text     string // of a heading or a note
	packet   *sniffer.Packet
	from, to int  // indices of lanes; to may be allLanes; both noLane for a packet without ends
	forged   bool // the packet's addresses do not say these ends
	segment  string
	reach    []int // the lanes that a broadcast reaches, ascending
	witness  int   // the lane in which a mark says that the packet came there, too; noLane for none
	since    time.Duration

	fate string // what became of the packet
	lost []int  // lanes to which it never came
}

type rowKind uint8

const (
	rowHeading rowKind = iota // the name of a phase
	rowNote                   // a line of text
	rowPacket
	rowRule  // the end of the phases
	rowNames // of the lanes, again
)

// rows calls do for each line of the diagram.
func (l *Ladder) rows(phases []Phase, do func(row)) {
	lanes := make(map[string]int, len(l.Lanes))
	for i, lane := range l.Lanes {
		lanes[lane] = i
	}
	witness, watched := lanes[l.Witness]
	start := first(phases)
	count, named := 0, false
	add := func(r row) {
		if count > 0 && count%namesEvery == 0 && r.kind != rowRule {
			do(row{kind: rowNames})
		}
		count++
		do(r)
	}
	for _, phase := range phases {
		if phase.Name != "" {
			named = true
			add(row{kind: rowHeading, text: phase.Name})
			if len(phase.Packets)+len(phase.Notes) == 0 {
				add(row{kind: rowNote, text: i18n.Text(l.Lang, "ladder.empty")})
			}
		}
		for _, p := range phase.Packets {
			r := row{kind: rowPacket, packet: p, since: p.Time.Sub(start), witness: noLane}
			r.from, r.to, r.forged = l.ends(p, lanes)
			r.segment, r.reach = l.segment(p)
			r.fate, r.lost = l.fate(p, lanes)
			r.lost = slices.DeleteFunc(r.lost, func(lane int) bool { return lane == r.from })
			if watched && r.from != noLane && r.from != witness && r.to != witness && r.to != allLanes {
				r.witness = witness
			}
			add(r)
		}
		for _, text := range phase.Notes {
			add(row{kind: rowNote, text: text})
		}
	}
	if named {
		add(row{kind: rowRule})
	}
	if count > namesEvery {
		do(row{kind: rowNames})
	}
}

// fate returns what became of a packet, and the lanes to which it never came.
func (l *Ladder) fate(p *sniffer.Packet, lanes map[string]int) (words string, lost []int) {
	if l.Fate == nil {
		return "", nil
	}
	words, hosts := l.Fate(p)
	for _, h := range hosts {
		if i, ok := lanes[h]; ok {
			lost = append(lost, i)
		}
	}
	return words, lost
}

// segment returns the segment of a packet and the lanes of the hosts on it.
func (l *Ladder) segment(p *sniffer.Packet) (name string, reach []int) {
	var hosts []string
	if l.Segment != nil {
		name, hosts = l.Segment(p)
	}
	for i, lane := range l.Lanes {
		if name == "" || slices.Contains(hosts, lane) {
			reach = append(reach, i)
		}
	}
	return name, reach
}

// span returns the outermost lanes of an arrow.
func (r row) span() (first, last int) {
	if r.to != allLanes {
		return min(r.from, r.to), max(r.from, r.to)
	}
	first, last = r.from, r.from
	for _, lane := range r.reach {
		first, last = min(first, lane), max(last, lane)
	}
	return first, last
}

// first is the time of the first packet of the capture that is drawn.
func first(phases []Phase) time.Time {
	var p *sniffer.Packet
	for _, phase := range phases {
		if len(phase.Packets) > 0 && (p == nil || phase.Packets[0].Number < p.Number) {
			p = phase.Packets[0]
		}
	}
	if p == nil {
		return time.Time{}
	}
	return p.Time
}

// seen is what a diagram has that its legend explains.
type seen struct {
	packets int
	kinds   [len(kinds)]bool
	marks   [len(marks)]bool
	flags   sniffer.TCPFlags
	witness bool
	lost    bool
}

// look finds what the diagram has, and calls do for each row.
func (l *Ladder) look(phases []Phase, do func(row)) (s seen) {
	l.rows(phases, func(r row) {
		if r.kind == rowPacket {
			s.packets++
			s.kinds[kindOf(r.packet)] = true
			s.marks[l.Marks[r.packet.Number]] = true
			s.lost = s.lost || len(r.lost) > 0
			s.witness = s.witness || r.witness != noLane
			if p := r.packet.Innermost(); p.Has(sniffer.TCP) {
				s.flags |= p.Flags
			}
		}
		do(r)
	})
	return s
}
