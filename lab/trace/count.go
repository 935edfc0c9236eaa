package trace

import (
	"time"

	"wirelab/sniffer"
)

// Count says how many frames a host sent in a window, by its interface's counter, and how
// many of them the recording has.
type Count struct {
	Host           string
	Segment        string // "" if the lab has one segment
	Sent, Captured uint64
}

// String names the host and its segment, if the lab has several: "gateway (dmz)".
func (c Count) String() string {
	if c.Segment == "" {
		return c.Host
	}
	return c.Host + " (" + c.Segment + ")"
}

// Counts are the counts of a window, one for each host on each of its segments. There are
// none if no marker of the recording has a counter or no barrier ends the window.
type Counts struct {
	Hosts []Count
	// Uncounted is a host whose markers have no counter although others' do; Hosts is
	// empty then. It is "" if there is none.
	Uncounted string
}

// On returns the counts of one segment, or all of them for "".
func (c Counts) On(segment string) (on []Count) {
	for _, n := range c.Hosts {
		if segment == "" || n.Segment == segment {
			on = append(on, n)
		}
	}
	return on
}

// Counts counts the frames of each of the plan's hosts between its markers at the two ends
// of a window. If a host has counted again (Marker.Recount), the last marker that counts
// is meant.
//
// A frame is the host's that has the hardware address from which the host's marker came.
// One that a host sends with another's address counts for the other.
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
