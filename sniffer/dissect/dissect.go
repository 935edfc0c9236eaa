// Package dissect names what packets carry above the layers that sniffer.Decode
// reads: DNS, DHCP, TLS, HTTP and others, each as a few words for a line and an
// object for JSON.
//
// It knows packets alone, one at a time: it reassembles nothing. What a packet
// carries is told by its well-known port, IP protocol or EtherType, never by
// guessing over payloads.
package dissect

import (
	"strings"
	"unicode/utf8"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// Message is what a packet carries, as one protocol has it. Its texts are safe to
// show (safetext).
type Message struct {
	Protocol string // key of Object in JSON, the first of a line's words
	Words    []Word // what kind of message it is, without a label, and what it says
	Object   any    // for encoding/json

	Offset, Length int  // its bytes in the packet's Data
	Incomplete     bool // the packet does not hold all that Words would tell
}

// Word is one thing that a message says.
type Word struct {
	Label, Text string
	Bare        bool // a line shows it without its label
}

func (m *Message) say(label, text string) {
	if text != "" {
		m.Words = append(m.Words, Word{Label: label, Text: text})
	}
}

// AppendWords appends a message as a line has it: "dns query A example.org".
func (m *Message) AppendWords(dst []byte) []byte {
	dst = append(dst, m.Protocol...)
	for _, w := range m.Words {
		dst = append(dst, ' ')
		if w.Label != "" && !w.Bare {
			dst = append(append(dst, w.Label...), '=')
		}
		dst = append(dst, w.Text...)
	}
	if m.Incomplete {
		dst = append(dst, " ..."...)
	}
	return dst
}

// dissector reads one protocol. It returns nil for what is another.
type dissector struct {
	over sniffer.Layers // the transports
	read func(p *sniffer.Packet) *Message
}

// dissectors are those of TCP and UDP; the first is none.
var dissectors = [...]dissector{
	{},
	{sniffer.TCP | sniffer.UDP, readDNS},
	{sniffer.TCP, readTLS},
	{sniffer.TCP, readHTTP},
	{sniffer.UDP, readDHCP},
	{sniffer.UDP, readDHCP6},
	{sniffer.UDP, readNTP},
}

// ports has the dissector of each well-known port. Ports above are ephemeral.
var ports = func() (index [8444]uint8) {
	for i, list := range [len(dissectors)][]uint16{
		1: {53, 5353},
		2: {443, 465, 853, 993, 995, 8443},
		3: {80, 8000, 8080},
		4: {67, 68},
		5: {546, 547},
		6: {123},
	} {
		for _, port := range list {
			index[port] = uint8(i)
		}
	}
	return index
}()

func byPort(port uint16) uint8 {
	if int(port) < len(ports) {
		return ports[port]
	}
	return 0
}

// None reports whether it is plain by a packet's ports, or for want of a payload, that
// neither Of nor Quoted has anything to say of it: so it is with most packets.
func None(p *sniffer.Packet) bool {
	return p.Layers&(sniffer.TCP|sniffer.UDP) != 0 && (len(p.Payload) == 0 || byPort(p.DstPort)|byPort(p.SrcPort) == 0)
}

// Of returns what a packet carries, nil if that has no name here. It is that of p
// itself, not of a frame inside it. Where there is none it allocates nothing.
func Of(p *sniffer.Packet) *Message {
	if p.Layers&(sniffer.TCP|sniffer.UDP) == 0 {
		return below(p)
	}
	if len(p.Payload) == 0 {
		return nil
	}
	i := byPort(p.DstPort)
	if i == 0 {
		if i = byPort(p.SrcPort); i == 0 {
			return nil
		}
	}
	d := &dissectors[i]
	if p.Layers&d.over == 0 {
		return nil
	}
	m := d.read(p)
	if m != nil && m.Length == 0 {
		m.Offset, m.Length = p.PayloadOffset, len(p.Payload)
	}
	return m
}

// below returns what a packet without ports carries.
func below(p *sniffer.Packet) *Message {
	const (
		link         = sniffer.Ethernet | sniffer.SLL
		network      = sniffer.IPv4 | sniffer.IPv6 | sniffer.ARP | sniffer.RARP
		protocolIGMP = 2
		typeLLDP     = 0x88cc
		lengthsEnd   = 0x600 // below it an EtherType is a length (IEEE 802.3, section 3.2.6)
	)
	switch {
	case p.Err != nil && !p.Truncated():
	case p.Has(sniffer.IPv4):
		if p.Protocol == protocolIGMP && p.TransportOffset > 0 && !p.Fragment {
			return readIGMP(p)
		}
	case p.Layers&network != 0 || p.Layers&link == 0:
	case p.EtherType == typeLLDP:
		return readLLDP(p)
	case p.EtherType < lengthsEnd:
		return readSTP(p)
	}
	return nil
}

// Bounds of what is told of one message.
const (
	maxListed = 64   // elements of a list
	maxText   = 4096 // bytes of a text
	maxShown  = 4    // elements of a list in words
	maxWord   = 256  // bytes of a word
)

// text returns bytes from outside as text.
func text(b []byte) string { return safetext.Escape(cut(string(b), maxText)) }

// cut returns the beginning of a text that is longer than size bytes.
func cut(s string, size int) string {
	if len(s) <= size {
		return s
	}
	for size > 0 && !utf8.RuneStart(s[size]) {
		size--
	}
	return s[:size] + "..."
}

// word returns a text as one of a line's words.
func word(s string) string { return cut(s, maxWord) }

// list returns texts as one word.
func list(texts []string) string {
	if len(texts) > maxShown {
		return word(strings.Join(texts[:maxShown], ",")) + ",..."
	}
	return word(strings.Join(texts, ","))
}
