package render

import (
	"bytes"
	"encoding/json"

	"wirelab/sniffer"
	"wirelab/sniffer/dissect"
)

// appendLine appends a packet in the lab's notation and what it, or the innermost
// frame, carries above its layers, unless lines are quiet.
func (o *Options) appendLine(dst []byte, p *sniffer.Packet) []byte {
	dst = o.notation().AppendLine(dst, p)
	if o.Details&sniffer.Quiet != 0 {
		return dst
	}
	if m := dissect.Of(p.Innermost()); m != nil {
		dst = m.AppendWords(append(dst, ' '))
	}
	return dst
}

// appendCarried appends what a packet carries above its layers.
func appendCarried(dst []byte, p *sniffer.Packet) []byte {
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

// carried writes what a packet carries above its layers.
func (n *note) carried(w *fields) {
	m := dissect.Of(w.p)
	if m == nil {
		return
	}
	for i, word := range m.Words {
		value := func() { w.dst = append(w.dst, word.Text...) }
		if i > 0 {
			w.text(word.Label, "", value)
			continue
		}
		w.line(m.Protocol, kinds[kindOf(w.p)].sgr, value, func() { w.slice(m.Offset, m.Offset+m.Length) })
	}
}
