package render

import (
	"wirelab/sniffer"
)

type line struct {
	o     Options
	clock clock
}

// NewLine returns a Printer of one line a packet: its number, the time of day
// to the microsecond, and the packet in the lab's notation.
//
//	1 12:00:00.000123 client1 > * who-has server
func NewLine(o Options) Printer { return &line{o, clock{form: timeOfDay, utc: o.UTC}} }

func (l *line) Append(dst []byte, p *sniffer.Packet) []byte {
	dst = appendNumber(dst, p.Number)
	dst = l.clock.appendTimeOfDay(append(dst, ' '), p.Time)
	dst = append(dst, ' ')
	if l.o.Colour {
		if sgr := kinds[kindOf(p)].sgr; sgr != "" {
			dst = append(dst, sgr...)
			dst = l.o.notation().AppendLine(dst, p)
			return append(dst, sgrReset+"\n"...)
		}
	}
	dst = l.o.notation().AppendLine(dst, p)
	return append(dst, '\n')
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
