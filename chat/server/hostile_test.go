package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/require"
)

// TestHostileClientsStallNobody has a room with many clients that do what they
// should not, while two good ones are told every line. scripts/bench-chat measures
// how soon, with ten thousand.
func TestHostileClientsStallNobody(t *testing.T) {
	s := &Server{Limits: Limits{Burst: 1000, Rate: 1000}}
	serve(t, s)
	alice, bob := joinTCP(t, s, "alice"), joinTCP(t, s, "bob")
	conn := func(first string) net.Conn {
		c := dial(t, "tcp", s.TCP.Addr())
		c.SetDeadline(time.Time{})
		io.WriteString(c, first)
		return c
	}
	for i := range 50 {
		conn(fmt.Sprintf("frozen%d\n", i)) // reads nothing
		conn("")                           // is silent
		conn("x")                          // leaves a line unfinished
		conn("CHAT/1 ")                    // and one of ours
		reset := conn(fmt.Sprintf("reset%d\n", i)).(*net.TCPConn)
		reset.SetLinger(0)
		reset.Close()
		utf8 := conn(fmt.Sprintf("u%d\n\xff\xfe\xc3(\n\xff\xfb\x1f\n", i))
		go io.Copy(io.Discard, utf8)
	}
	big := conn("big\n")
	sent := make(chan error, 1)
	go func() { // a line of a gigabyte, if anyone took it
		block := []byte(strings.Repeat("x", 1<<20))
		for range 1 << 10 {
			if _, err := big.Write(block); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	text := strings.Repeat("y", 3000)
	for i := range 1500 {
		line := fmt.Sprint(i, text)
		say(t, alice, line)
		await(t, bob, "alice: "+line)
		await(t, alice, "alice: "+line)
	}
	select {
	case err := <-sent:
		if err == nil {
			t.Error("a line of a gigabyte was taken")
		}
	case <-time.After(patience):
		t.Error("who sends a gigabyte is not cut")
	}
	for _, p := range s.Room.People() {
		if strings.HasPrefix(p.Name, "frozen") {
			t.Errorf("%s is still in, with %d bytes queued", p.Name, p.Queued)
		}
	}
}

func TestFrozenClientIsToldWhy(t *testing.T) {
	s := &Server{}
	serve(t, s)
	frozen := dial(t, "tcp", s.TCP.Addr())
	frozen.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprint(frozen, "frozen\n")
	awaitPeople(t, s, 1)
	for end := time.Now().Add(time.Minute); len(s.Room.People()) > 0; {
		if time.Now().After(end) {
			t.Fatal("the frozen client is still in")
		}
		s.Room.Say(strings.Repeat("x", 4000))
		time.Sleep(50 * time.Microsecond)
	}
	// It wakes up at once, and reads to the end.
	in := bufio.NewReaderSize(frozen, 1<<16)
	last := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break
		}
		last = line
	}
	if last != "* you are disconnected: your client does not read\n" {
		t.Errorf("the last it was told: %.60q", last)
	}
}

func TestRate(t *testing.T) {
	s := &Server{Limits: Limits{Burst: 3, Rate: 20}}
	serve(t, s)
	alice, udp := joinTCP(t, s, "alice"), talkUDP(t, s, "udp")
	began := time.Now()
	for i := range 9 { // all are said, but not at once
		say(t, alice, fmt.Sprint(i))
	}
	await(t, alice, "alice: 8")
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("9 lines were said in %v, want at least 0.3 s: 3 at once, then 20 a second", took)
	}
	for i := range 9 {
		say(t, udp, fmt.Sprint(i))
	}
	await(t, alice, "udp: 2")
	await(t, udp, "* not said: 3 lines at once, then 20 a second")
}

func TestConnectionsPerAddress(t *testing.T) {
	s := &Server{Limits: Limits{PerAddress: 2}}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	bob := joinTCP(t, s, "bob")
	if _, err := client.JoinTCP(t.Context(), dial(t, "tcp", s.TCP.Addr()), "carol", chat.Resume{}); err == nil || !strings.Contains(err.Error(), errAddress.Error()) {
		t.Errorf("the third from an address: %v, want %v", err, errAddress)
	}
	bob.Leave(patience)
	await(t, alice, "* bob left")
	var err error
	require.Eventually(t, patience, func() bool { // its connection is closed
		_, err = client.JoinTCP(t.Context(), dial(t, "tcp", s.TCP.Addr()), "carol", chat.Resume{})
		return err == nil
	}, func() string { return fmt.Sprintf("a place after one has left: %v", err) })
	for i := range 3 {
		say(t, talkUDP(t, s, fmt.Sprint("udp", i)), "hi")
	}
	await(t, alice, "udp1: hi")
	say(t, alice, "end")
	for {
		l, err := alice.Receive()
		if err != nil || l.String() == "udp2: hi" {
			t.Fatalf("got %q, %v: the third over UDP was heard", l, err)
		}
		if l.String() == "alice: end" {
			break
		}
	}
}

func TestFullServer(t *testing.T) {
	s := &Server{Limits: Limits{Total: 1}}
	serve(t, s)
	joinTCP(t, s, "alice")
	if _, err := client.JoinTCP(t.Context(), dial(t, "tcp", s.TCP.Addr()), "bob", chat.Resume{}); err == nil || !strings.Contains(err.Error(), errFull.Error()) {
		t.Errorf("got %v, want %v", err, errFull)
	}
}

