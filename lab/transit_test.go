package lab

import "testing"

// Nothing is on its way where each host has sent one frame more than in the round
// before, its marker, on each of its segments. Hosts that do not count are asked so
// often that a packet and its answer have crossed all routers.
func TestUnmoved(t *testing.T) {
	counts := func(sent ...uint64) (all []seen) {
		for _, n := range sent {
			all = append(all, seen{times: 1, sent: n, counted: true})
		}
		return all
	}
	uncounted := []seen{{times: 1}, {times: 1}}
	for _, test := range []struct {
		name        string
		before, now []seen
		round       int
		want        bool
	}{
		{"the first round", nil, counts(1, 5), 1, false},
		{"markers alone", counts(1, 5), counts(2, 6), 2, true},
		{"one host has sent something else", counts(1, 5), counts(2, 7), 2, false},
		{"and then nothing more", counts(2, 7), counts(3, 8), 3, true},
		{"a marker that is not counted", counts(1, 5), counts(1, 6), 2, false},
		{"a counter that went backwards", counts(1, 5), counts(2, 3), 2, false},
		{"nobody counts", uncounted, uncounted, 3, false},
		{"nobody counts, in the end", uncounted, uncounted, 6, true},
	} {
		l := &Lab{Topology: Topology{Routers: []string{"r1", "r2"}}}
		if got := l.unmoved(test.before, test.now, test.round); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
