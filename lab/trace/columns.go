package trace

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
)

// column is what lines say more of their packets where a projection asks for it:
// "tcp/80 with ttl,window".
type column struct {
	name string // behind "with"
	word string // with which what it says begins: "ttl="
	// of says it of a datagram; "" where that has no such thing.
	of func(v view, c *conversation, d *datagram) string
}

// columns are in the order in which a line has them.
var columns = []column{
	{"retransmission", Again, nil}, // the lines of what was sent again: see connection and resent
	{"reset", Reset, func(v view, c *conversation, d *datagram) string {
		if c != nil && d.packet().Flags&sniffer.SYN != 0 && v.wasReset(c) {
			return Reset
		}
		return ""
	}},
	{"fragment", "fragments=", func(_ view, _ *conversation, d *datagram) string {
		return number("fragments=", len(d.numbers), d.parts != nil)
	}},
	{"ttl", "ttl=", func(_ view, _ *conversation, d *datagram) string {
		p := d.packet()
		return number("ttl=", int(p.TTL), p.Layers&(sniffer.IPv4|sniffer.IPv6) != 0)
	}},
	{"dscp", "dscp=", func(_ view, _ *conversation, d *datagram) string {
		class, ok := trafficClass(d.packet())
		return number("dscp=", int(class>>2), ok) // RFC 2474, section 3
	}},
	{"window", "win=", func(_ view, _ *conversation, d *datagram) string {
		p := d.packet()
		return number("win=", int(p.Window), p.Has(sniffer.TCP))
	}},
	{"options", "options=", func(_ view, _ *conversation, d *datagram) string { return options(d.packet()) }},
}

// Reset is what the column reset adds to the line of a SYN: a reset has ended the
// connection by the end of the window.
const Reset = "reset"

// data begins the line of a segment that carries data.
const data = "data"

// ColumnNames returns the names of the columns: the words that may follow "with" in the
// text form of a Projection.
func ColumnNames() (names []string) {
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

// IsColumn reports whether a word of a line belongs to a column, as "ttl=64" does.
func IsColumn(word string) bool { return ColumnOf(word) != "" }

// ColumnOf returns the name of the column to which a word of a line belongs, "" for none:
// "window" for "win=512".
func ColumnOf(word string) string {
	for _, c := range columns {
		if word == c.word || strings.HasSuffix(c.word, "=") && strings.HasPrefix(word, c.word) {
			return c.name
		}
	}
	return ""
}

// parseColumns reads what stands behind "with".
func parseColumns(list string) (with []string, err error) {
	names := ColumnNames()
	for name := range strings.SplitSeq(list, ",") {
		if isModifier(name) {
			return nil, i18n.Errmsg("script.trace.behind", "Word", name)
		}
		if !slices.Contains(names, name) {
			return nil, i18n.Errmsg("script.trace.column", "Word", name, "Hint", suggest.Hint(name, names), "Known", names)
		}
		with = append(with, name)
	}
	return with, nil
}

// asks reports whether a projection asks for a column.
func (pr Projection) asks(name string) bool { return slices.Contains(pr.With, name) }

// extras are what the columns that are asked for say of a datagram, each behind a space.
// c is its conversation; nil where it is of none.
func (v view) extras(c *conversation, d *datagram) string {
	var b strings.Builder
	for _, col := range columns {
		if col.of == nil || !v.asks(col.name) {
			continue
		}
		if s := col.of(v, c, d); s != "" {
			b.WriteString(" " + s)
		}
	}
	return b.String()
}

// number is a column's word with a number, where it has one.
func number(word string, n int, is bool) string {
	if !is {
		return ""
	}
	return word + strconv.Itoa(n)
}

// trafficClass is the second byte of IPv4, and what has its place in IPv6.
func trafficClass(p *sniffer.Packet) (uint8, bool) {
	switch {
	case p.Has(sniffer.IPv4):
		return p.Data[p.NetworkOffset+1], true
	case p.Has(sniffer.IPv6):
		return uint8(binary.BigEndian.Uint16(p.Data[p.NetworkOffset:]) >> 4), true
	}
	return 0, false
}

// options names the options of a TCP header in their order, but for padding and what
// depends on time: "options=MSS:1460,SACK-permitted,timestamps,window-scale:7".
func options(p *sniffer.Packet) string {
	if !p.Has(sniffer.TCP) {
		return ""
	}
	var names []string
	at := p.TransportOffset
	p.Options(at+20, at+4*int(p.Data[at+12]>>4), func(o sniffer.Option) {
		name := strings.ReplaceAll(iana.TCPOption(o.Type), " ", "-")
		if name == "" {
			name = strconv.Itoa(int(o.Type))
		}
		switch value := p.Data[min(o.Start+2, o.End):o.End]; {
		case o.Type <= 1:
			return
		case o.Malformed:
			name += ":malformed"
		case o.Type == 2 && len(value) == 2:
			name += ":" + strconv.Itoa(int(binary.BigEndian.Uint16(value)))
		case o.Type == 3 && len(value) == 1:
			name += ":" + strconv.Itoa(int(value[0]))
		}
		names = append(names, name)
	})
	if names == nil {
		return ""
	}
	return "options=" + strings.Join(names, ",")
}

// wasReset reports whether a connection is reset by the end of the window.
func (v view) wasReset(c *conversation) bool {
	return slices.ContainsFunc(c.units, func(u unit) bool {
		n := u.number()
		return c.segment(u).flags&sniffer.RST != 0 && v.window.until(v.Hosts.place(v.like(n)), n)
	})
}

// resent are the lines of the segments that carry bytes which their sender has sent
// before.
func (v view) resent(c *conversation) (lines []placed) {
	var sent [2][]sequence // what each side has sent so far
	for _, u := range c.units {
		p := c.segment(u)
		s := sequence{p.dataAt(), p.dataAt() + p.size}
		if p.size == 0 || p.flags&sniffer.RST != 0 {
			continue
		}
		side := &sent[p.side]
		again := slices.ContainsFunc(*side, func(t sequence) bool { return before(s.begin, t.end) && before(t.begin, s.end) })
		*side = extend(*side, s)
		if again && p.flags&control == 0 { // what opens or closes has a line already
			d := v.datagram(p.number)
			lines = append(lines, v.line(c, d, data+" "+Again, d.numbers, d.number()))
		}
	}
	return lines
}

// extend adds a run to runs of which it most often continues the last.
func extend(runs []sequence, s sequence) []sequence {
	if n := len(runs); n > 0 && !before(runs[n-1].end, s.begin) && !before(s.begin, runs[n-1].begin) {
		if before(runs[n-1].end, s.end) {
			runs[n-1].end = s.end
		}
		return runs
	}
	return append(runs, s)
}
