package sniffer

import (
	"net/netip"
	"sort"
)

// Conversation is what two endpoints said to each other over TCP or UDP: one
// TCP connection, or all datagrams between two address and port pairs.
type Conversation struct {
	Protocol Layers         // TCP or UDP
	A, B     netip.AddrPort // A sent the first packet
	Packets  []*Packet      // of both directions, in the order of the capture
	Opened   bool           // TCP: its first packet is a SYN, so that nothing is missing before it
}

// Conversations groups the TCP and UDP packets of a capture, in the order of
// each conversation's first packet. A SYN with another initial sequence
// number on the same endpoints begins a new connection.
func Conversations(packets []Packet) []*Conversation {
	type key struct {
		protocol Layers
		a, b     netip.AddrPort
	}
	open := map[key]*Conversation{}
	var all []*Conversation
	for i := range packets {
		p := &packets[i]
		protocol := p.Layers & (TCP | UDP)
		if protocol == 0 {
			continue
		}
		src, dst := p.source(), p.destination()
		c := open[key{protocol, src, dst}]
		if c == nil {
			c = open[key{protocol, dst, src}]
		}
		if c == nil || c.reopenedBy(p) {
			c = &Conversation{Protocol: protocol, A: src, B: dst, Opened: p.Has(TCP) && p.Flags&(SYN|ACK) == SYN}
			delete(open, key{protocol, dst, src})
			open[key{protocol, src, dst}] = c
			all = append(all, c)
		}
		c.Packets = append(c.Packets, p)
	}
	return all
}

func (p *Packet) source() netip.AddrPort      { return netip.AddrPortFrom(p.Src, p.SrcPort) }
func (p *Packet) destination() netip.AddrPort { return netip.AddrPortFrom(p.Dst, p.DstPort) }

func (c *Conversation) reopenedBy(p *Packet) bool {
	if !p.Has(TCP) || p.Flags&(SYN|ACK) != SYN {
		return false
	}
	first := c.Packets[0]
	return first.source() != p.source() || first.Seq != p.Seq || first.Flags&SYN == 0
}

// segmentEnd is the sequence number that follows a segment: SYN and FIN take
// one each (RFC 9293, section 3.4).
func (p *Packet) segmentEnd() uint32 {
	end := p.Seq + uint32(len(p.Payload))
	if p.Flags&SYN != 0 {
		end++
	}
	if p.Flags&FIN != 0 {
		end++
	}
	return end
}

// before reports whether sequence number a precedes b, modulo 2^32.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// acknowledgedBy returns the first later segment of the other side that
// acknowledges all of p, nil if the capture has none. Which segment that is
// depends on timing; that there is one does not.
func (c *Conversation) acknowledgedBy(p *Packet) *Packet {
	for _, q := range c.Packets {
		if q.Number > p.Number && q.source() != p.source() && q.Flags&(ACK|RST) == ACK && !before(q.Ack, p.segmentEnd()) {
			return q
		}
	}
	return nil
}

// retransmitted returns the later copies of a SYN or FIN that the capture has.
// A reset is never sent again: a second one answers something else.
func (c *Conversation) retransmitted(p *Packet) (copies []*Packet) {
	const control = SYN | FIN | RST
	if p.Flags&RST != 0 || p.Flags&control == 0 {
		return nil
	}
	for _, q := range c.Packets {
		if q.Number > p.Number && q.source() == p.source() && q.Flags&control == p.Flags&control && q.segmentEnd() == p.segmentEnd() {
			copies = append(copies, q)
		}
	}
	return copies
}

// said is a text that was found in what one side sent.
type said struct {
	text    string
	last    *Packet // completes the text: where it stands in the trace
	packets []int
}

// texts finds the given texts in what src sent, however it was cut into
// segments or datagrams, each occurrence once, retransmissions ignored.
func (c *Conversation) texts(src netip.AddrPort, wanted []string) []said {
	var found []said
	for _, run := range c.streams(src) {
		for _, text := range wanted {
			found = append(found, run.find(text)...)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].last.Number < found[j].last.Number })
	return found
}

// stream is a run of bytes without a gap, and which packet brought each piece.
type stream struct {
	bytes  []byte
	pieces []piece
}

type piece struct {
	end    int // offset in bytes at which the packet's part ends
	packet *Packet
}

// streams puts the payload of one side in order. A datagram stands alone; TCP
// segments are joined by sequence number.
func (c *Conversation) streams(src netip.AddrPort) []stream {
	var sent []*Packet
	for _, p := range c.Packets {
		if p.source() == src && len(p.Payload) > 0 {
			sent = append(sent, p)
		}
	}
	if c.Protocol == TCP {
		sort.SliceStable(sent, func(i, j int) bool { return before(sent[i].Seq, sent[j].Seq) })
	}
	var runs []stream
	var next uint32
	for _, p := range sent {
		data := p.Payload
		joins := c.Protocol == TCP && len(runs) > 0 && !before(next, p.Seq)
		if joins {
			overlap := int(next - p.Seq)
			if overlap >= len(data) {
				continue
			}
			data = data[overlap:]
		} else {
			runs = append(runs, stream{})
		}
		run := &runs[len(runs)-1]
		run.bytes = append(run.bytes, data...)
		run.pieces = append(run.pieces, piece{len(run.bytes), p})
		next = p.Seq + uint32(len(p.Payload))
	}
	return runs
}

func (s stream) find(text string) (found []said) {
	if text == "" {
		return nil
	}
	for start := 0; ; {
		i := indexFrom(s.bytes, text, start)
		if i < 0 {
			return found
		}
		start = i + len(text)
		f := said{text: text}
		for k, p := range s.pieces {
			begin := 0
			if k > 0 {
				begin = s.pieces[k-1].end
			}
			if begin < start && p.end > i {
				f.packets = append(f.packets, p.packet.Number)
				if f.last == nil || p.packet.Number > f.last.Number {
					f.last = p.packet
				}
			}
		}
		found = append(found, f)
	}
}
