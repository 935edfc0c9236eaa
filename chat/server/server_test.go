package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/require"
)

const patience = 10 * time.Second // for what takes microseconds

// serve starts a server on the loopback, or with another UDP socket, that ends with
// the test.
func serve(t *testing.T, s *Server, udp ...net.PacketConn) (stop func()) {
	t.Helper()
	var err error
	if s.TCP, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if len(udp) > 0 {
		s.UDP = udp[0]
	} else if s.UDP, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.Room = chat.NewRoom(nil)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func dial(t *testing.T, network string, to net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(network, to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func joinTCP(t *testing.T, s *Server, name string) *client.Conn {
	t.Helper()
	c, err := client.JoinTCP(t.Context(), dial(t, "tcp", s.TCP.Addr()), name, chat.Resume{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func talkUDP(t *testing.T, s *Server, name string) *client.Conn {
	t.Helper()
	c, err := client.NewUDP(dial(t, "udp", s.UDP.LocalAddr()), name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func say(t *testing.T, c *client.Conn, text string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(patience)) // that of dial was for joining
	if err := c.Say(text); err != nil {
		t.Fatalf("%s says %q: %v", c.Name(), text, err)
	}
}

// await receives until the line is want.
func await(t *testing.T, c *client.Conn, want string) {
	t.Helper()
	var seen []string
	c.SetDeadline(time.Now().Add(patience))
	for {
		l, err := c.Receive()
		if err != nil {
			t.Fatalf("%s awaits %.40q, got %.200q, then: %v", c.Name(), want, seen, err)
		}
		if l.String() == want {
			return
		}
		seen = append(seen, l.String())
	}
}

// awaitPeople waits until so many people are in the room.
func awaitPeople(t *testing.T, s *Server, want int) {
	t.Helper()
	require.Eventually(t, patience, func() bool { return len(s.Room.People()) == want },
		func() string { return fmt.Sprintf("%d people, there are %v", want, s.Room.People()) })
}

func TestTCPConversation(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	bob := joinTCP(t, s, "Alice")
	if bob.Name() != "Alice2" {
		t.Errorf("the second alice is called %q, want Alice2", bob.Name())
	}
	await(t, alice, "* Alice2 joined")
	say(t, alice, "你好, bob")
	await(t, alice, "alice: 你好, bob") // our own client hears itself
	await(t, bob, "alice: 你好, bob")
	if err := bob.Leave(patience); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("after bob's FIN: %v, want the server's", err)
	}
	await(t, alice, "* Alice2 left")
}

func TestLineMode(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	nc := dial(t, "tcp", s.TCP.Addr())
	in := bufio.NewReader(nc)
	fmt.Fprint(nc, "bob\r\nhello\r\n")
	await(t, alice, "bob: hello")
	say(t, alice, "hi")
	for _, want := range []string{"* alice joined\n", "* bob joined\n", "alice: hi\n"} { // not "bob: hello"
		if got, err := in.ReadString('\n'); err != nil || got != want {
			t.Fatalf("nc shows %q, %v, want %q", got, err, want)
		}
	}
	nc.(*net.TCPConn).CloseWrite()
	if b, err := io.ReadAll(in); err != nil || len(b) > 0 {
		t.Errorf("after nc's FIN: %q, %v, want the server's", b, err)
	}
}

func TestServerSaysWhyItCuts(t *testing.T) {
	tests := []struct{ name, send, want string }{
		{"no name at all", strings.Repeat("\n", 9), strings.Repeat("* the name is empty\n"+chat.AskName+"\n", maxAsked) + "* the name is empty\n"},
		{"name too wide", strings.Repeat("x", 33) + "\nbob\nexit\n", "* the name is longer than 32 columns\n" + chat.AskName + "\n* bob joined\n"},
		{"first line too long", strings.Repeat("x", chat.MaxLine) + "\n", "0\tTIME\terror\tchat.cut.long Limit=19-23\ta line has at most 4096 bytes\n"},
		{"line too long", "bob\n" + strings.Repeat("x", 1<<20), "* bob joined\n* a line has at most 4096 bytes\n"},
		{"no name of ours", chat.Greeting + "a:b\n", "0\tTIME\terror\tchat.name.colon\ta name cannot contain ':', or what looks like it\n"},
		{"no resumption", chat.Greeting + "a resume=x token=y\n", "0\tTIME\terror\t\twant CHAT/1 NAME resume=SEQ token=TOKEN\n"},
		{"TLS", "\x16\x03\x01", "this is a chat room and does not speak TLS: join it with nc, the course note's client.py or wirelab chat join\n"},
		{"another version of ours", "CHAT/2 bob\nhi\n", "0\tTIME\terror\tchat.refused.foreign Protocol=39-70\tthis is a chat room and does not speak another version of its protocol: join it with nc, the course note's client.py or wirelab chat join\n"},
		{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nthis is a chat room and does not speak HTTP: join it with nc, the course note's client.py or wirelab chat join\n"},
		{"telnet", "\xff\xfb\x1f\xff\xfa\x1f\x00P\x00\x18\xff\xf0bob\r\n\xff\xfe\x01exit\r\n", "* bob joined\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &Server{}
			serve(t, s)
			c := dial(t, "tcp", s.TCP.Addr())
			if _, err := io.WriteString(c, tt.send); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c) // a RST would be an error
			got = regexp.MustCompile(`^0\t\d+`).ReplaceAll(got, []byte("0\tTIME"))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v, want %q and a FIN", got, err, tt.want)
			}
			c.Close()
			awaitPeople(t, s, 0)
		})
	}
}

func TestFrozenClientStallsNobody(t *testing.T) {
	s := &Server{}
	serve(t, s)
	frozen := dial(t, "tcp", s.TCP.Addr())
	fmt.Fprint(frozen, "frozen\n") // and reads nothing, ever
	alice, bob := joinTCP(t, s, "alice"), joinTCP(t, s, "bob")
	awaitPeople(t, s, 3)
	text := strings.Repeat("x", 4000)
	rounds := 0
	for ; len(s.Room.People()) == 3; rounds++ {
		if rounds > 100_000 {
			t.Fatalf("after %d MB not read, the frozen client is still in", rounds*len(text)>>20)
		}
		say(t, alice, text)
		await(t, bob, "alice: "+text)
		await(t, alice, "alice: "+text)
	}
	say(t, bob, "still here")
	await(t, alice, "bob: still here")
	t.Logf("cut after %d lines", rounds)
}

func TestKickCloses(t *testing.T) {
	s := &Server{}
	serve(t, s)
	bob := joinTCP(t, s, "bob")
	if _, err := s.Room.Kick("bob"); err != nil {
		t.Fatal(err)
	}
	await(t, bob, "* bob was kicked")
	if _, err := bob.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("after the kick: %v, want the server's FIN", err)
	}
}

func TestServerCloses(t *testing.T) {
	s := &Server{}
	stop := serve(t, s)
	alice := joinTCP(t, s, "alice")
	udp := talkUDP(t, s, "bob")
	say(t, udp, "hi")
	await(t, alice, "bob: hi")
	nameless := dial(t, "tcp", s.TCP.Addr())
	done := make(chan struct{})
	go func() { defer close(done); stop() }()
	await(t, alice, "* server is closing")
	if _, err := alice.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("after the goodbye: %v, want the server's FIN", err)
	}
	await(t, udp, "* server is closing")
	if b, err := io.ReadAll(nameless); len(b) > 0 || err != nil && !strings.Contains(err.Error(), "reset") {
		// Accepted or still in the backlog, which the kernel resets.
		t.Errorf("who had no name yet got %q, %v", b, err)
	}
	alice.Close()
	nameless.Close()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("Serve did not return")
	}
}
