package client

import (
	"net"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
)

// TestCookieIsAnswered has a server on another network, which asks for a cookie.
func TestCookieIsAnswered(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.SetDeadline(time.Now().Add(10 * time.Second))
	conn, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewUDP(conn, "b")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.udp.remote = true
	receive := func(want string) net.Addr {
		t.Helper()
		b := make([]byte, chat.MaxDatagram)
		n, from, err := server.ReadFrom(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("the server received %q, %v, want %q", b[:n], err, want)
		}
		return from
	}
	line := make(chan string, 1)
	go func() {
		l, err := c.Receive()
		if err != nil {
			t.Error(err)
		}
		line <- l.String()
	}()
	if err := c.Say("1"); err != nil {
		t.Fatal(err)
	}
	from := receive("b\t1" + strings.Repeat("\n", chat.CookieSize+1-len("b\t1")))
	server.WriteTo([]byte("\t0123456789a"), from)
	receive("\t0123456789a\tb\t1")
	server.WriteTo(chat.Line{Seq: 1, Kind: chat.Say, Name: "alice", Text: "hi"}.Append(nil), from)
	if got := <-line; got != "alice: hi" {
		t.Errorf("received %q", got)
	}
	if err := c.Say("2"); err != nil {
		t.Fatal(err)
	}
	receive("\t0123456789a\tb\t2")
}
