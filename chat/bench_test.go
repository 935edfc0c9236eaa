package chat

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkSay is what a line costs the room before anyone is sent it.
func BenchmarkSay(b *testing.B) {
	room := NewRoom(nil)
	m, err := room.Join(Person{Name: "alice", Transport: "tcp"}, Resume{}, &fakeSubscriber{log: room.log})
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("x", 80)
	b.ReportAllocs()
	for b.Loop() {
		m.Do(text)
	}
}

// BenchmarkJoin is what joining costs the room, with a thousand in it.
func BenchmarkJoin(b *testing.B) {
	room := NewRoom(nil)
	for i := range 1000 {
		room.Join(Person{Name: fmt.Sprint("user", i), Transport: "tcp"}, Resume{}, &fakeSubscriber{log: room.log})
	}
	b.ReportAllocs()
	for b.Loop() {
		m, err := room.Join(Person{Name: "alice", Transport: "tcp"}, Resume{}, &fakeSubscriber{log: room.log})
		if err != nil {
			b.Fatal(err)
		}
		m.Leave("closed", false)
	}
}
