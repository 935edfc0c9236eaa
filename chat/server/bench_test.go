package server

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"wirelab/chat"
	"wirelab/chat/client"
)

// BenchmarkFanOut says lines to a room of a hundred over the loopback, with
// sixteen under way. One operation is one line to all.
func BenchmarkFanOut(b *testing.B) {
	const people, underWay = 100, 16
	s := &Server{Room: chat.NewRoom(nil), Limits: Limits{Burst: 1 << 30, Rate: 1 << 30, PerAddress: 1 << 30}}
	var err error
	if s.TCP, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	defer func() { cancel(); <-served }()

	heard := make(chan struct{}, people*underWay)
	var clients []*client.Conn
	for i := range people {
		conn, err := net.Dial("tcp", s.TCP.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		c, err := client.JoinTCP(b.Context(), conn, fmt.Sprint("user", i), chat.Resume{})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
		go func() {
			for {
				l, err := c.Receive()
				if err != nil {
					return
				}
				if l.Kind == chat.Say {
					heard <- struct{}{}
				}
			}
		}()
	}
	text := strings.Repeat("x", 80)
	due := 0
	b.ResetTimer()
	for i := range b.N {
		if err := clients[i%people].Say(text); err != nil {
			b.Fatal(err)
		}
		for due += people; due > people*underWay; due-- {
			<-heard
		}
	}
	for ; due > 0; due-- {
		<-heard
	}
	b.ReportMetric(float64(b.N)*people/b.Elapsed().Seconds(), "deliveries/s")
}
