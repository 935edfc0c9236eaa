package render

import (
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// Stamp is how a line says when a frame was seen: as tcpdump does with as many -t.
type Stamp uint8

// The stamps. SincePrevious and SinceFirst are times between the frames that a
// Printer was given: it has to be given all of them.
const (
	TimeOfDay Stamp = iota
	NoTime
	Epoch         // Unix seconds
	SincePrevious // the frame before
	DateAndTime
	SinceFirst // frame
)

type line struct {
	o     Options
	clock clock
	plain bool // a line as it is by itself
	quote quote
	since time.Time // what SincePrevious and SinceFirst count from
}

// NewLine returns a Printer of one line a packet: its number, the time of day
// to the microsecond, and the packet in the lab's notation. Behind it stands
// the payload as text, and below it the frame's bytes, where Options ask for them.
//
//	1 12:00:00.000123 client1 > * who-has server
func NewLine(o Options) Printer {
	l := &line{
		o: o, clock: clock{form: timeOfDay, utc: o.UTC},
		plain: o.Stamp == TimeOfDay && !o.Link && !o.Colour && !o.Text && o.Dump == (Dump{}),
	}
	if o.Stamp == DateAndTime {
		l.clock.form = dateAndTime
	}
	return l
}

func (l *line) Append(dst []byte, p *sniffer.Packet) []byte {
	dst = appendNumber(dst, p.Number)
	if l.plain {
		dst = append(l.clock.appendMicroseconds(append(dst, ' '), p.Time), ' ')
		return append(l.o.appendLine(dst, p, &l.quote), '\n')
	}
	if l.o.Stamp == TimeOfDay || l.o.Stamp == DateAndTime {
		dst = l.clock.appendMicroseconds(append(dst, ' '), p.Time)
	} else {
		dst = l.appendStamp(dst, p.Time)
	}
	dst = append(dst, ' ')
	if l.o.Link {
		dst = appendLinkHeader(dst, p)
	}
	sgr := ""
	if l.o.Colour {
		sgr = kinds[kindOf(p)].sgr
		dst = append(dst, sgr...)
	}
	dst = l.o.appendLine(dst, p, &l.quote)
	if sgr != "" {
		dst = append(dst, sgrReset...)
	}
	if l.o.Text {
		dst = appendText(dst, p)
	}
	dst = append(dst, '\n')
	if l.o.Dump != (Dump{}) {
		dst = l.o.Dump.append(dst, p)
	}
	return dst
}

// appendStamp appends a time that is not of a clock's form.
func (l *line) appendStamp(dst []byte, t time.Time) []byte {
	switch {
	case l.o.Stamp == NoTime:
		return dst
	case t.IsZero():
		return append(dst, " -"...)
	case l.o.Stamp == Epoch:
		dst = appendInt(append(dst, ' '), int(t.Unix()))
		return digits.AppendPadded(append(dst, '.'), uint32(t.Nanosecond()/1000), 6)
	}
	if l.since.IsZero() {
		l.since = t
	}
	d := t.Sub(l.since).Truncate(time.Microsecond)
	if l.o.Stamp == SincePrevious {
		l.since = t
	}
	dst = append(dst, ' ')
	if d < 0 {
		dst, d = append(dst, '-'), -d
	}
	for _, part := range []struct {
		unit   time.Duration
		behind byte
	}{{time.Hour, ':'}, {time.Minute, ':'}, {time.Second, '.'}} {
		n := d / part.unit
		d -= n * part.unit
		if n < 10 {
			dst = append(dst, '0')
		}
		dst = append(digits.AppendUint(dst, uint64(n)), part.behind)
	}
	return digits.AppendPadded(dst, uint32(d/time.Microsecond), 6)
}

// appendLinkHeader appends the addresses and the protocol of the link header.
func appendLinkHeader(dst []byte, p *sniffer.Packet) []byte {
	switch {
	case p.Layers&(sniffer.Ethernet|sniffer.SLL) != 0 || p.Has(sniffer.WLAN) && p.SrcMAC != (sniffer.MAC{}):
		dst = p.SrcMAC.AppendTo(dst)
		if !p.Has(sniffer.SLL) {
			dst = p.DstMAC.AppendTo(append(dst, " > "...))
		}
	default:
		return dst
	}
	dst = append(dst, ' ')
	switch name := iana.EtherType(p.EtherType); {
	case name != "":
		dst = append(dst, name...)
	case p.EtherType < 0x600:
		dst = append(dst, "llc"...)
	default:
		dst = appendXDigits(dst, p.EtherType)
	}
	return append(appendInt(append(dst, " len="...), p.Length), " | "...)
}

// appendNumber appends a packet's number, at least four wide.
func appendNumber(dst []byte, n int) []byte {
	if n < 1000 {
		pad := 1
		if n < 100 {
			pad = 2
		}
		if n < 10 {
			pad = 3
		}
		dst = append(dst, "   "[:pad]...)
	}
	return appendInt(dst, n)
}
