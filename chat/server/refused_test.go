package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"wirelab/chat"
)

// TestRefusedInItsOwnLanguage: client.py is told "exit NAME", or it would spin.
func TestRefusedInItsOwnLanguage(t *testing.T) {
	for _, how := range []string{"full", "locked"} {
		limits := Limits{}
		if how == "full" {
			limits.Total = 1
		}
		s := &Server{Limits: limits}
		serve(t, s)
		joinTCP(t, s, "alice")
		s.Room.Lock(how == "locked")
		why := map[string]string{"full": errFull.Error(), "locked": "the room is locked: nobody new joins now"}[how]
		py := joinClientPy(t, s, "note")
		<-py.done
		if py.end != "exit" || !strings.Contains(strings.Join(py.raw, ""), why) {
			t.Errorf("%s: client.py received %q and ends by %q", how, py.raw, py.end)
		}
		nc := dial(t, "tcp", s.TCP.Addr())
		fmt.Fprint(nc, "bob\n")
		if b, err := io.ReadAll(nc); err != nil || string(b) != "* "+why+"\n" {
			t.Errorf("%s: nc shows %q, %v", how, b, err)
		}
	}
	s := &Server{Limits: Limits{Total: 1}}
	serve(t, s)
	joinTCP(t, s, "alice")
	silent := dial(t, "tcp", s.TCP.Addr())
	in := bufio.NewReader(silent)
	if line, err := in.ReadString('\n'); err != nil || line != "server\t: "+errFull.Error()+"\n" {
		t.Errorf("who is silent is told %q, %v", line, err)
	}
	fmt.Fprint(silent, "bob\n")
	if b, err := io.ReadAll(in); err != nil || len(b) > 0 {
		t.Errorf("and then %q, %v", b, err)
	}
}

// TestKilledNcComesBack: nobody keeps a name for a client that cannot resume.
func TestKilledNcComesBack(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	nc := dial(t, "tcp", s.TCP.Addr()).(*net.TCPConn)
	fmt.Fprint(nc, "bob\n")
	await(t, alice, "* bob joined")
	nc.SetLinger(0) // its end is a RST
	nc.Close()
	await(t, alice, "* bob left")
	fmt.Fprint(dial(t, "tcp", s.TCP.Addr()), "bob\n")
	await(t, alice, "* bob joined")
}

func TestLongUnknownCommand(t *testing.T) {
	s := &Server{}
	serve(t, s)
	alice := joinTCP(t, s, "alice")
	for _, r := range []string{"x", "\u00e9", "\u597d"} {
		say(t, alice, "/"+strings.Repeat(r, 4000/len(r)))
		for {
			l, err := alice.Receive()
			if err != nil {
				t.Fatal(err)
			}
			if l.Code() == "chat.command.unknown" {
				if n := len(l.Append(nil)); n > 500 || l.Message().IsZero() {
					t.Errorf("the answer has %d bytes: %.80q", n, l.Text)
				}
				break
			}
		}
	}
}

// countingConn counts reads and offers them to a test.
type countingConn struct {
	net.Conn
	reads chan struct{}
}

func (c *countingConn) Read(b []byte) (int, error) {
	select {
	case c.reads <- struct{}{}:
	default:
	}
	return c.Conn.Read(b)
}

func (c *countingConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}
}

// session returns a session over a pipe, and the client's end.
func pipeSession(t *testing.T, room *chat.Room) (*session, *countingConn, net.Conn) {
	t.Helper()
	client, conn := net.Pipe()
	counting := &countingConn{conn, make(chan struct{}, 100)}
	f := newFanOut(room.Log())
	ctx, cancel := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() { f.serve(ctx) })
	t.Cleanup(func() { client.Close(); cancel(); writer.Wait() })
	l := newLimiter(Limits{})
	s := newSession(counting, room, l, f, &knocks{logger: room.Logger()})
	s.at, _ = l.connect(s.from, time.Now())
	return s, counting, client
}

