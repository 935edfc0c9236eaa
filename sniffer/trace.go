package sniffer

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"

	"wirelab/internal/safetext"
)

// Projection is the part of a capture that a claim is about. It is closed:
// whatever it selects and nobody expected is a line too many.
//
// Its text form is a list of protocols and modifiers: "arp,icmp",
// "tcp/7000 text", "udp,icmp first text".
type Projection struct {
	Selectors []Selector
	Text      bool // show the texts that the experiment lists where they were sent
	First     bool // only the first line of each conversation, of all of the capture
	Probes    bool // show the kernel's unicast ARP probes, which depend on time
}

// Selector takes the packets of one protocol.
type Selector struct {
	Protocol string // arp, icmp, tcp or udp
	Port     uint16 // of either end of TCP or UDP; 0 is any
}

// ParseProjection reads the text form.
func ParseProjection(s string) (Projection, error) {
	var p Projection
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return p, fmt.Errorf("a trace needs a protocol: arp, icmp, tcp, tcp/PORT, udp or udp/PORT")
	}
	for part := range strings.SplitSeq(fields[0], ",") {
		protocol, port, hasPort := strings.Cut(part, "/")
		sel := Selector{Protocol: protocol}
		switch protocol {
		case "arp", "icmp":
			if hasPort {
				return p, fmt.Errorf("trace of %q: %s has no ports", part, protocol)
			}
		case "tcp", "udp":
			if hasPort {
				n, err := strconv.ParseUint(port, 10, 16)
				if err != nil || n == 0 {
					return p, fmt.Errorf("trace of %q: want a port from 1 to 65535", part)
				}
				sel.Port = uint16(n)
			}
		default:
			return p, fmt.Errorf("trace of %q: want arp, icmp, tcp, tcp/PORT, udp or udp/PORT", part)
		}
		p.Selectors = append(p.Selectors, sel)
	}
	for _, word := range fields[1:] {
		switch word {
		case "text":
			p.Text = true
		case "first":
			p.First = true
		case "probes":
			p.Probes = true
		default:
			return p, fmt.Errorf("trace modifier %q: want text, first or probes", word)
		}
	}
	return p, nil
}

// String returns the text form.
func (pr Projection) String() string {
	var b strings.Builder
	for i, s := range pr.Selectors {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s.Protocol)
		if s.Port != 0 {
			fmt.Fprintf(&b, "/%d", s.Port)
		}
	}
	for _, m := range []struct {
		on   bool
		word string
	}{{pr.First, " first"}, {pr.Text, " text"}, {pr.Probes, " probes"}} {
		if m.on {
			b.WriteString(m.word)
		}
	}
	return b.String()
}

func (s Selector) selects(p *Packet) bool {
	switch s.Protocol {
	case "arp":
		return p.Has(ARP)
	case "icmp":
		return p.Has(ICMPv4)
	case "tcp":
		return p.Has(TCP) && (s.Port == 0 || s.Port == p.SrcPort || s.Port == p.DstPort)
	case "udp":
		return p.Has(UDP) && (s.Port == 0 || s.Port == p.SrcPort || s.Port == p.DstPort)
	}
	return false
}

// Selects reports whether the projection is about a packet.
func (pr Projection) Selects(p *Packet) bool {
	return slices.ContainsFunc(pr.Selectors, func(s Selector) bool { return s.selects(p) })
}

// Only reports whether the projection is of one protocol alone.
func (pr Projection) Only(protocol string) bool {
	return !slices.ContainsFunc(pr.Selectors, func(s Selector) bool { return s.Protocol != protocol })
}

// Line is one line of a trace.
type Line struct {
	From, To string // host names; To is "*" for a broadcast
	What     string // "who-has server", "S. acked", `udp "hello"`
	Packets  []int  // numbers of the packets that show it, ascending
}

// String returns the line as it is compared: words between single spaces.
func (l Line) String() string { return l.From + " > " + l.To + " " + l.What }

// FormatTrace writes lines in columns, as people read and paste them.
func FormatTrace(lines []Line) string {
	from, to := 0, 0
	for _, l := range lines {
		from, to = max(from, len(l.From)), max(to, len(l.To))
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%-*s > %-*s %s\n", from, l.From, to, l.To, l.What)
	}
	return b.String()
}

// Trace projects the packets numbered (after, until] of a capture. All packets
// of the capture are given, since what acknowledges a segment may come later.
//
// Lines stand in wire order, except that the lines of a TCP or UDP
// conversation stand together at the place of its first: which of two
// conversations comes first in between depends on timing, not on the lesson.
// Times, ephemeral ports and bare acknowledgements are left out for the same
// reason; "acked" says that a later segment acknowledges a SYN or FIN.
func (pr Projection) Trace(packets []Packet, after, until int, names Namer, texts []string) []Line {
	var groups [][]placed
	for _, c := range Conversations(packets) {
		g := pr.conversation(c, names, texts)
		if pr.First && len(g) > 0 {
			g = g[:1]
		}
		g = slices.DeleteFunc(g, func(l placed) bool { return l.at <= after || l.at > until })
		if len(g) > 0 {
			groups = append(groups, g)
		}
	}
	groups = append(groups, pr.messages(packets, after, until, names)...)
	sort.SliceStable(groups, func(i, j int) bool { return groups[i][0].at < groups[j][0].at })
	var lines []Line
	for _, g := range groups {
		for _, l := range g {
			lines = append(lines, l.Line)
		}
	}
	return lines
}

