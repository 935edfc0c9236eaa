package trace

// Count is how many frames a host has sent in a window, as its interface says, and
// how many of them are in the recording.
type Count struct {
	Host           string
	Sent, Captured uint64
}

// Counts returns the count of each host whose markers at both ends of a window say
// how many frames it had sent. Frames that a host sends with another's hardware
// address count as captured for the other. There is none where hosts are told by
// address.
func (r *Recording) Counts(w Window, hosts []string) []Count {
	if !r.Hosts.ByPort() || w.OpenEnd {
		return nil
	}
	captured := map[string]uint64{}
	for n := w.first + 1; n < w.last; n++ {
		if sender := r.Hosts.Sender(r.packet(n)); w.hosts[sender].contains(n) {
			captured[sender]++
		}
	}
	var counts []Count
	for _, h := range hosts {
		s := w.hosts[h]
		from, _ := MarkerOf(r.packet(s.after))
		until, _ := MarkerOf(r.packet(s.before))
		if from.Counted && until.Counted {
			// The marker at the beginning is one of those that were sent; a counter
			// that went backwards makes a number that nothing equals.
			counts = append(counts, Count{h, until.Sent - from.Sent - 1, captured[h]})
		}
	}
	return counts
}
