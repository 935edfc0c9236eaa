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
	key       flowKey // a sent the first packet
	datagrams []*datagram
	sides     [2]side // of a and of b
	found     segments
}

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

// with is the datagram of which a packet is a part, nil if it is of another conversation.
func (c *conversation) with(number int) *datagram {
	for _, d := range c.datagrams {
		if slices.Contains(d.numbers, number) {
			return d
		}
	}
	return nil
}

func (c *conversation) tcp() bool { return c.key.protocol == sniffer.TCP }

// opened reports whether nothing is missing before the first packet: of TCP it
// is a SYN.
func (c *conversation) opened() bool {
	return !c.tcp() || c.datagrams[0].packet().Flags&(sniffer.SYN|sniffer.ACK) == sniffer.SYN
}

func (c *conversation) add(d *datagram) {
	c.datagrams = append(c.datagrams, d)
	p := d.packet()
	s := &c.sides[c.side(p)]
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
func (c *conversation) reopenedBy(p *sniffer.Packet) bool {
	if !c.tcp() || p.Flags&(sniffer.SYN|sniffer.ACK) != sniffer.SYN {
		return false
	}
	if c.sides[0].fin && c.sides[1].fin {
		return true
	}
	own, other := c.sides[c.side(p)], c.sides[1-c.side(p)]
	if own.syn {
		return own.isn != p.Seq
	}
	if !other.syn {
		return true
	}
	for _, d := range c.datagrams { // only SYNs of the other side so far
		if d.packet().Flags&(sniffer.SYN|sniffer.ACK) != sniffer.SYN {
			return true
		}
	}
	return false
}

// dataAt is the sequence number of a segment's first byte of data.
func dataAt(p *sniffer.Packet) uint32 {
	if p.Flags&sniffer.SYN != 0 {
		return p.Seq + 1
	}
	return p.Seq
}

// segmentEnd is the sequence number that follows a segment: SYN and FIN take
// one each (RFC 9293, section 3.4).
func segmentEnd(d *datagram) uint32 {
	p := d.packet()
	end := dataAt(p) + uint32(len(d.payload()))
	if p.Flags&sniffer.FIN != 0 {
		end++
	}
	return end
}

// before reports whether sequence number a precedes b, modulo 2^32.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// acknowledges reports whether a packet has a valid acknowledgement number.
func acknowledges(p *sniffer.Packet) bool {
	return p.Flags&(sniffer.ACK|sniffer.RST) == sniffer.ACK
}

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
		for _, d := range c.datagrams {
			if p := d.packet(); c.side(p) != side && acknowledges(p) && p.Flags&sniffer.SYN == 0 {
				return p.Number
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
	for _, d := range c.datagrams {
		p := d.packet()
		if c.side(p) == side || !acknowledges(p) {
			continue
		}
		// An acknowledgement of what the receiver has never offered to take
		// answers an older connection (RFC 9293, section 3.5.1).
		plausible := !before(seen[len(seen)-1].end, p.Ack) || offered && !before(edge, p.Ack)
		if plausible && before(first.end, p.Ack) {
			return p.Number
		}
		if !plausible {
			continue
		}
		// The scale of the window is at most 14 (RFC 7323, section 2.3).
		if e := p.Ack + uint32(p.Window)<<14; !offered || before(edge, e) {
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
	for _, d := range c.datagrams {
		p := d.packet()
		if c.side(p) == side && p.Flags&sniffer.RST == 0 && segmentEnd(d) != p.Seq {
			all = append(all, sequence{p.Seq, segmentEnd(d)})
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