// awaitAskName waits until a client, which is taken for client.py, is asked for a name,
// and reads whatever follows.
func awaitAskName(t *testing.T, client net.Conn) {
	t.Helper()
	b := make([]byte, len(chat.AskName))
	if _, err := io.ReadFull(client, b); err != nil || string(b) != chat.AskName {
		t.Fatalf("it is asked %q, %v", b, err)
	}
	go io.Copy(io.Discard, client)
}

// TestHalfARune: who leaves a rune unfinished is not looked at again and again, and is
// cut at the deadline without a name.
func TestHalfARune(t *testing.T) {
	t.Parallel()
	s, conn, client := pipeSession(t, chat.NewRoom(nil))
	s.joinBy = time.Now().Add(3 * time.Second)
	done := make(chan struct{})
	go func() { defer close(done); s.serve(nil) }()
	fmt.Fprint(client, "a:b") // no name
	awaitAskName(t, client)
	fmt.Fprint(client, "\xe6\x98")
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("it is still connected")
	}
	if n := len(conn.reads); n > 20 {
		t.Errorf("it was read from %d times", n)
	}
}

// TestNamelessIsCut: bytes that keep coming do not put its deadline off.
func TestNamelessIsCut(t *testing.T) {
	t.Parallel()
	s, _, client := pipeSession(t, chat.NewRoom(nil))
	s.joinBy = time.Now().Add(3 * time.Second)
	done := make(chan struct{})
	go func() { defer close(done); s.serve(nil) }()
	fmt.Fprint(client, "a:b") // no name
	awaitAskName(t, client)
	patient := time.After(patience)
	for {
		select {
		case <-done:
			return
		case <-patient:
			t.Fatal("it is still connected")
		case <-time.After(10 * time.Millisecond):
			client.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
			fmt.Fprint(client, ":") // no name either, where a pause makes one of what came
		}
	}
}

// TestTelnetCounts: negotiation without end is cut before there is a name, and costs
// as much as lines after that.
func TestTelnetCounts(t *testing.T) {
	s := &Server{Limits: Limits{Burst: 3, Rate: 1e-6}}
	stop := serve(t, s)
	noise := strings.Repeat("\xff\xfb\x18", maxNegotiation)
	c := dial(t, "tcp", s.TCP.Addr())
	fmt.Fprint(c, noise)
	if b, err := io.ReadAll(c); !strings.Contains(string(b), "a line has at most") && err == nil {
		t.Errorf("without a name it is told %q, %v", b, err)
	}
	w := s.Room.Watch()
	bob := dial(t, "tcp", s.TCP.Addr())
	fmt.Fprint(bob, "bob\n")
	in := bufio.NewReader(bob)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(bob, "one\n")
	for l := (chat.Line{}); l.Text != "one"; {
		var err error
		if l, _, err = w.Next(); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 { // more than the two lines that are left
		fmt.Fprint(bob, noise)
	}
	fmt.Fprint(bob, "two\n")
	alice := joinTCP(t, s, "alice")
	say(t, alice, "end")
	await(t, alice, "alice: end")
	stop()
	for {
		l, _, err := w.Next()
		if err != nil {
			break
		}
		if l.Text == "two" {
			t.Error("what follows the negotiation is said without a limit")
		}
	}
}

func TestKnocksAreSummedUp(t *testing.T) {
	var log strings.Builder
	k := &knocks{logger: slog.New(slog.NewTextHandler(&log, nil))}
	for range knocksTold + 1000 {
		k.refused("192.0.2.1:1", "closed")
	}
	k.sumUp()
	k.refused("192.0.2.1:1", "again")
	k.sumUp()
	if n := strings.Count(log.String(), "\n"); n != knocksTold+2 || !strings.Contains(log.String(), "msg=refused more=1000\n") {
		t.Errorf("the log has %d lines:\n%s", n, &log)
	}
}
