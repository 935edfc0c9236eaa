package trace

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// Projected is what a projection shows of a window, and what it leaves out.
type Projected struct {
	Lines   []Line
	Unshown []int // numbers of judged packets that the projection selects and no line shows, ascending
	Probes  int   // how many packets of the kernel's unicast ARP and NDP probes were left out
	Others  int   // how many judged packets are of a protocol that only the word "other" selects
}

// Project returns the lines that a projection shows of a window.
//
// Lines are in the order of the capture, with one exception: all lines of a TCP or UDP
// conversation follow its first. Which of two conversations comes first in between depends
// on timing, not on the lesson. Times, ephemeral ports and bare acknowledgements are left
// out for the same reason. "acked" says that a later segment acknowledges a SYN or FIN,
// and "again" that a segment is a copy of one in an earlier phase.
func (r *Recording) Project(pr Projection, w Window, plan Plan) Projected {
	v := r.view(pr, w, plan)
	var groups [][]placed
	for i, c := range r.index.conversations {
		if g := v.conversation(c); len(g) > 0 {
			for j := range g {
				g[j].Conversation = i + 1
			}
			groups = append(groups, g)
		}
	}
	messages, probes := v.messages()
	groups = append(groups, messages...)
	sort.SliceStable(groups, func(i, j int) bool { return groups[i][0].at < groups[j][0].at })
	out := Projected{Probes: len(probes)}
	shown := map[int]bool{}
	for _, g := range groups {
		for _, l := range g {
			out.Lines = append(out.Lines, l.Line)
			for _, n := range l.Packets {
				shown[n] = true
			}
		}
	}
	for n := 1; n <= r.Len(); n++ {
		if !v.contains(n) || shown[n] || probes[n] {
			continue
		}
		switch s := v.standing(n); {
		case s.covered:
			out.Unshown = append(out.Unshown, n)
		case s.other:
			out.Others++
		}
	}
	return out
}

// placed is a line and the packet at whose place it stands.
type placed struct {
	Line
	at int
}

// within is the place of a line among those of one segment: SYN stands ahead of the
// bytes that the segment carries, and FIN behind them (RFC 9293, section 3.4).
func (p placed) within() int {
	switch {
	case strings.HasPrefix(p.What, "SYN"):
		return 0
	case strings.HasPrefix(p.What, `"`):
		return 1
	}
	return 2
}

// conversation is the group of lines of one TCP or UDP conversation.
func (v view) conversation(c *conversation) []placed {
	if !v.coversFlow(c) {
		return nil
	}
	var lines []placed
	if c.tcp() {
		lines = append(v.connection(c), v.texts(c)...)
		if v.asks("retransmission") {
			lines = append(lines, v.resent(c)...)
		}
		slices.SortStableFunc(lines, func(a, b placed) int { return cmp.Or(a.at-b.at, a.within()-b.within()) })
		lines = slices.DeleteFunc(lines, func(l placed) bool { return !v.judged(l.at) })
		if v.First && len(lines) > 0 {
			lines = lines[:1]
		}
		return slices.DeleteFunc(lines, func(l placed) bool { return !v.contains(l.at) })
	}
	for _, u := range c.units {
		at := v.completes(u.number())
		if !v.judged(at) {
			continue
		}
		if v.contains(at) {
			lines = append(lines, v.said(c, v.datagram(u.number())))
		}
		if v.First {
			break
		}
	}
	return lines
}

// connection are the lines of the segments that open and close a connection.
// Copies of one in the same window are its line; a copy in another is there.
func (v view) connection(c *conversation) (lines []placed) {
	copies := map[int]bool{} // first numbers of datagrams that are a copy
	merged := map[int]bool{} // and are shown by the line of another
	for _, u := range c.units {
		p := c.segment(u)
		if p.flags&control == 0 || merged[p.number] {
			continue
		}
		d := v.datagram(p.number)
		packets := d.sorted()
		// PSH, ECE and CWR say how the sender was written, not what happens.
		what := (p.flags & (control | sniffer.ACK)).String()
		for _, again := range c.again(u) {
			q := again.number()
			switch {
			case v.asks("retransmission") || v.within(p.number) != v.within(q):
				copies[q] = true
			case v.impaired(p.number) || v.impaired(q): // two lines: that one was sent again is the lesson
			default:
				merged[q] = true
				packets = append(packets, v.datagram(q).numbers...)
			}
		}
		if p.flags&(sniffer.SYN|sniffer.FIN) != 0 && p.flags&sniffer.RST == 0 && !v.lost(p.number) {
			if q := c.acknowledgedBy(u); q != nil {
				what += " " + Acked
				packets = append(packets, q.numbers...)
			}
		}
		if copies[p.number] {
			what += " " + Again
		}
		lines = append(lines, v.line(c, d, what, packets, d.number()))
	}
	return lines
}

// texts are the lines of the texts that were said over TCP.
func (v view) texts(c *conversation) (lines []placed) {
	if !v.Text {
		return nil
	}
	for side := range c.sides {
		for _, s := range c.texts(side, v.plan.Texts) {
			last := v.Packet(s.packets[len(s.packets)-1])
			l := Line{Segment: v.where(last), From: v.from(last), To: v.Hosts.to(last), What: Quoted(s.text) + vlan(last) + v.faultColumns(s.packets) + v.extras(c, c.datagram(last.Number)), Packets: s.packets}
			lines = append(lines, placed{l, last.Number})
		}
	}
	return lines
}

// said is the line of one UDP datagram.
func (v view) said(c *conversation, d *datagram) placed {
	what := "udp"
	if !d.complete {
		what += " " + Fragment
	}
	if v.Text {
		for _, t := range v.alone(d).find(v.plan.Texts) {
			what += " " + Quoted(t.text)
		}
	}
	return v.line(c, d, what, d.numbers, d.number())
}

// line is the line of a datagram of a conversation, or of none.
func (v view) line(c *conversation, d *datagram, what string, packets []int, at int) placed {
	p := d.packet()
	packets = slices.Clone(packets)
	slices.Sort(packets)
	if tag := vlan(p); !strings.Contains(what, tag) { // the words of other protocols have it
		what += tag
	}
	what += v.faultColumns(d.numbers) + v.extras(c, d)
	return placed{Line{Segment: v.where(p), From: v.from(p), To: v.Hosts.to(p), What: what, Packets: slices.Compact(packets)}, at}
}

// where is the segment of a packet, where the projection is about several.
func (v view) where(p *sniffer.Packet) string {
	if v.Segment != "" {
		return ""
	}
	return v.Hosts.SegmentOf(p)
}

func vlan(p *sniffer.Packet) string {
	if !p.Has(sniffer.VLAN) {
		return ""
	}
	return " vlan=" + strconv.Itoa(int(p.VLANID))
}

// Quoted returns a text as lines show it: between quotation marks, with control characters
// escaped.
func Quoted(s string) string { return `"` + safetext.Escape(s) + `"` }
