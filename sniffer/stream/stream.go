// Package stream tells what two ends say to each other: the bytes of a TCP connection in
// the order in which a receiver is handed them, UDP datagrams one by one.
//
// It knows decoded packets alone. IP fragments of UDP are put together, those of TCP are
// not: what they lack is told as missing.
package stream

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"

	"wirelab/sniffer"
)

// Limit is how many bytes the conversations of a capture may take, what they are kept
// with included.
const Limit = 64 << 20

// Memory that a conversation, a fragmented datagram, and a segment or fragment take beside
// their payload, in bytes.
const (
	conversationSize = 1024
	datagramSize     = 512
	segmentSize      = 160
)

const protocolUDP = 17 // IANA, IP protocol numbers

// Conversations are what the packets that were added carry. The zero value is empty. It
// is not safe for use by several goroutines at once.
type Conversations struct {
	// Left is how many packets with a payload came after Limit was reached.
	Left uint64

	all       []*Conversation
	open      map[key]*Conversation
	fragments map[fragmentKey]*datagram // not yet complete
	held      int                       // bytes
}

type key struct {
	layer sniffer.Layers
	sniffer.Flow
}

// Conversation is a TCP connection, or what two UDP ports send to each other.
type Conversation struct {
	Layer sniffer.Layers // TCP or UDP
	Ends  [2]netip.AddrPort
	First time.Time // when the first packet was seen, which Ends[0] has sent

	sides     [2]side // of a connection, by its end
	datagrams []Said
}

// side is what one end of a connection has sent.
type side struct {
	begun    bool
	base     uint32 // the number of its first byte, whose offset is 0
	numbers  Numbers
	segments []Segment
	packets  []int // of segments
}

// Said is a part of a conversation: bytes of one end, or that some are missing.
type Said struct {
	From    int // index in Ends
	Packet  int // number of the packet with which a receiver of TCP has the bytes, or that has the ports of UDP
	Data    []byte
	Missing int64 // how many bytes of From's the capture lacks behind Data
}

// All returns the conversations in the order of their first packets.
func (c *Conversations) All() []*Conversation { return c.all }

// Add adds a packet, in the order of the capture: that of the innermost frame.
func (c *Conversations) Add(outer *sniffer.Packet) {
	p := outer.Innermost()
	layer := p.Layers & (sniffer.TCP | sniffer.UDP)
	later := p.Fragment && p.FragmentOffset > 0 && p.Protocol == protocolUDP
	if layer == 0 && !later || !p.Src.IsValid() || p.Malformed() {
		return
	}
	if c.held >= Limit {
		if len(p.Payload) > 0 {
			c.Left++
		}
		return
	}
	if later {
		c.addFragment(p, nil, 0)
		return
	}
	conversation, from := c.of(layer, p)
	if layer == sniffer.TCP {
		c.held += conversation.sides[from].add(p)
		return
	}
	conversation.datagrams = append(conversation.datagrams, Said{from, p.Number, bytes.Clone(p.Payload), missing(p)})
	c.held += segmentSize + len(p.Payload)
	if p.Fragment {
		c.addFragment(p, conversation, len(conversation.datagrams)-1)
	}
}

// of returns the conversation of a packet, and which of its ends has sent it.
func (c *Conversations) of(layer sniffer.Layers, p *sniffer.Packet) (conversation *Conversation, from int) {
	flow, _ := sniffer.FlowOf(p)
	conversation = c.open[key{layer, flow}]
	src := netip.AddrPortFrom(p.Src, p.SrcPort)
	if conversation == nil || conversation.reopenedBy(p, conversation.end(src)) {
		conversation = &Conversation{Layer: layer, Ends: [2]netip.AddrPort{src, netip.AddrPortFrom(p.Dst, p.DstPort)}, First: p.Time}
		if c.open == nil {
			c.open = map[key]*Conversation{}
		}
		c.open[key{layer, flow}] = conversation
		c.all = append(c.all, conversation)
		c.held += conversationSize
	}
	return conversation, conversation.end(src)
}

// fragmentKey tells the fragments of one datagram (RFC 791, section 3.2; RFC 8200,
// section 4.5).
type fragmentKey struct {
	src, dst netip.Addr
	protocol uint8
	id       uint32
}

