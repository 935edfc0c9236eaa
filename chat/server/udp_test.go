package server

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/internal/require"
)

func TestTwoTransportsOneRoom(t *testing.T) {
	s := &Server{}
	serve(t, s)
	tcp := joinTCP(t, s, "alice")
	udp := talkUDP(t, s, "bob")
	say(t, udp, "hello over udp")
	await(t, tcp, "* bob joined")
	await(t, tcp, "bob: hello over udp")
	say(t, tcp, "hello over tcp")
	for i, want := range []string{"alice: hello over tcp"} { // no history, and neither its joining nor its text
		l, err := udp.Receive()
		if err != nil || l.String() != want || l.Seq != uint64(i+1) {
			t.Errorf("over UDP came %d: %q, %v, want %d: %q", l.Seq, l, err, i+1, want)
		}
	}
	long := strings.Repeat("好", 1300)
	say(t, tcp, long)
	l, err := udp.Receive()
	if err != nil || !strings.HasSuffix(l.Text, "好…") || len(l.Append(nil)) > chat.MaxDatagram {
		t.Errorf("a long line over UDP: %d bytes, %v, want it cut at %d", len(l.Append(nil)), err, chat.MaxDatagram)
	}
}

// TestUDPSilence looks from the server's side: a client that only comes and
// goes sends nothing, and one that speaks sends its texts and nothing else.
func TestUDPSilence(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := &Server{UDP: server}
	quiet := talkUDP(t, s, "quiet")
	if err := quiet.Leave(patience); err != nil {
		t.Fatal(err)
	}
	loud := talkUDP(t, s, "loud")
	say(t, loud, "one")
	say(t, loud, "two")
	if err := loud.Leave(patience); err != nil {
		t.Fatal(err)
	}
	// The loopback delivers in order: what a client had sent before this is first.
	last := dial(t, "udp", server.LocalAddr())
	if _, err := last.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	server.SetReadDeadline(time.Now().Add(patience))
	for _, want := range []string{"loud\tone", "loud\ttwo", "end"} {
		b := make([]byte, 2048)
		n, _, err := server.ReadFrom(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("on the server's socket: %q, %v, want %q", b[:n], err, want)
		}
	}
}

// TestUDPServerIsSilentAtLeave looks from the client's side: when one client
// closes, the other hears nothing.
func TestUDPServerIsSilentAtLeave(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice, bob := talkUDP(t, s, "alice"), talkUDP(t, s, "bob")
	say(t, alice, "hi")
	awaitPeople(t, s, 1)
	say(t, bob, "hi alice")
	await(t, alice, "* bob joined")
	await(t, alice, "bob: hi alice")
	bob.Leave(patience)
	s.Room.Say("next") // the next thing that alice hears
	if l, err := alice.Receive(); err != nil || l.String() != "server: next" {
		t.Errorf("after bob closed, alice heard %q, %v", l, err)
	}
	if n := len(s.Room.People()); n != 2 {
		t.Errorf("%d people in the room, want 2: nobody has told it", n)
	}
}

func TestUDPExpires(t *testing.T) {
	s := &Server{UDPIdle: 50 * time.Millisecond}
	serve(t, s)
	tcp := joinTCP(t, s, "watcher")
	a, b := talkUDP(t, s, "a"), talkUDP(t, s, "b")
	say(t, a, "x")
	say(t, b, "x")
	for left := map[string]bool{"* a left": true, "* b left": true}; len(left) > 0; {
		l, err := tcp.Receive()
		if err != nil {
			t.Fatalf("awaited %v, got %v", left, err)
		}
		delete(left, l.String())
	}
	say(t, a, "back") // from the same address
	await(t, tcp, "* a joined")
	await(t, tcp, "a: back")
}

