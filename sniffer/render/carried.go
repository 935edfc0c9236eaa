package render

import (
	"bytes"
	"encoding/json"

	"wirelab/sniffer"
	"wirelab/sniffer/dissect"
	"wirelab/sniffer/internal/digits"
)

// quote reads the packets that ICMP errors quote. The zero value can be used.
type quote struct {
	packet sniffer.Packet
	busy   bool // packet is being shown: no quotes in a quote
}

// of returns the beginning of the packet that p quotes, and where it is in p.Data;
// nil if p is no ICMP error. It is overwritten by the next.
func (q *quote) of(p *sniffer.Packet) (quoted *sniffer.Packet, offset int) {
	if p.Layers&(sniffer.ICMPv4|sniffer.ICMPv6) == 0 || q.busy {
		return nil, 0
	}
	frame, offset, ok := dissect.Quoted(p)
	if !ok {
		return nil, 0
	}
	q.packet = sniffer.Packet{Frame: frame, Number: p.Number}
	q.packet.Decode()
	return &q.packet, offset
}

// appendLine appends a packet in the lab's notation and what it, or the innermost
// frame, carries or quotes above its layers, unless lines are quiet.
func (o *Options) appendLine(dst []byte, p *sniffer.Packet, q *quote) []byte {
	n := o.notation()
	dst = n.AppendLine(dst, p)
	if o.Details&sniffer.Quiet != 0 || p.Inner == nil && dissect.None(p) {
		return dst
	}
	p = p.Innermost()
	if quoted, _ := q.of(p); quoted != nil {
		if mtu, ok := dissect.MTU(p); ok {
			dst = digits.AppendUint(append(dst, " mtu="...), uint64(mtu))
		} else if gateway, ok := dissect.Gateway(p); ok {
			dst = sniffer.AppendAddr(append(dst, " gateway="...), gateway)
		}
		return appendQuoted(append(dst, " quotes "...), n, quoted)
	}
	return appendMessage(dst, p)
}

// appendQuoted appends a packet that another quotes.
func appendQuoted(dst []byte, n sniffer.Notation, quoted *sniffer.Packet) []byte {
	return appendMessage(n.Inside().AppendLine(dst, quoted), quoted.Innermost())
}

// appendMessage appends what a packet carries above its layers.
func appendMessage(dst []byte, p *sniffer.Packet) []byte {
	if m := dissect.Of(p); m != nil {
		dst = m.AppendWords(append(dst, ' '))
	}
	return dst
}

// appendCarried appends what a packet, which begins at byte base of the outermost
// frame, carries or quotes above its layers.
func (j *jsonPrinter) appendCarried(dst []byte, p *sniffer.Packet, base int) []byte {
	if dissect.None(p) {
		return dst
	}
	if quoted, offset := j.quote.of(p); quoted != nil {
		j.quote.busy = true
		dst = j.appendFrame(append(dst, `,"quoted":`...), quoted, base+offset)
		j.quote.busy = false
		return dst
	}
	m := dissect.Of(p)
	if m == nil {
		return dst
	}
	var object bytes.Buffer
	e := json.NewEncoder(&object)
	e.SetEscapeHTML(false)
	if err := e.Encode(m.Object); err != nil {
		return dst // nothing that a Message holds is refused
	}
	dst = append(append(append(dst, `,"`...), m.Protocol...), `":`...)
	return append(dst, bytes.TrimSuffix(object.Bytes(), []byte("\n"))...)
}

// carried writes what a packet carries or quotes above its layers.
func (n *note) carried(w *fields) {
	if dissect.None(w.p) {
		return
	}
	if quoted, offset := n.quote.of(w.p); quoted != nil {
		w.advice()
		value := func() { w.dst = appendQuoted(w.dst, n.o.notation(), quoted) }
		w.line("quotes", "", value, func() { w.slice(offset, offset+len(quoted.Data)) })
		return
	}
	w.message()
}

// advice writes what an ICMP error tells its receiver to use.
func (w *fields) advice() {
	if mtu, ok := dissect.MTU(w.p); ok {
		w.text("mtu", "", func() { w.bytes(int(mtu)) })
	} else if gateway, ok := dissect.Gateway(w.p); ok {
		w.text("gateway", "", func() { w.dst = sniffer.AppendAddr(w.dst, gateway) })
	}
}

// message writes what a packet carries above its layers.
func (w *fields) message() {
	m := dissect.Of(w.p)
	if m == nil {
		return
	}
	kind, words := "", m.Words
	if len(words) > 0 && words[0].Label == "" {
		kind, words = words[0].Text, words[1:]
	}
	value := func() { w.dst = append(w.dst, kind...) }
	w.line(m.Protocol, kinds[kindOf(w.p)].sgr, value, func() { w.slice(m.Offset, m.Offset+m.Length) })
	for _, word := range words {
		w.text(word.Label, "", func() { w.dst = append(w.dst, word.Text...) })
	}
}
