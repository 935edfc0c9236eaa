package render

import (
	"net/netip"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// note has its words from the catalogue once: they are printed with every frame.
type note struct {
	o                                       Options
	quote                                   quote
	truncated, malformed, always, hintLabel string
	crashes, noDigit, asIPv4, inside        string
}

// NewNote returns a Printer in the form of the course note's parser: the bytes as
// Python shows them, one field a line with the slice of bytes it comes from, and
// the frame's number. The note reads every frame as IPv4; this Printer shows the
// fields of ARP, RARP and IPv6, and a hint with what the note would print.
func NewNote(o Options) Printer {
	text := func(code string) string { return i18n.Text(o.Lang, code) }
	return &note{
		o: o, truncated: text("note.truncated"), malformed: text("note.malformed"), always: text("note.always"), hintLabel: text("note.hint"),
		crashes: text("note.crashes"), noDigit: text("note.nodigit"), asIPv4: text("note.asipv4"),
		inside: text("note.inside"),
	}
}

func (n *note) Append(dst []byte, p *sniffer.Packet) []byte {
	dst = append(appendPythonBytes(dst, p.Data), '\n')
	dst = append(appendPythonList(dst, p.Data), '\n')
	w := &fields{dst: dst, p: p, colour: n.o.Colour}
	n.headers(w)
	for ; w.p.Inner != nil; n.headers(w) {
		w.base += w.p.InnerOffset()
		w.p = w.p.Inner
		w.text(n.inside, "", func() { w.dst = append(appendInt(append(w.dst, '['), w.base), ":]"...) })
	}
	if w.p != p && w.p.Malformed() {
		w.text(n.malformed, sgrRed, func() { w.dst = append(w.dst, safe(w.p.Err.Error())...) })
	}
	w.p, w.base = p, 0
	if p.Truncated() {
		w.text(n.truncated, "", func() {
			w.dst = append(w.dst, i18n.Text(n.o.Lang, "note.captured", "Kept", len(p.Data), "Length", p.Length)...)
		})
	} else if p.Err != nil {
		w.text(n.malformed, sgrRed, func() { w.dst = append(w.dst, safe(p.Err.Error())...) })
	}
	n.hint(w)
	dst = append(appendInt(w.dst, p.Number), '\n')
	return append(dst, "--------------------------------------------\n"...)
}

// headers writes the fields of a frame's headers, and what they carry.
func (n *note) headers(w *fields) {
	n.link(w)
	switch p := w.p; {
	case p.Has(sniffer.IPv4):
		n.ipv4(w)
	case p.Has(sniffer.IPv6):
		n.ipv6(w)
	case p.Has(sniffer.ARP) || p.Has(sniffer.RARP):
		n.arp(w)
	}
	n.transport(w)
	n.carried(w)
}

// noteField is a field as the course note calls it.
type noteField struct {
	label         string
	field         *sniffer.Field
	before, after string // of a number
}

var (
	noteEthernet = []noteField{
		{"dst_mac", sniffer.EthernetFields.Field("dst"), "", ""},
		{"src_mac", sniffer.EthernetFields.Field("src"), "", ""},
		{"protocol", sniffer.EthernetFields.Field("type"), "", ""},
	}
	noteIPv4 = []noteField{
		{"Ver", sniffer.IPv4Fields.Field("version"), "IPv", ""},
		{"HL", sniffer.IPv4Fields.Field("header_length"), "", " bytes"},
		{"TL", sniffer.IPv4Fields.Field("total_length"), "", " bytes"},
		{"TTL", sniffer.IPv4Fields.Field("ttl"), "", " hops"},
		{"next protocol", sniffer.IPv4Fields.Field("protocol"), "", ""},
		{"src_ip", sniffer.IPv4Fields.Field("src"), "", ""},
		{"dst_ip", sniffer.IPv4Fields.Field("dst"), "", ""},
	}
	noteIPv6 = []noteField{
		{"Ver", sniffer.IPv6Fields.Field("version"), "IPv", ""},
		{"payload length", sniffer.IPv6Fields.Field("payload_length"), "", " bytes"},
		{"hop limit", sniffer.IPv6Fields.Field("hop_limit"), "", " hops"},
		{"next protocol", sniffer.IPv6Fields.Field("next_header"), "", ""},
		{"src_ip", sniffer.IPv6Fields.Field("src"), "", ""},
		{"dst_ip", sniffer.IPv6Fields.Field("dst"), "", ""},
	}
	noteOperation = sniffer.ARPFields.Field("operation")
	noteARP       = []noteField{
		{"sender_mac", sniffer.ARPFields.Field("sender_mac"), "", ""},
		{"sender_ip", sniffer.ARPFields.Field("sender"), "", ""},
		{"target_mac", sniffer.ARPFields.Field("target_mac"), "", ""},
		{"target_ip", sniffer.ARPFields.Field("target"), "", ""},
	}
)

// show writes fields of the header that begins at at.
func (n *note) show(w *fields, at int, all ...noteField) {
	h := w.p.Data[at:]
	for i := range all {
		f := &all[i]
		colour := ""
		if f.field.Kind == sniffer.KindEtherType || f.field.Kind == sniffer.KindEtherTypeOrLength {
			colour = kinds[kindOf(w.p)].sgr
		}
		w.field(f.label, at, f.field, colour, func() { n.value(w, f, h) })
	}
}

// value appends the value of a field of the header h.
func (n *note) value(w *fields, f *noteField, h []byte) {
	b := h[f.field.Offset : f.field.Offset+f.field.Length]
	switch f.field.Kind {
	case sniffer.KindMAC:
		w.dst = sniffer.MAC(b).AppendTo(w.dst)
	case sniffer.KindAddress:
		addr, _ := netip.AddrFromSlice(b)
		w.dst = n.o.appendAddress(w.dst, addr)
	case sniffer.KindEtherType, sniffer.KindEtherTypeOrLength:
		w.etherType(uint16(u16(b)))
	case sniffer.KindProtocol:
		w.protocol(b[0])
	default:
		w.dst = digits.AppendUint(append(w.dst, f.before...), f.field.Number(h))
		w.dst = append(w.dst, f.after...)
	}
}

// link writes the fields of the link header and of VLAN tags.
func (n *note) link(w *fields) {
	p := w.p
	switch {
	case p.Has(sniffer.Ethernet):
		n.show(w, 0, noteEthernet...)
	case p.Has(sniffer.SLL):
		link, _ := p.LinkFields()
		from := link.Field("address").Offset
		w.span("src_mac", from, from+6, func() { w.dst = p.SrcMAC.AppendTo(w.dst) })
		n.show(w, 0, noteField{label: "protocol", field: link.Field("type")})
	default:
		return
	}
	p.Tags(func(t sniffer.Tag) {
		h := p.Data[t.Offset:]
		w.span("VLAN", t.Offset, t.Offset+2, func() {
			w.dst = digits.AppendUint(append(w.dst, "id "...), sniffer.VLANFields.Field("id").Number(h))
			w.dst = digits.AppendUint(append(w.dst, ", priority "...), sniffer.VLANFields.Field("priority").Number(h))
		})
		n.show(w, t.Offset, noteField{label: "protocol", field: sniffer.VLANFields.Field("type")})
	})
}

func (n *note) ipv4(w *fields) {
	p, at := w.p, w.p.NetworkOffset
	h := p.Data[at:]
	size, total := 4*int(h[0]&15), int(u16(h[2:]))
	n.show(w, at, noteIPv4[:2]...)
	w.options("options", at, size, noteIPv4[1].field, iana.IPOption)
	n.show(w, at, noteIPv4[2])
	w.derived("payload length", "TL - HL", func() { w.bytes(total - size) })
	n.show(w, at, noteIPv4[3:]...)
}

func (n *note) ipv6(w *fields) {
	p, at := w.p, w.p.NetworkOffset
	n.show(w, at, noteIPv6[0])
	w.derived("HL", n.always, func() { w.bytes(40) })
	n.show(w, at, noteIPv6[1:4]...)
	p.Extensions(func(e sniffer.Extension) {
		w.span("extension", e.Start, e.End, func() {
			w.dst = append(append(w.dst, iana.Protocol(e.Protocol)...), ", "...)
			w.bytes(e.End - e.Start)
		})
		w.span("next protocol", e.Start, e.Start+1, func() { w.protocol(p.Data[e.Start]) })
	})
	n.show(w, at, noteIPv6[4:]...)
}

func (n *note) arp(w *fields) {
	p, at := w.p, w.p.NetworkOffset
	w.field("operation", at, noteOperation, "", func() {
		w.dst = append(digits.AppendUint(w.dst, uint64(p.ARPOperation)), ' ')
		switch {
		case p.Has(sniffer.ARP):
			w.dst = append(w.dst, sniffer.ARPWords(p)...)
		case p.ARPOperation == 3: // RFC 903
			w.dst = append(w.dst, "rarp-request"...)
		case p.ARPOperation == 4:
			w.dst = append(w.dst, "rarp-reply"...)
		}
	})
	if p.ARPSender.IsValid() {
		n.show(w, at, noteARP...)
	}
}