// TestCookie has a server that takes every address for a remote one.
func TestCookie(t *testing.T) {
	s := &Server{isLocal: func(netip.Addr, time.Time) bool { return false }}
	serve(t, s)
	alice := joinTCP(t, s, "alice")

	bob := dial(t, "udp", s.UDP.LocalAddr())
	sent, received := 0, 0
	send := func(d string) {
		n, err := bob.Write([]byte(d))
		if err != nil {
			t.Fatal(err)
		}
		sent += n
	}
	for _, d := range []string{"m\thi", "mallory\thello", "alice\tI am alice, am I not?", "\tnot-the-one\tm\thi"} {
		send(d)
	}
	b := make([]byte, chat.MaxDatagram)
	receive := func() []byte {
		t.Helper()
		n, err := bob.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return b[:n]
	}
	if got := string(receive()); got != "\t" { // "m\thi" is shorter than a cookie
		t.Errorf("a short datagram is answered by %q, want a tab", got)
	}
	challenge := string(receive())
	if received = 1 + len(challenge); len(challenge) != chat.CookieSize+1 || challenge[0] != '\t' {
		t.Fatalf("without a cookie came %q", challenge)
	}
	before := sent
	send(challenge + "\tbob\t1")
	await(t, alice, "bob: 1")
	say(t, alice, "hi bob")
	for {
		d := receive()
		if strings.HasSuffix(string(d), "\talice\thi bob") {
			break
		}
		if received += len(d); string(d) != challenge && string(d) != "\t" {
			t.Errorf("without a cookie came %q", d)
		}
	}
	if received > before {
		t.Errorf("without a cookie %d bytes were sent for %d that came", received, before)
	}
	for _, p := range s.Room.People() {
		if p.Name != "alice" && p.Name != "bob" {
			t.Errorf("%s is in the room without a cookie", p.Name)
		}
	}
}

// TestNamesStayWithAddresses: a datagram that bears a name does not speak for
// the one who has it.
func TestNamesStayWithAddresses(t *testing.T) {
	s := &Server{}
	serve(t, s)
	watcher := joinTCP(t, s, "watcher")
	say(t, talkUDP(t, s, "alice"), "I am here")
	await(t, watcher, "alice: I am here")
	say(t, talkUDP(t, s, "alice"), "me too")
	await(t, watcher, "alice2: me too")
	say(t, talkUDP(t, s, "watcher"), "and I")
	await(t, watcher, "watcher2: and I")
}

func TestUDPLeavesByWord(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice, bob := joinTCP(t, s, "alice"), talkUDP(t, s, "bob")
	say(t, bob, "hi")
	await(t, alice, "bob: hi")
	say(t, bob, "exit")
	await(t, alice, "* bob left")
	say(t, alice, "gone?")
	await(t, alice, "alice: gone?")
	say(t, bob, "back") // a new member, which is told what comes from now on
	await(t, alice, "bob: back")
	say(t, alice, "welcome")
	if l, err := bob.Receive(); err != nil || l.String() != "alice: welcome" {
		t.Errorf("the first line after it has left is %q, %v", l, err)
	}
}

func TestResumeOverTCP(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice, bob := joinTCP(t, s, "alice"), joinTCP(t, s, "bob")
	say(t, alice, "one")
	await(t, bob, "alice: one")
	from := bob.Resume()
	say(t, alice, "two")
	say(t, alice, "three")
	await(t, alice, "alice: three")
	again, err := client.JoinTCP(t.Context(), dial(t, "tcp", s.TCP.Addr()), "bob", from)
	if err != nil {
		t.Fatal(err)
	}
	if again.Name() != "bob" || again.Resume().Token != from.Token {
		t.Errorf("it is %q with token %q, want bob with its own", again.Name(), again.Resume().Token)
	}
	for _, want := range []string{"alice: two", "alice: three"} {
		if l, err := again.Receive(); err != nil || l.String() != want {
			t.Errorf("after resuming came %q, %v, want %q", l, err, want)
		}
	}
	await(t, bob, "* you have joined from elsewhere")
	if _, err := bob.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("the old connection: %v, want its end", err)
	}
	say(t, again, "back")
	await(t, alice, "bob: back")
}

// TestShutdownWaitsForNobody has clients that would hold it up: one does not read,
// one does not close, one has not said its name.
func TestShutdownWaitsForNobody(t *testing.T) {
	s := &Server{}
	stop := serve(t, s)
	frozen := dial(t, "tcp", s.TCP.Addr())
	fmt.Fprint(frozen, "frozen\n")
	dial(t, "tcp", s.TCP.Addr())
	joinClientPy(t, s, "alice")
	say(t, talkUDP(t, s, "udp"), "hi")
	awaitPeople(t, s, 3)
	for range 1000 {
		s.Room.Say(strings.Repeat("x", 1000))
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Error("the server does not end")
	}
}

// TestSniffedToken: a connection that answers keeps its session.
func TestSniffedToken(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	from := func(ip byte) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, ip)}}
		c, err := d.Dial("tcp", s.TCP.Addr().String())
		if err != nil {
			t.Skip("only Linux has all of 127.0.0.0/8: ", err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	thief, err := client.JoinTCP(t.Context(), from(66), "alice", alice.Resume())
	if err != nil {
		t.Fatal(err)
	}
	if thief.Name() != "alice2" {
		t.Errorf("with alice's token it is %q", thief.Name())
	}
	await(t, alice, "* a client at 127.0.0.66 has sent your token: it does not take your place while you answer")
	await(t, thief, "* the session is in use from 127.0.0.1, which answers: you are here as another person")
	say(t, alice, "still me")
	await(t, thief, "alice: still me")
}
