package server

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/internal/poll"
)

var (
	home  = netip.MustParseAddr("192.0.2.1")
	start = time.Unix(1_000_000, 0)
)

// visit joins, says lines until it had to wait, and leaves. It returns how many it said.
func visit(l *limiter, a netip.Addr, token string, now time.Time) (said int) {
	at, err := l.connect(a, now)
	if err != nil {
		return 0
	}
	defer l.disconnect(at)
	w, wait, err := l.sit(at, token, nil, now)
	if err != nil {
		return 0
	}
	defer w.Stand()
	w.Hold(token)
	for wait == 0 {
		if _, ok := w.Spend(0, now); !ok {
			break
		}
		said++
	}
	return said
}

// TestFloodByReconnecting has one connection at a time for six seconds: it says what
// one person may who stays, joins included.
func TestFloodByReconnecting(t *testing.T) {
	const most = 5 + 6*2
	for name, token := range map[string]func(i int) string{
		"resuming":     func(int) string { return "token" },
		"not resuming": func(i int) string { return fmt.Sprint(i) },
		"in turn":      func(i int) string { return fmt.Sprint(i % 50) },
	} {
		l := newLimiter(DefaultLimits)
		said := 0
		for i := range 6000 {
			said += visit(l, home, token(i), start.Add(time.Duration(i)*time.Millisecond))
		}
		if said < 5 || said > most {
			t.Errorf("%s: %d lines in six seconds, want at most %d", name, said, most)
		}
	}
	l := newLimiter(DefaultLimits)
	said := 0
	for i := range 6000 { // each datagram from another port, which is never closed
		now := start.Add(time.Duration(i) * time.Millisecond)
		w, err := l.sitUDP(home, false, now)
		if err != nil {
			continue
		}
		if _, ok := w.Spend(0, now); ok {
			said++
		}
	}
	if said == 0 || said > most {
		t.Errorf("over UDP: %d lines in six seconds, want at most %d", said, most)
	}
}

// TestClassBehindOneRouter: forty people at one address say what they like while one
// of them floods.
func TestClassBehindOneRouter(t *testing.T) {
	l := newLimiter(DefaultLimits)
	var class []*Allowance
	for i := range 40 {
		at, err := l.connect(home, start)
		if err != nil {
			t.Fatal(i, err)
		}
		w, wait, err := l.sit(at, "", nil, start)
		if err != nil || wait > 0 {
			t.Fatalf("person %d waits %v to join: %v", i, wait, err)
		}
		w.Hold(fmt.Sprint("class", i))
		class = append(class, w)
	}
	flooded := 0
	for second := range 60 {
		now := start.Add(time.Duration(second) * time.Second)
		for i, w := range class {
			if second%3 == i%3 { // a line every three seconds
				if wait, ok := w.Spend(time.Hour, now); wait > 0 || !ok {
					t.Fatalf("in second %d person %d waits %v", second, i, wait)
				}
			}
		}
		for i := range 100 {
			flooded += visit(l, home, fmt.Sprint(second, i), now)
		}
	}
	if flooded > 5+2*60 {
		t.Errorf("who reconnects said %d lines in a minute", flooded)
	}
}

func TestAddressAsAWhole(t *testing.T) {
	l := newLimiter(DefaultLimits)
	said := 0
	for i := range 64 { // connections at once, each from another address of the /64
		at, err := l.connect(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1)), start)
		if err != nil {
			t.Fatal(i, err)
		}
		w, _, err := l.sit(at, "", nil, start)
		if err != nil {
			continue
		}
		for {
			if _, ok := w.Spend(0, start); !ok {
				break
			}
			said++
		}
	}
	if said == 0 || said > 5*addressBurst {
		t.Errorf("64 connections said %d lines at once, want at most %d", said, 5*addressBurst)
	}
	if _, err := l.connect(netip.MustParseAddr("2001:db8::ffff"), start); err != errAddress {
		t.Errorf("the 65th of a /64: %v, want %v", err, errAddress)
	}
	if _, err := l.connect(netip.MustParseAddr("2001:db8:0:1::1"), start); err != nil {
		t.Errorf("another /64: %v", err)
	}
	for i := range 1000 {
		if at, err := l.connect(home, start); err == nil {
			l.disconnect(at)
		} else if i < 2*64 || err != errOften {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
}

// TestLimitsForget: what was earned again takes no memory.
func TestLimitsForget(t *testing.T) {
	l := newLimiter(DefaultLimits)
	for i := range 1 << 17 {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		now := start.Add(time.Duration(i) * time.Millisecond)
		visit(l, a, fmt.Sprint(i), now)
		l.tell(a, now)
	}
	if n := len(l.addresses) + len(l.seats); n > 1<<15 {
		t.Errorf("%d entries after %d visitors in two minutes", n, 1<<17)
	}
	for i := range 1 << 17 { // at once: more than are remembered
		l.tell(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), start)
	}
	if n := len(l.addresses); n > maxAddresses+1 {
		t.Errorf("%d addresses are remembered", n)
	}
}

func TestRefusalsAreFew(t *testing.T) {
	l := newLimiter(Limits{})
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {900 * time.Millisecond, false}, {1900 * time.Millisecond, true}} {
		if got := l.tell(home, start.Add(tt.after)); got != tt.want {
			t.Errorf("answered after %v: %t, want %t", tt.after, got, tt.want)
		}
	}
}

// TestFloodOnTheWire: what a connection has said counts for the next ones, over TCP
// and UDP alike, and a member that floods nothing hears of it.
func TestFloodOnTheWire(t *testing.T) {
	s := &Server{Limits: Limits{Burst: 4, Rate: 1e-6, PerAddress: 64}}
	stop := serve(t, s)
	alice := joinTCP(t, s, "alice")
	w := s.Room.Watch()
	for range 20 {
		c := dial(t, "tcp", s.TCP.Addr())
		fmt.Fprint(c, chat.Greeting+"mallory\n"+strings.Repeat("flood\n", 9))
		c.(*net.TCPConn).CloseWrite()
		// Until it is refused, or until its first line was said: a seat that nothing was
		// spent of is as good as a new one for whoever comes next.
		answers := bufio.NewScanner(c)
		for answers.Scan() && !strings.HasSuffix(answers.Text(), "flood") {
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		// The server's machine knows that the client has closed.
		if err := poll.Until(t.Context(), poll.Kernel, func() (bool, error) { return unacknowledged(raw) == 0, nil }); err != nil {
			t.Fatal(err)
		}
	}
	for l := (chat.Line{}); l.Text != "flood"; {
		var err error
		if l, err = alice.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		u := dial(t, "udp", s.UDP.LocalAddr())
		for range 4 {
			fmt.Fprint(u, "mallory\tflood")
		}
		fmt.Fprint(u, "mallory\texit")
	}
	say(t, alice, "end")
	await(t, alice, "alice: end")
	stop()
	floods := 0
	for {
		l, _, err := w.Next()
		if err != nil {
			break
		}
		if l.Text == "flood" {
			floods++
		}
	}
	if floods == 0 || floods > 4+4 { // a seat over TCP, and one over UDP
		t.Errorf("%d lines were said, want at most the burst", floods)
	}
}
