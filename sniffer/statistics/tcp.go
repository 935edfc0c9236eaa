package statistics

import (
	"time"

	"wirelab/sniffer"
)

const (
	// fastWithin is how long after the duplicate ACKs a retransmission answers them.
	fastWithin = 20 * time.Millisecond
	// reordered is how late a segment may be and still count as out of order, where
	// the round trip time is not known.
	reordered = 3 * time.Millisecond
)

// connection is what one pair of TCP ends has done so far.
type connection struct {
	syn   time.Time     // when the last SYN without ACK was sent
	rtt   time.Duration // from there to the first segment without SYN; 0 if not known
	sides [2]side
}

// side is one direction of a connection.
type side struct {
	begun    bool   // it has sent something
	base     uint32 // the number before its first byte
	next     uint32
	nextAt   time.Time // when next grew last
	ack      uint32
	ackAt    time.Time
	window   uint16
	repeated int // duplicate ACKs in a row
	probed   bool
}

// control are the flags that count as a byte, or end a connection.
const control = sniffer.SYN | sniffer.FIN | sniffer.RST

// mark finds out what a TCP segment tells of losses, by the segments before it. The
// rules are those of the Wireshark User's Guide, section "TCP Analysis".
func (c *connection) mark(p *sniffer.Packet, from int) (marks sniffer.Marks) {
	s, other := &c.sides[from], &c.sides[1-from]
	size := uint32(p.PayloadLength())
	length := size
	if p.Flags&(sniffer.SYN|sniffer.FIN) != 0 {
		length++
	}
	plain := p.Flags&control == 0
	if p.Flags&(sniffer.SYN|sniffer.ACK) == sniffer.SYN {
		if s.begun && p.Seq != s.base { // the ports are used again
			*c = connection{}
		}
		c.syn = p.Time
	}
	probe := size == 1 && s.begun && p.Seq == s.next && other.begun && other.window == 0
	repeats := plain && size == 0 && s.begun && p.Seq == s.next && p.Ack == s.ack && p.Window == s.window
	switch {
	case probe:
		marks |= sniffer.ZeroWindowProbe
	default:
		if p.Window == 0 && plain {
			marks |= sniffer.ZeroWindow
		}
		if s.begun && after(p.Seq, s.next) && p.Flags&sniffer.RST == 0 {
			marks |= sniffer.SegmentMissing
		}
		if s.begun && size <= 1 && p.Seq == s.next-1 && plain {
			marks |= sniffer.KeepAlive
		}
		if repeats && p.Window != 0 && !other.probed {
			s.repeated++
			marks |= sniffer.DuplicateACK
		}
	}
	if p.Ack != s.ack {
		s.repeated = 0
	}
	if length > 0 && marks&sniffer.KeepAlive == 0 {
		marks |= c.again(p, from, size, length)
	}
	if c.rtt == 0 && !c.syn.IsZero() && p.Flags&(sniffer.SYN|sniffer.ACK) == sniffer.ACK {
		c.rtt = p.Time.Sub(c.syn)
	}
	if !s.begun {
		s.base = p.Seq
		if p.Flags&sniffer.SYN == 0 {
			s.base--
		}
	}
	if end := p.Seq + length; (!s.begun || after(end, s.next)) && !probe {
		s.next, s.nextAt = end, p.Time
	}
	s.begun, s.window, s.ack, s.ackAt = true, p.Window, p.Ack, p.Time
	s.probed = marks&sniffer.KeepAlive != 0
	return marks
}

// again says what a segment is that was sent before, at least in part.
func (c *connection) again(p *sniffer.Packet, from int, size, length uint32) sniffer.Marks {
	s, other := c.sides[from], c.sides[1-from]
	behind := s.begun && after(s.next, p.Seq) && !(size > 1 && p.Seq == s.next-1)
	if size > 0 && other.begun && other.ack != 0 && !after(p.Seq+size, other.ack) {
		return sniffer.Retransmission // of what was acknowledged already
	}
	if !behind {
		return 0
	}
	if other.repeated >= 2 && other.ack == p.Seq && p.Time.Sub(other.ackAt) < fastWithin {
		return sniffer.Retransmission
	}
	late := c.rtt
	if late == 0 {
		late = reordered
	}
	if p.Time.Sub(s.nextAt) < late && s.next != p.Seq+length {
		return sniffer.OutOfOrder
	}
	return sniffer.Retransmission
}

// after reports whether a sequence number comes after another (RFC 9293, section 3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }
