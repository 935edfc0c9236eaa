package trace

import (
	"time"

	"wirelab/sniffer"
)

// Count is how many frames a host has sent in a window, as its interface says, and
// how many of them are in the recording.
type Count struct {
	Host           string
	Segment        string // "" where there is one alone
	Sent, Captured uint64
}

// String names whose frames are counted: "gateway (dmz)".
func (c Count) String() string {
	if c.Segment == "" {
		return c.Host
	}
	return c.Host + " (" + c.Segment + ")"
}

// Counts are the counts of a window. A recording of which no marker counts, and a
// window that no barrier ends, have none.
type Counts struct {
	Hosts []Count
	// Uncounted is a host whose markers there do not say how many frames it had sent,
	// though others of the recording do; "" if there is none.
	Uncounted string
}

// On returns the counts of one segment; of "" all.
func (c Counts) On(segment string) (on []Count) {
	for _, n := range c.Hosts {
		if segment == "" || n.Segment == segment {
			on = append(on, n)
		}
	}
	return on
}

// Counts returns the count of each host on each of its segments, between the last of its markers that count at
// each end of a window.
//
// Frames are a host's that have the hardware address from which its marker came:
// those that it sends with another's count for the other.
func (r *Recording) Counts(w Window, plan Plan) (counts Counts) {
	if !r.index.counted || w.OpenEnd {
		return Counts{}
	}
	for _, at := range plan.places() {
		s := w.hosts[at]
		begin, from := r.counted(s.after, at)
		end, until := r.counted(s.before, at)
		if !from.Counted || !until.Counted {
			return Counts{Uncounted: r.Hosts.describe(at)}
		}
		captured, mac := uint64(0), r.like(begin).SrcMAC
		for n := begin + 1; n < end; n++ {
			if p := r.like(n); p.SrcMAC == mac && r.Hosts.segment(p) == at.segment && p.Direction != sniffer.Out {
				captured++
			}
		}
		// The marker at the beginning is one of those that were sent; a counter
		// that went backwards makes a number that nothing equals.
		sent := r.seen(until.Sent-from.Sent-1, mac, begin, end)
		counts.Hosts = append(counts.Hosts, Count{at.host, r.Hosts.SegmentOf(r.Packet(begin)), sent, captured})
	}
	return counts
}

// recountedWithin is how long after its marker a host may count again. What comes
// later in the host's name is somebody else's.
const recountedWithin = 100 * time.Millisecond

// counted returns the last marker of a host that counts for the barrier which it has
// set with a packet: the packet's own, or one that counts again.
func (r *Recording) counted(number int, at place) (int, Marker) {
	first := r.Packet(number)
	m, _ := MarkerOf(first)
	for _, n := range r.index.markers[m.Label] {
		p := r.Packet(n)
		again, ok := r.Marker(p)
		if ok && again.Recount && r.Hosts.place(p) == at && n > number && p.Time.Sub(first.Time) < recountedWithin {
			number, m = n, again
		}
	}
	return number, m
}
