package render

import (
	"strings"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
)

var (
	notePorts = []noteField{
		{"src_port", sniffer.UDPFields.Field("src_port"), "", ""},
		{"dst_port", sniffer.UDPFields.Field("dst_port"), "", ""},
	}
	noteTCP = []noteField{
		{"seq", sniffer.TCPFields.Field("seq"), "", ""},
		{"ack", sniffer.TCPFields.Field("ack"), "", ""},
		{"TCP HL", sniffer.TCPFields.Field("header_length"), "", " bytes"},
	}
	noteFlags  = sniffer.TCPFields.Field("flags")
	noteWindow = noteField{"window", sniffer.TCPFields.Field("window"), "", ""}
	noteUDP    = noteField{"UDP length", sniffer.UDPFields.Field("length"), "", " bytes"}
	noteType   = sniffer.ICMPFields.Field("type")
	noteCode   = noteField{"code", sniffer.ICMPFields.Field("code"), "", ""}
	noteEcho   = []noteField{
		{"id", sniffer.EchoFields.Field("id"), "", ""},
		{"seq", sniffer.EchoFields.Field("seq"), "", ""},
	}
)

// transport writes the fields of the header behind IP's, and the payload.
func (n *note) transport(w *fields) {
	p, at := w.p, w.p.TransportOffset
	switch {
	case at == 0:
		return
	case p.Has(sniffer.TCP):
		n.show(w, at, notePorts...)
		n.show(w, at, noteTCP...)
		w.field("flags", at, noteFlags, "", func() { w.dst = append(w.dst, n.flags(p)...) })
		n.show(w, at, noteWindow)
		w.options("TCP options", at, 4*int(p.Data[at+12]>>4), sniffer.TCPFields.Field("header_length"), iana.TCPOption)
	case p.Has(sniffer.UDP):
		n.show(w, at, notePorts...)
		n.show(w, at, noteUDP)
	case p.Has(sniffer.ICMPv4) || p.Has(sniffer.ICMPv6):
		n.icmp(w)
	case p.PortsOnly:
		n.show(w, at, notePorts...)
	}
	if p.PayloadOffset > 0 && p.Inner == nil {
		w.payload()
	}
}

func (n *note) flags(p *sniffer.Packet) string {
	if n.o.Letters {
		return p.Flags.Letters()
	}
	return p.Flags.String()
}

func (n *note) icmp(w *fields) {
	p, at := w.p, w.p.TransportOffset
	w.field("type", at, noteType, "", func() { w.icmpType() })
	n.show(w, at, noteCode)
	if p.PayloadOffset > 0 { // an echo
		n.show(w, at, noteEcho...)
	}
}

// icmpType appends the number of an ICMP message's type, and what it says.
func (w *fields) icmpType() {
	w.dst = appendInt(w.dst, int(w.p.ICMPType))
	if word, _, _ := strings.Cut(sniffer.ICMPWords(w.p), " "); !strings.HasPrefix(word, "icmp") {
		w.dst = append(append(w.dst, ' '), word...)
	}
}

// options writes whether a header of IPv4 or TCP has options, and their names. Without
// any its length says so.
func (w *fields) options(label string, at, size int, length *sniffer.Field, name func(uint8) string) {
	if size <= 20 {
		w.field(label, at, length, "", func() { w.dst = append(w.dst, "no"...) })
		return
	}
	w.span(label, at+20, at+size, func() {
		separator := "yes: "
		w.p.Options(at+20, at+size, func(o sniffer.Option) {
			w.dst = append(w.dst, separator...)
			w.option(o, name)
			separator = ", "
		})
	})
}

// option appends the name of an option, or its number.
func (w *fields) option(o sniffer.Option, name func(uint8) string) {
	if name := name(o.Type); name != "" {
		w.dst = append(w.dst, name...)
	} else {
		w.dst = appendInt(append(w.dst, "option "...), int(o.Type))
	}
	if o.Malformed {
		w.dst = append(w.dst, '?')
	}
}

// payload writes what TCP, UDP or an echo carries, as Python shows bytes and, where
// they are text, as what their decode() makes of them.
func (w *fields) payload() {
	p := w.p
	w.line("payload", "", func() { w.size(len(p.Payload)) }, func() { w.slice(p.PayloadOffset, p.PayloadOffset+len(p.Payload)) })
	if len(p.Payload) == 0 {
		return
	}
	w.text("bytes", "", func() { w.dst = appendPythonBytes(w.dst, p.Payload) })
	if readable(p.Payload) {
		w.text("decode()", "", func() { w.dst = append(w.dst, safetext.Escape(string(p.Payload))...) })
	}
}