// placed is a line and the number of the packet at whose place it stands.
type placed struct {
	Line
	at int
}

// messages are the lines of ARP and ICMP, each a group of its own.
func (pr Projection) messages(packets []Packet, after, until int, names Namer) (groups [][]placed) {
	probed := map[[2]netip.Addr]bool{} // asked by a unicast probe, not yet answered
	for i := range packets {
		p := &packets[i]
		if !pr.Selects(p) || !p.Has(ARP) && !p.Has(ICMPv4) {
			continue
		}
		what := ""
		if p.Has(ARP) {
			what = ARPWords(p)
			asked := [2]netip.Addr{p.ARPSender, p.ARPTarget}
			answers := [2]netip.Addr{p.ARPTarget, p.ARPSender}
			isProbe := p.ARPOperation == ARPRequest && p.DstMAC != Broadcast
			isAnswer := p.ARPOperation == ARPReply && probed[answers]
			if p.ARPOperation == ARPRequest {
				probed[asked] = isProbe
			}
			if (isProbe || isAnswer) && !pr.Probes {
				continue
			}
			if p.ARPOperation == ARPRequest {
				what += " " + nameOf(names, p.ARPTarget)
			} else {
				what += " " + nameOf(names, p.ARPSender)
			}
		} else {
			what = ICMPWords(p)
		}
		if p.Number <= after || p.Number > until {
			continue
		}
		l := Line{From: sender(p, names), To: receiver(p, names), What: what, Packets: []int{p.Number}}
		groups = append(groups, []placed{{l, p.Number}})
	}
	return groups
}

// conversation is the group of lines of one TCP or UDP conversation, from its
// beginning to its end.
func (pr Projection) conversation(c *Conversation, names Namer, texts []string) (lines []placed) {
	if !pr.Selects(c.Packets[0]) {
		return nil
	}
	if c.Protocol == UDP {
		return pr.datagrams(c, names, texts)
	}
	copies := map[int]bool{}
	for _, p := range c.Packets {
		if p.Flags&(SYN|FIN|RST) == 0 || copies[p.Number] {
			continue
		}
		l := Line{From: nameOf(names, p.Src), To: nameOf(names, p.Dst), Packets: []int{p.Number}}
		// PSH, ECE and CWR say how the sender was written, not what happens.
		l.What = (p.Flags & (SYN | FIN | RST | ACK)).String()
		for _, q := range c.retransmitted(p) {
			copies[q.Number] = true
			l.Packets = append(l.Packets, q.Number)
		}
		if p.Flags&(SYN|FIN) != 0 && p.Flags&RST == 0 {
			if q := c.acknowledgedBy(p); q != nil {
				l.What += " acked"
				l.Packets = append(l.Packets, q.Number)
			}
		}
		slices.Sort(l.Packets)
		lines = append(lines, placed{l, p.Number})
	}
	if pr.Text {
		for _, src := range []netip.AddrPort{c.A, c.B} {
			dst := c.B
			if src == c.B {
				dst = c.A
			}
			for _, s := range c.texts(src, texts) {
				l := Line{From: nameOf(names, src.Addr()), To: nameOf(names, dst.Addr()), What: quoted(s.text), Packets: s.packets}
				lines = append(lines, placed{l, s.last.Number})
			}
		}
	}
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].at < lines[j].at })
	return lines
}

func (pr Projection) datagrams(c *Conversation, names Namer, texts []string) (lines []placed) {
	for _, p := range c.Packets {
		l := Line{From: nameOf(names, p.Src), To: receiver(p, names), What: "udp", Packets: []int{p.Number}}
		if pr.Text {
			for _, text := range texts {
				if indexFrom(p.Payload, text, 0) >= 0 {
					l.What += " " + quoted(text)
				}
			}
		}
		lines = append(lines, placed{l, p.Number})
	}
	return lines
}

func sender(p *Packet, names Namer) string {
	if p.Has(ARP) {
		return nameOf(names, p.ARPSender)
	}
	return nameOf(names, p.Src)
}

func receiver(p *Packet, names Namer) string {
	switch {
	case p.DstMAC == Broadcast:
		return "*"
	case p.Has(ARP):
		return nameOf(names, p.ARPTarget)
	}
	return nameOf(names, p.Dst)
}

func nameOf(names Namer, a netip.Addr) string {
	if n := names.Name(a); n != "" {
		return n
	}
	return a.String()
}

// quoted is a text as the notation shows it.
func quoted(s string) string { return `"` + safetext.Escape(s) + `"` }

func indexFrom(b []byte, text string, start int) int {
	if i := bytes.Index(b[start:], []byte(text)); i >= 0 && text != "" {
		return start + i
	}
	return -1
}
