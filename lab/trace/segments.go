package trace

import (
	"slices"

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
	control map[controlKey][]unit
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

func keyOf(p segment) controlKey {
	// A SYN ACK after a SYN is another step of a simultaneous open.
	return controlKey{p.side, p.flags & (control | sniffer.ACK), p.end()}
}

// segments finds what is looked up, once for each state of the recording.
func (c *conversation) segments() *segments {
	s := &c.found
	if packets := c.recording.Len(); s.packets != packets {
		*s = segments{packets: packets}
		for _, u := range c.units {
			s.add(c, u)
		}
	}
	return s
}

func (s *segments) add(c *conversation, u unit) {
	p := c.segment(u)
	if p.flags&sniffer.RST == 0 {
		if end := p.end(); !s.sent[p.side].known || before(s.sent[p.side].end, end) {
			s.sent[p.side] = sent{end, true}
		}
		if p.flags&control != 0 {
			if s.control == nil {
				s.control = map[controlKey][]unit{}
			}
			key := keyOf(p)
			s.control[key] = append(s.control[key], u)
		}
	}
	if p.acknowledges() {
		s.acks[p.side].add(c, u)
	}
}

// acknowledgedBy returns the first later segment of the other side that
// acknowledges all of a unit and nothing that was never sent, nil if the capture has
// none. Which segment that is depends on timing; that there is one does not.
func (c *conversation) acknowledgedBy(u unit) *datagram {
	s := c.segments()
	return s.acks[1-u.side()].first(c, c.recording.completes(u.number()), c.segment(u).end(), s.sent[u.side()].end)
}

// again returns the later copies of a SYN or FIN that the capture has. A reset
// is never sent again: a second one answers something else.
func (c *conversation) again(u unit) []unit {
	same := c.segments().control[keyOf(c.segment(u))]
	return same[slices.Index(same, u)+1:]
}

// acks are the acknowledgements of one side, in blocks of which one knows the
// extremes.
type acks struct {
	all    []unit
	base   uint32 // the acknowledgement number of the first
	blocks []block
}

// block are the least and the greatest acknowledgement number of some
// segments, relative to the first of all.
type block struct{ least, most int32 }

const blockSize = 256

func (a *acks) add(c *conversation, u unit) {
	ack := c.segment(u).ack
	if len(a.all) == 0 {
		a.base = ack
	}
	n := int32(ack - a.base)
	if len(a.all)%blockSize == 0 {
		a.blocks = append(a.blocks, block{n, n})
	}
	b := &a.blocks[len(a.blocks)-1]
	b.least, b.most = min(b.least, n), max(b.most, n)
	a.all = append(a.all, u)
}

// first returns the first segment behind a packet that acknowledges at least
// up to one number and at most up to another.
func (a *acks) first(c *conversation, after int, least, most uint32) *datagram {
	low, high := int32(least-a.base), int32(most-a.base)
	for i, b := range a.blocks {
		part := a.all[i*blockSize : min((i+1)*blockSize, len(a.all))]
		if b.most < low || b.least > high || c.recording.completes(part[len(part)-1].number()) <= after {
			continue
		}
		for _, u := range part {
			if n := int32(c.segment(u).ack - a.base); n < low || n > high {
				continue
			}
			if c.recording.completes(u.number()) > after {
				return c.recording.datagram(u.number())
			}
		}
	}
	return nil
}
