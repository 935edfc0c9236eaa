package trace

import (
	"net/netip"
	"slices"
	"sort"

	"wirelab/sniffer"
)

// conversation is what two endpoints said to each other over TCP or UDP: one
// TCP connection, or all datagrams between two pairs of address and port.
type conversation struct {
	recording *Recording
	key       flowKey // a sent the first packet
	number    int     // among the conversations, from 1
	units     []unit  // its datagrams
	sides     [2]side // of a and of b
	over      bool    // another one has begun between its ends
	found     segments
}

// unit is a datagram of a conversation: the number of the packet with the transport
// header, and the side that sent it.
type unit uint32

func unitOf(number, side int) unit { return unit(number)<<1 | unit(side) }

func (u unit) number() int { return int(u >> 1) }
func (u unit) side() int   { return int(u & 1) }

// side is what one end of a TCP connection has shown so far.
type side struct {
	syn, fin bool
	isn      uint32 // of its SYN
}

// side returns the index of the end that sent a packet.
func (c *conversation) side(p *sniffer.Packet) int {
	if netip.AddrPortFrom(p.Src, p.SrcPort) == c.key.a.AddrPort {
		return 0
	}
	return 1
}

// first is the number of its first packet.
func (c *conversation) first() int { return c.units[0].number() }

// datagram is the one of which a packet of the conversation is a part.
func (c *conversation) datagram(number int) *datagram {
	if first := c.recording.index.first[number]; first > 0 {
		number = first
	}
	return c.recording.datagram(number)
}

func (c *conversation) tcp() bool { return c.key.protocol == sniffer.TCP }

// opened reports whether nothing is missing before the first packet: of TCP it
// is a SYN.
func (c *conversation) opened() bool {
	return !c.tcp() || c.segment(c.units[0]).opens()
}

func (c *conversation) add(p *sniffer.Packet, from int) {
	c.units = append(c.units, unitOf(p.Number, from))
	s := &c.sides[from]
	if p.Flags&sniffer.SYN != 0 && !s.syn {
		s.syn, s.isn = true, p.Seq
	}
	if p.Flags&sniffer.FIN != 0 {
		s.fin = true
	}
	if p.Flags&sniffer.RST != 0 {
		c.sides[0].fin, c.sides[1].fin = true, true
	}
}

// reopenedBy reports whether a packet begins a new connection between the same
// endpoints: a SYN after both have closed, with whatever number, or with
// another number than before. A SYN that crosses the other side's is a
// simultaneous open of one connection (RFC 9293, section 3.5).
func (c *conversation) reopenedBy(p *sniffer.Packet, from int) bool {
	if !c.tcp() || p.Flags&(sniffer.SYN|sniffer.ACK) != sniffer.SYN {
		return false
	}
	if c.sides[0].fin && c.sides[1].fin {
		return true
	}
	own, other := c.sides[from], c.sides[1-from]
	if own.syn {
		return own.isn != p.Seq
	}
	if !other.syn {
		return true
	}
	return slices.ContainsFunc(c.units, func(u unit) bool { return !c.segment(u).opens() }) // only SYNs of the other side so far
}

// segment is what the headers of a TCP segment say.
type segment struct {
	number   int // of the packet with the header
	side     int
	flags    sniffer.TCPFlags
	seq, ack uint32
	window   uint16
	size     uint32 // bytes of data
}

// segment reads a unit of a connection.
func (c *conversation) segment(u unit) segment {
	row := c.recording.row(u.number())
	s := segment{u.number(), u.side(), row.flags, row.seq, row.ack, row.window, row.size}
	if row.facts&fragment != 0 {
		if d := c.recording.datagram(s.number); d.parts != nil && d.complete {
			s.size = uint32(d.parts.size)
		}
	}
	return s
}

// opens reports whether it is the SYN that opens a connection.
func (s segment) opens() bool { return s.flags&(sniffer.SYN|sniffer.ACK) == sniffer.SYN }

// dataAt is the sequence number of the first byte of data.
func (s segment) dataAt() uint32 {
	if s.flags&sniffer.SYN != 0 {
		return s.seq + 1
	}
	return s.seq
}

// end is the sequence number that follows: SYN and FIN take one each (RFC 9293,
// section 3.4).
func (s segment) end() uint32 {
	end := s.dataAt() + s.size
	if s.flags&sniffer.FIN != 0 {
		end++
	}
	return end
}

// acknowledges reports whether it has a valid acknowledgement number.
func (s segment) acknowledges() bool {
	return s.flags&(sniffer.ACK|sniffer.RST) == sniffer.ACK
}

// before reports whether sequence number a precedes b, modulo 2^32.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// hole returns the first packet that acknowledges bytes which the capture does
// not have, though the other side must have sent them; 0 if there is none.
func (c *conversation) hole() int {
	if !c.tcp() {
		return 0
	}
	for side := range c.sides {
		if n := c.holeOf(side); n > 0 {
			return n
		}
	}
	return 0
}

func (c *conversation) holeOf(side int) int {
	if !c.sides[side].syn && c.opened() {
		// A host that acknowledges has been answered, and so has seen a SYN.
		for _, u := range c.units {
			if s := c.segment(u); s.side != side && s.acknowledges() && s.flags&sniffer.SYN == 0 {
				return s.number
			}
		}
	}
	seen := c.ranges(side)
	if len(seen) == 0 {
		return 0
	}
	first := seen[0]
	var edge uint32 // how far the receiver has offered to take
	offered := false
	for _, u := range c.units {
		if u.side() == side {
			continue
		}
		p := c.segment(u)
		if !p.acknowledges() {
			continue
		}
		// An acknowledgement of what the receiver has never offered to take
		// answers an older connection (RFC 9293, section 3.5.1).
		plausible := !before(seen[len(seen)-1].end, p.ack) || offered && !before(edge, p.ack)
		if plausible && before(first.end, p.ack) {
			return p.number
		}
		if !plausible {
			continue
		}
		// The scale of the window is at most 14 (RFC 7323, section 2.3).
		if e := p.ack + uint32(p.window)<<14; !offered || before(edge, e) {
			edge, offered = e, true
		}
	}
	return 0
}

// sequence is a run of sequence numbers without a gap.
type sequence struct{ begin, end uint32 }

// ranges are the sequence numbers that a side was seen to send, in order.
func (c *conversation) ranges(side int) []sequence {
	var all []sequence
	for _, u := range c.units {
		if u.side() != side {
			continue
		}
		if s := c.segment(u); s.flags&sniffer.RST == 0 && s.end() != s.seq {
			all = extend(all, sequence{s.seq, s.end()})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return before(all[i].begin, all[j].begin) })
	var merged []sequence
	for _, s := range all {
		if n := len(merged); n > 0 && !before(merged[n-1].end, s.begin) {
			if before(merged[n-1].end, s.end) {
				merged[n-1].end = s.end
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}
