package trace

import "time"

// Count is how many frames a host has sent in a window, as its interface says, and
// how many of them are in the recording.
type Count struct {
	Host           string
	Sent, Captured uint64
}

// Counts returns the count of each host whose markers at both ends of a window say
// how many frames it had sent, between the last of these at each end. Frames that a host sends with another's hardware
// address count as captured for the other. There is none where hosts are told by
// address.
func (r *Recording) Counts(w Window, hosts []string) []Count {
	if !r.Hosts.ByPort() || w.OpenEnd {
		return nil
	}
	var counts []Count
	for _, h := range hosts {
		s := w.hosts[h]
		begin, from := r.counted(s.after, h)
		end, until := r.counted(s.before, h)
		if !from.Counted || !until.Counted {
			continue
		}
		captured := uint64(0)
		for n := begin + 1; n < end; n++ {
			if r.Hosts.Sender(r.packet(n)) == h {
				captured++
			}
		}
		// The marker at the beginning is one of those that were sent; a counter
		// that went backwards makes a number that nothing equals.
		counts = append(counts, Count{h, until.Sent - from.Sent - 1, captured})
	}
	return counts
}

// recountedWithin is how long after its marker a host may count again. What comes
// later in the host's name is somebody else's.
const recountedWithin = 100 * time.Millisecond

// counted returns the last marker of a host that counts for the barrier which it has
// set with a packet: the packet's own, or one that counts again.
func (r *Recording) counted(number int, host string) (int, Marker) {
	first := r.packet(number)
	m, _ := MarkerOf(first)
	for _, n := range r.index.markers[m.Label] {
		p := r.packet(n)
		again, ok := r.Marker(p)
		if ok && again.Recount && again.Host == host && n > number && p.Time.Sub(first.Time) < recountedWithin {
			number, m = n, again
		}
	}
	return number, m
}
