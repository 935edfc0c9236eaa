package netns

import (
	"fmt"
	"testing"

	"wirelab/lab"
)

// BenchmarkOpen brings a lab up until it is captured and the first marker of every
// host was seen, and takes it down.
func BenchmarkOpen(b *testing.B) {
	if _, err := lab.Program(b.Context()); err != nil { // built once
		b.Fatal(err)
	}
	for _, hosts := range []int{4, 100, 250} {
		b.Run(fmt.Sprint(hosts), func(b *testing.B) {
			t := lab.Topology{Hosts: []string{lab.SnifferHost}}
			for i := 1; i < hosts; i++ {
				t.Hosts = append(t.Hosts, fmt.Sprintf("host%d", i))
			}
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