// datagram is a UDP datagram in fragments.
type datagram struct {
	Fragments
	of *Conversation // nil while the first fragment has not come
	at int           // its place in there
}

// addFragment adds a fragment; the first has its datagram's place in a conversation.
func (c *Conversations) addFragment(p *sniffer.Packet, of *Conversation, at int) {
	key := fragmentKey{p.Src, p.Dst, p.Protocol, p.FragmentID}
	d := c.fragments[key]
	if d == nil || of != nil && d.of != nil { // the number is used again
		if d = (&datagram{}); c.fragments == nil {
			c.fragments = map[fragmentKey]*datagram{}
		}
		c.fragments[key] = d
		c.held += datagramSize
	}
	if of != nil {
		d.of, d.at = of, at
	}
	data := bytes.Clone(p.FragmentData())
	c.held += segmentSize + len(data)
	whole := d.Add(p.FragmentOffset, data, p.MoreFragments)
	if len(whole) < 8 || d.of == nil {
		return
	}
	delete(c.fragments, key)
	stated := max(8, min(len(whole), int(binary.BigEndian.Uint16(whole[4:]))))
	said := &d.of.datagrams[d.at]
	said.Data, said.Missing = whole[8:stated], 0
}

// missing returns how many bytes of a UDP datagram its packet lacks.
func missing(p *sniffer.Packet) int64 {
	stated := p.PayloadLength()
	if p.MoreFragments {
		stated = int(binary.BigEndian.Uint16(p.Data[p.TransportOffset+4:])) - 8
	}
	return int64(max(0, stated-len(p.Payload)))
}

// end returns the index of an end.
func (c *Conversation) end(addr netip.AddrPort) int {
	if c.Ends[0] == addr {
		return 0
	}
	return 1
}

// reopenedBy reports whether a packet begins another connection between the same ends.
func (c *Conversation) reopenedBy(p *sniffer.Packet, from int) bool {
	s := &c.sides[from]
	return p.Has(sniffer.TCP) && p.Flags&(sniffer.SYN|sniffer.ACK) == sniffer.SYN && s.begun && p.Seq+1 != s.base
}

// add adds a segment, and returns how many bytes it takes.
func (s *side) add(p *sniffer.Packet) (held int) {
	at := p.Seq
	if p.Flags&sniffer.SYN != 0 {
		at++
	}
	offset := s.numbers.Offset(at)
	if !s.begun {
		s.begun, s.base = true, at
		held += s.append(0, nil, p.Number)
	}
	if p.Flags&sniffer.RST != 0 {
		return held // its text is no part of the stream: RFC 9293, section 3.5.3
	}
	if len(p.Payload) > 0 {
		held += s.append(offset, bytes.Clone(p.Payload), p.Number)
	}
	if length := p.PayloadLength(); length > len(p.Payload) || p.Flags&sniffer.FIN != 0 {
		held += s.append(offset+int64(length), nil, p.Number)
	}
	return held
}

// append keeps what is not from before the first byte.
func (s *side) append(offset int64, data []byte, packet int) (held int) {
	if offset < 0 {
		if offset+int64(len(data)) <= 0 {
			return 0
		}
		offset, data = 0, data[-offset:]
	}
	s.segments, s.packets = append(s.segments, Segment{offset, data}), append(s.packets, packet)
	return segmentSize + len(data)
}

// said returns what one end of a connection says, in the order of the stream.
func (s *side) said(from int) (all []Said) {
	packet, end := 0, int64(0)
	for _, run := range Join(s.segments) {
		if hole := run[0].Offset - end; hole > 0 {
			all = append(all, Said{from, packet, nil, hole})
		}
		for _, piece := range run {
			packet = max(packet, s.packets[piece.Segment])
			if len(piece.Data) > 0 {
				all = append(all, Said{from, packet, piece.Data, 0})
			}
		}
		end = run.end()
	}
	return all
}

// Said returns what was said, as both ends heard it.
func (c *Conversation) Said() []Said {
	if c.Layer == sniffer.UDP {
		return c.datagrams
	}
	a, b := c.sides[0].said(0), c.sides[1].said(1)
	all := make([]Said, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].Packet <= b[0].Packet {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}
