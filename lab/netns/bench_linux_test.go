package netns

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"wirelab/lab"
)

// BenchmarkOpen brings a lab up until it is captured and the first marker of every
// host was seen, and takes it down.
func BenchmarkOpen(b *testing.B) {
	if _, err := lab.Program(b.Context()); err != nil { // built once
		b.Fatal(err)
	}
	topologies := map[string]lab.Topology{"300on3": manySegments(lab.IPv4, 3, 300), "300on3ipv6": manySegments(lab.IPv6, 3, 300)}
	for _, hosts := range []int{4, 100, 250} {
		t := lab.Topology{Hosts: []string{lab.SnifferHost}}
		for i := 1; i < hosts; i++ {
			t.Hosts = append(t.Hosts, fmt.Sprintf("host%d", i))
		}
		topologies[fmt.Sprint(hosts)] = t
	}
	for _, name := range slices.Sorted(maps.Keys(topologies)) {
		b.Run(name, func(b *testing.B) {
			t := topologies[name]
			for b.Loop() {
				l, err := lab.Open(b.Context(), Backend{}, t)
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
