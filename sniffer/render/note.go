package render

import (
	"net/netip"

	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

type note struct{ o Options }

// NewNote returns a Printer of what the course note's parser prints of a frame,
// made right: the bytes as Python shows them, then a field a line with the
// slice of the bytes it came from, then the frame's number. ARP, RARP and IPv6
// show their own fields, and a hint says what the note would have read there,
// which reads every frame as if it were IPv4.
func NewNote(o Options) Printer { return &note{o} }

func (n *note) Append(dst []byte, p *sniffer.Packet) []byte {
	dst = append(appendPythonBytes(dst, p.Data), '\n')
	dst = append(appendPythonList(dst, p.Data), '\n')
	w := &fields{dst: dst, p: p, colour: n.o.Colour}
	n.link(w)
	switch {
	case p.Has(sniffer.IPv4):
		n.ipv4(w)
	case p.Has(sniffer.IPv6):
		n.ipv6(w)
	case p.Has(sniffer.ARP) || p.Has(sniffer.RARP):
		n.arp(w)
	}
	if p.Truncated() {
		w.text(n.o.Lang.Pick("truncated", "截斷"), "", func() {
			w.dst = append(w.dst, n.o.Lang.Pick("captured ", "只擷取到 ")...)
			w.dst = appendInt(w.dst, len(p.Data))
			w.dst = append(w.dst, n.o.Lang.Pick(" of ", " / ")...)
			w.bytes(p.Length)
		})
	} else if p.Err != nil {
		w.text(n.o.Lang.Pick("malformed", "格式錯誤"), sgrRed, func() { w.dst = append(w.dst, safe(p.Err.Error())...) })
	}
	n.hint(w)
	dst = append(appendInt(w.dst, p.Number), '\n')
	return append(dst, "--------------------------------------------\n"...)
}

// link writes the fields of the link header and of VLAN tags.
func (n *note) link(w *fields) {
	p := w.p
	colour := kinds[kindOf(p)].sgr
	protocol := func(at int) {
		w.coloured("protocol", at, at+2, colour, func() {
			t := uint16(u16(p.Data[at:]))
			switch name := iana.EtherType(t); {
			case name != "":
				w.dst = append(w.dst, name...)
			case t < 0x600: // IEEE 802.3, section 3.2.6
				w.dst = digits.AppendUint(append(w.dst, "802.3, "...), uint64(t))
				w.dst = append(w.dst, " bytes"...)
			default:
				w.dst = append(appendXDigits(w.dst, t), " unknown"...)
			}
		})
	}
	at, _, ok := link(p)
	switch {
	case p.Has(sniffer.Ethernet):
		w.field("dst_mac", 0, 6, func() { w.dst = p.DstMAC.AppendTo(w.dst) })
		w.field("src_mac", 6, 12, func() { w.dst = p.SrcMAC.AppendTo(w.dst) })
	case p.Has(sniffer.SLL):
		from := 6
		if p.LinkType == sniffer.LinkLinuxSLL2 {
			from = 12
		}
		w.field("src_mac", from, from+6, func() { w.dst = p.SrcMAC.AppendTo(w.dst) })
	}
	if ok {
		protocol(at)
	}
	tags(p, func(t tag) {
		control := u16(p.Data[t.control:])
		w.field("VLAN", t.control, t.control+2, func() {
			w.dst = digits.AppendUint(append(w.dst, "id "...), control&0xfff)
			w.dst = digits.AppendUint(append(w.dst, ", priority "...), control>>13)
		})
		protocol(t.control + 2)
	})
}

func (n *note) ipv4(w *fields) {
	p, at := w.p, w.p.NetworkOffset
	h := p.Data[at:]
	size, total := 4*int(h[0]&15), int(u16(h[2:]))
	w.digit("Ver", at, true, func() { w.dst = append(w.dst, "IPv4"...) })
	w.digit("HL", at, false, func() { w.bytes(size) })
	if size <= 20 {
		w.digit("options", at, false, func() { w.dst = append(w.dst, "no"...) })
	} else {
		w.field("options", at+20, at+size, func() {
			separator := "yes: "
			options(p, at+20, at+size, func(o option) {
				w.dst = append(w.dst, separator...)
				if name := iana.IPOption(o.kind); name != "" {
					w.dst = append(w.dst, name...)
				} else {
					w.dst = digits.AppendUint(append(w.dst, "option "...), uint64(o.kind))
				}
				if o.malformed {
					w.dst = append(w.dst, '?')
				}
				separator = ", "
			})
		})
	}
	w.field("TL", at+2, at+4, func() { w.bytes(total) })
	w.derived("payload length", "TL - HL", func() { w.bytes(total - size) })
	w.hops("TTL", at+8)
	n.next(w, h[9], at+9)
	n.address(w, "src_ip", p.Src, at+12, at+16)
	n.address(w, "dst_ip", p.Dst, at+16, at+20)
}

func (n *note) ipv6(w *fields) {
	p, at := w.p, w.p.NetworkOffset
	h := p.Data[at:]
	w.digit("Ver", at, true, func() { w.dst = append(w.dst, "IPv6"...) })
	w.derived("HL", n.o.Lang.Pick("always", "固定"), func() { w.bytes(40) })
	w.field("payload length", at+4, at+6, func() { w.bytes(int(u16(h[4:]))) })
	w.hops("hop limit", at+7)
	n.next(w, h[6], at+6)
	extensions(p, func(e extension) {
		w.field("extension", e.start, e.end, func() {
			w.dst = append(append(w.dst, iana.Protocol(e.kind)...), ", "...)
			w.bytes(e.end - e.start)
		})
		n.next(w, p.Data[e.start], e.start)
	})
	n.address(w, "src_ip", p.Src, at+8, at+24)
	n.address(w, "dst_ip", p.Dst, at+24, at+40)
}

func (n *note) arp(w *fields) {
	p, at := w.p, w.p.NetworkOffset
	w.field("operation", at+6, at+8, func() {
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
	if !p.ARPSender.IsValid() {
		return
	}
	w.field("sender_mac", at+8, at+14, func() { w.dst = p.ARPSenderMAC.AppendTo(w.dst) })
	n.address(w, "sender_ip", p.ARPSender, at+14, at+18)
	w.field("target_mac", at+18, at+24, func() { w.dst = p.ARPTgtMAC.AppendTo(w.dst) })
	n.address(w, "target_ip", p.ARPTarget, at+24, at+28)
}

func (n *note) next(w *fields, protocol uint8, at int) {
	w.field("next protocol", at, at+1, func() {
		if name := iana.Protocol(protocol); name != "" {
			w.dst = append(w.dst, name...)
			return
		}
		w.dst = append(digits.AppendUint(w.dst, uint64(protocol)), " unknown"...)
	})
}

func (n *note) address(w *fields, label string, addr netip.Addr, from, to int) {
	w.field(label, from, to, func() {
		w.dst = sniffer.AppendAddr(w.dst, addr)
		if n.o.Names != nil {
			if name := n.o.Names.Name(addr); name != "" {
				w.dst = append(append(append(w.dst, " ("...), safe(name)...), ')')
			}
		}
	})
}