func TestUDPIsBounded(t *testing.T) {
	const most = 8
	s := &Server{maxPeers: most}
	serve(t, s)
	first := talkUDP(t, s, "first")
	say(t, first, "in")
	for range most - 1 {
		say(t, talkUDP(t, s, "x"), "in")
	}
	awaitPeople(t, s, most)
	w := s.Room.Watch()
	said := func() string {
		l, _, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		return l.String()
	}
	late := talkUDP(t, s, "late")
	say(t, late, "me too")
	say(t, first, "behind it")
	if got := said(); got != "first: behind it" {
		t.Errorf("from %d people: %q, want nothing of the one who is late", most, got)
	}
	if _, err := s.Room.Kick("x"); err != nil {
		t.Fatal(err)
	}
	say(t, late, "now there is a place")
	for _, want := range []string{"* x was kicked", "* late joined", "late: now there is a place"} {
		if got := said(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Whoever asks for a name that somebody has is told which one it has, and follows it.
func TestNameOverUDP(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice, bob, other := joinTCP(t, s, "alice"), talkUDP(t, s, "bob"), talkUDP(t, s, "bob")
	say(t, bob, "first")
	await(t, alice, "bob: first")
	say(t, other, "second")
	await(t, alice, "bob2: second")
	if l, err := other.Receive(); err != nil || l.String() != "* you are bob2" || l.Text != "" || other.Name() != "bob2" {
		t.Errorf("the second bob receives %q with %q, %v, and is called %q", l, l.Text, err, other.Name())
	}
	say(t, other, "/nick carol")
	if l, err := other.Receive(); err != nil || l.String() != "* bob2 is now carol" || other.Name() != "carol" {
		t.Errorf("bob2 receives %q, %v, and is called %q", l, err, other.Name())
	}
	if l, err := bob.Receive(); err != nil || l.String() != "* bob2 joined" {
		t.Errorf("who has the name that he asked for receives %q, %v", l, err)
	}
}

func TestTopicOverUDP(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice, bob := joinTCP(t, s, "alice"), talkUDP(t, s, "bob")
	say(t, bob, "/topic datagrams")
	await(t, alice, "* bob set the topic: datagrams")
	await(t, bob, "* bob set the topic: datagrams")
	late := talkUDP(t, s, "late")
	say(t, late, "hi") // a UDP client is not sent the topic
	say(t, late, "/topic")
	if l, err := late.Receive(); err != nil || l.Kind != chat.Reply || l.Text != "the topic is: datagrams" {
		t.Errorf("the first thing that late heard is %q, %v", l, err)
	}
}

// TestForgedDatagramsLockNobodyOut: what anybody on the network can forge takes few
// places. A newcomer is told at most what it sent, proves its address, and is heard.
func TestForgedDatagramsLockNobodyOut(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	server := s.UDP.LocalAddr().(*net.UDPAddr)
	for i := range 1024 {
		from := &net.UDPAddr{IP: net.IPv4(127, 1, byte(i>>8), byte(i))}
		c, err := net.DialUDP("udp", from, server)
		if err != nil {
			t.Skip("only Linux has all of 127.0.0.0/8: ", err)
		}
		fmt.Fprintf(c, "forged%d\tx", i)
		c.Close()
	}
	late := talkUDP(t, s, "late")
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for {
			if l, err := late.Receive(); err != nil || l.Text == "end" {
				return
			}
		}
	}()
	require.Eventually(t, patience, func() bool { // the socket's buffer holds fewer datagrams
		say(t, late, "hi") // shorter than a cookie
		return slices.ContainsFunc(s.Room.People(), func(p chat.Person) bool { return p.Name == "late" })
	}, func() string { return "that who is late is in" })
	await(t, alice, "late: hi")
	if n := len(s.Room.People()); n > 2+maxUnproved {
		t.Errorf("%d people are in the room", n)
	}
	say(t, alice, "end")
	<-heard
}

// TestUDPAnswersFromTheAddressAsked has a server on every address of the machine.
func TestUDPAnswersFromTheAddressAsked(t *testing.T) {
	for _, network := range []string{"udp", "udp4"} {
		server, err := net.ListenPacket(network, ":0")
		if err != nil {
			t.Fatal(err)
		}
		s := &Server{}
		serve(t, s, server)
		port := server.LocalAddr().(*net.UDPAddr).Port
		from, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		to := &net.UDPAddr{IP: net.IPv4(127, 9, 9, 9), Port: port}
		if _, err := from.WriteTo([]byte("bob\t/topic"), to); err != nil {
			t.Skip("only Linux has all of 127.0.0.0/8: ", err)
		}
		from.SetDeadline(time.Now().Add(patience))
		b := make([]byte, 2048)
		n, a, err := from.ReadFrom(b)
		if err != nil || a.String() != to.String() {
			t.Errorf("%s: %v answers %q, %v, want %v", network, a, b[:n], err, to)
		}
	}
}

// BenchmarkJunkDatagram measures a datagram that is refused, with many peers and none.
func BenchmarkJunkDatagram(b *testing.B) {
	for _, peers := range []int{0, 1020} {
		b.Run(fmt.Sprint(peers), func(b *testing.B) {
			conn, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			socket, err := newUDPSocket(conn)
			if err != nil {
				b.Fatal(err)
			}
			u := newUDPServer(socket, chat.NewRoom(nil), newLimiter(Limits{}), 0)
			u.isLocal = func(netip.Addr, time.Time) bool { return false }
			now := time.Now()
			for i := range peers {
				addr := udpAddr{AddrPort: netip.AddrPortFrom(home, uint16(i+1))}
				d, _ := chat.Datagram{Cookie: u.cookies.issue(addr.AddrPort), Name: "x", Text: "hi"}.Append(nil)
				if err := u.receive(d, addr, now); err != nil {
					b.Fatal(err)
				}
			}
			junk := udpAddr{AddrPort: netip.MustParseAddrPort("127.0.0.1:9")}
			for b.Loop() {
				u.expire(now)
				_ = u.receive([]byte("junk\t"), junk, now)
			}
		})
	}
}
