package trace

import (
	"wirelab/sniffer"
)

// control are the flags that open and close a connection.
const control = sniffer.SYN | sniffer.FIN | sniffer.RST

// segments is what is looked up in a connection again and again. However many
// segments a capture makes of one, each look-up is short.
type segments struct {
	packets int // of the recording when this was found
	sent    [2]sent
	acks    [2]acks // by the side that acknowledges
	control map[controlKey][]*datagram
}

// sent is the sequence number behind all that a side was seen to send.
type sent struct {
	end   uint32
	known bool
}

// controlKey tells the copies of a SYN or FIN from others.
type controlKey struct {
	side  int
	flags sniffer.TCPFlags
	end   uint32
}

func keyOf(c *conversation, d *datagram) controlKey {
	p := d.packet()
	// A SYN ACK after a SYN is another step of a simultaneous open.
	return controlKey{c.side(p), p.Flags & (control | sniffer.ACK), segmentEnd(d)}
}

// segments finds what is looked up, once for each state of the recording.
func (c *conversation) segments() *segments {
	s := &c.found
	if packets := len(c.datagrams[0].recording.Packets); s.packets != packets {
		*s = segments{packets: packets, control: map[controlKey][]*datagram{}}
		for _, d := range c.datagrams {
			s.add(c, d)
		}
	}
	return s
}

func (s *segments) add(c *conversation, d *datagram) {
	p := d.packet()
	side := c.side(p)
	if p.Flags&sniffer.RST == 0 {
		if end := segmentEnd(d); !s.sent[side].known || before(s.sent[side].end, end) {
			s.sent[side] = sent{end, true}
		}
		if p.Flags&control != 0 {
			key := keyOf(c, d)
			s.control[key] = append(s.control[key], d)
		}
	}
	if acknowledges(p) {
		s.acks[side].add(d)
	}
}

// acknowledgedBy returns the first later segment of the other side that
// acknowledges all of d and nothing that was never sent, nil if the capture has
// none. Which segment that is depends on timing; that there is one does not.
func (c *conversation) acknowledgedBy(d *datagram) *datagram {
	s, side := c.segments(), c.side(d.packet())
	return s.acks[1-side].first(d.number(), segmentEnd(d), s.sent[side].end)
}

// again returns the later copies of a SYN or FIN that the capture has. A reset
// is never sent again: a second one answers something else.
func (c *conversation) again(d *datagram) []*datagram {
	same := c.segments().control[keyOf(c, d)]
	for i, o := range same {
		if o == d {
			return same[i+1:]
		}
	}
	return nil
}

// acks are the acknowledgements of one side, in blocks of which one knows the
// extremes.
type acks struct {
	all    []*datagram
	blocks []block
}

// block are the least and the greatest acknowledgement number of some
// segments, relative to the first of all.
type block struct{ least, most int32 }

const blockSize = 256

func (a *acks) add(d *datagram) {
	n := a.relative(d)
	if len(a.all)%blockSize == 0 {
		a.blocks = append(a.blocks, block{n, n})
	}
	b := &a.blocks[len(a.blocks)-1]
	b.least, b.most = min(b.least, n), max(b.most, n)
	a.all = append(a.all, d)
}

func (a *acks) relative(d *datagram) int32 {
	if len(a.all) == 0 {
		return 0
	}
	return int32(d.packet().Ack - a.all[0].packet().Ack)
}

// first returns the first segment behind a packet that acknowledges at least
// up to one number and at most up to another.
func (a *acks) first(after int, least, most uint32) *datagram {
	if len(a.all) == 0 {
		return nil
	}
	base := a.all[0].packet().Ack
	low, high := int32(least-base), int32(most-base)
	for i, b := range a.blocks {
		part := a.all[i*blockSize : min((i+1)*blockSize, len(a.all))]
		if b.most < low || b.least > high || part[len(part)-1].number() <= after {
			continue
		}
		for _, d := range part {
			if n := a.relative(d); d.number() > after && n >= low && n <= high {
				return d
			}
		}
	}
	return nil
}
