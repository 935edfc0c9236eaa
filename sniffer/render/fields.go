package render

import (
	"net/netip"
	"strings"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// fieldList prints every field of a packet.
type fieldList struct {
	o     Options
	clock clock
	quote quote
}

// NewFields returns a Printer of every field of every layer, one a line under the
// layer's name: its name in JSON, its value, which slice of the frame holds it, and
// those bytes, with the bits where it does not have them all. What no field has are
// rows of bytes.
func NewFields(o Options) Printer {
	return &fieldList{o: o, clock: clock{form: dateAndTime, utc: o.UTC}}
}

func (l *fieldList) Append(dst []byte, p *sniffer.Packet) []byte {
	dst = appendInt(append(dst, "frame "...), p.Number)
	if !p.Time.IsZero() {
		dst = l.clock.appendMicroseconds(append(dst, ' '), p.Time)
	}
	dst = append(l.o.appendLine(append(dst, ' '), p, &l.quote), '\n')
	w := &fields{dst: dst, colour: l.o.Colour}
	l.frame(w, p)
	return append(w.dst, '\n')
}

// frame writes the layers of a frame, which begins at byte w.base of the outermost,
// and of those that it carries or quotes.
func (l *fieldList) frame(w *fields, p *sniffer.Packet) {
	w.p = p
	end := 0 // of what was written
	headers(p, func(h part) {
		l.bytes(w, "data", end, h.from)
		l.header(w, h)
		end = max(end, h.to)
	})
	if inside, offset := p.Inner, 0; inside != nil {
		offset = p.InnerOffset()
		l.inside(w, inside, end, offset)
		return
	}
	if quoted, offset := l.quote.of(p); quoted != nil {
		l.quote.busy = true
		l.inside(w, quoted, end, offset)
		l.quote.busy = false
		return
	}
	behind := "data"
	if p.PayloadOffset > 0 {
		l.bytes(w, "payload", p.PayloadOffset, p.PayloadOffset+len(p.Payload))
		end, behind = p.PayloadOffset+len(p.Payload), "padding"
	} else if p.Has(sniffer.ARP) || p.Has(sniffer.RARP) {
		behind = "padding"
	}
	w.message()
	l.bytes(w, behind, end, len(p.Data))
}

// inside writes a frame at an offset of w's, of which from is the first byte that was
// not written, and what is around it.
func (l *fieldList) inside(w *fields, p *sniffer.Packet, from, offset int) {
	l.bytes(w, "data", from, offset)
	outer, base := w.p, w.base
	w.base += offset
	l.frame(w, p)
	w.p, w.base = outer, base
	l.bytes(w, "padding", offset+len(p.Data), len(outer.Data))
}

// heading writes the name of a layer, how many bytes it has and where.
func (l *fieldList) heading(w *fields, name string, from, to int) {
	colour := kinds[kindOf(w.p)].sgr
	w.line(name, colour, func() { w.size(to - from) }, func() { w.slice(from, to) })
}

// header writes a layer.
func (l *fieldList) header(w *fields, h part) {
	to := min(h.to, len(w.p.Data))
	l.heading(w, h.name, h.from, to)
	w.indent = 2
	b := span(w.p, h.from, to)
	for i := range h.fields {
		f := &h.fields[i]
		if f.Kind == sniffer.KindPayloadLength {
			w.derived(f.Name, "total_length - header_length", func() { w.size(int(u16(b[2:])) - 4*int(b[0]&15)) })
		} else if f.Offset+f.Length <= len(b) {
			w.field(f.Name, h.from, f, "", func() { l.value(w, h.name, f, b) })
		}
	}
	switch h.name {
	case "ipv4":
		l.options(w, h.from+20, h.to, iana.IPOption, nil)
	case "tcp":
		l.options(w, h.from+20, h.to, iana.TCPOption, w.tcpOption)
	case "icmpv4", "icmpv6":
		w.advice()
	}
	w.indent = 0
}

// options writes the options of a header; value, if there is one, appends what their
// data mean.
func (l *fieldList) options(w *fields, from, to int, name func(uint8) string, value func(kind uint8, data []byte)) {
	if from >= to {
		return
	}
	w.p.Options(from, to, func(o sniffer.Option) {
		w.span("option", o.Start, o.End, func() {
			w.option(o, name)
			if value != nil && !o.Malformed {
				value(o.Type, span(w.p, o.Start+2, o.End))
			}
		})
	})
}

// tcpOption appends what the data of an option means (RFC 9293, section 3.2; RFC 7323).
func (w *fields) tcpOption(kind uint8, data []byte) {
	switch {
	case kind == 2 && len(data) == 2:
		w.dst = digits.AppendUint(append(w.dst, ' '), u16(data))
	case kind == 3 && len(data) == 1:
		w.dst = digits.AppendUint(append(w.dst, ' '), uint64(data[0]))
	case kind == 8 && len(data) == 8:
		w.dst = digits.AppendUint(append(w.dst, ' '), u32(data))
		w.dst = digits.AppendUint(append(w.dst, " echo "...), u32(data[4:]))
	}
}

// value appends the value of a field of the header h, which begins with its bytes.
func (l *fieldList) value(w *fields, layer string, f *sniffer.Field, h []byte) {
	b := h[f.Offset : f.Offset+f.Length]
	switch f.Kind {
	case sniffer.KindFlag:
		if f.Number(h) != 0 {
			w.dst = append(w.dst, "yes"...)
		} else {
			w.dst = append(w.dst, "no"...)
		}
	case sniffer.KindBytes:
		w.dst = digits.AppendHex(append(w.dst, "0x"...), b)
	case sniffer.KindMAC:
		w.dst = sniffer.MAC(b).AppendTo(w.dst)
	case sniffer.KindAddress:
		addr, _ := netip.AddrFromSlice(b)
		w.dst = l.o.appendAddress(w.dst, addr)
	case sniffer.KindEtherType, sniffer.KindEtherTypeOrLength:
		t := uint16(u16(b))
		if iana.EtherType(t) != "" {
			w.dst = append(appendXDigits(w.dst, t), ' ')
		}
		w.etherType(t)
	case sniffer.KindProtocol:
		w.dst = append(digits.AppendUint(w.dst, uint64(b[0])), ' ')
		w.dst = append(w.dst, iana.Protocol(b[0])...)
	case sniffer.KindTCPFlags:
		if l.o.Letters {
			w.dst = append(w.dst, w.p.Flags.Letters()...)
		} else {
			w.dst = append(w.dst, w.p.Flags.String()...)
		}
	case sniffer.KindAddressLength:
		w.size(int(b[len(b)-1]))
	default:
		l.number(w, layer, f, h)
	}
}

// number appends a number, and what it stands for.
func (l *fieldList) number(w *fields, layer string, f *sniffer.Field, h []byte) {
	switch n := f.Number(h); {
	case f.Name == "checksum" || f.Name == "protocol_type":
		w.dst = appendXDigits(w.dst, uint16(n))
	case f.Name == "type" && strings.HasPrefix(layer, "icmp"):
		w.icmpType()
	case f.Name == "operation" && layer == "arp":
		w.dst = digits.AppendUint(w.dst, n)
		if word := sniffer.ARPWords(w.p); !strings.HasPrefix(word, "arp-") {
			w.dst = append(append(w.dst, ' '), word...)
		}
	case f.Name == "length" || strings.HasSuffix(f.Name, "_length") || f.Unit > 0:
		w.size(int(n))
	default:
		w.dst = digits.AppendUint(w.dst, n)
	}
}

// bytes writes rows of the frame's bytes, and beside them as characters.
func (l *fieldList) bytes(w *fields, name string, from, to int) {
	if to = min(to, len(w.p.Data)); from >= to {
		return
	}
	l.heading(w, name, from, to)
	w.indent = 2
	if b := w.p.Data[from:to]; name == "payload" && readable(b) {
		w.text("text", "", func() { w.dst = append(w.dst, safetext.Escape(string(b))...) })
	}
	for ; from < to; from += 16 {
		row := w.p.Data[from:min(from+16, to)]
		w.span("", from, from+len(row), func() { w.dst = appendGraphic(w.dst, row) })
	}
	w.indent = 0
}
