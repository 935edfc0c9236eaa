package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/chat"
)

const patience = 10 * time.Second

// fakeServer is a server whose lines the test writes.
type fakeServer struct {
	t      *testing.T
	listen net.Listener
	conn   net.Conn
	in     *bufio.Reader
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeServer{t: t, listen: l}
	t.Cleanup(func() { l.Close(); f.close() })
	return f
}

func (f *fakeServer) config() Config {
	a := f.listen.Addr().(*net.TCPAddr)
	return Config{Host: a.IP.String(), Port: uint16(a.Port), Name: "alice", Wait: patience}
}

// accept waits for a client and checks what it sends first.
func (f *fakeServer) accept(want ...string) {
	f.t.Helper()
	var err error
	if f.conn, err = f.listen.Accept(); err != nil {
		f.t.Fatal(err)
	}
	f.conn.SetDeadline(time.Now().Add(patience))
	f.in = bufio.NewReader(f.conn)
	f.expect(want[0])
	f.line(1, chat.You, "alice", "token")
	for _, line := range want[1:] {
		f.expect(line)
	}
}

func (f *fakeServer) expect(want string) {
	f.t.Helper()
	if got, err := f.in.ReadString('\n'); err != nil || got != want+"\n" {
		f.t.Fatalf("the client sent %q, %v, want %q", got, err, want)
	}
}

func (f *fakeServer) line(seq uint64, kind chat.Kind, name, text string) {
	f.t.Helper()
	f.lineAt(time.Time{}, seq, kind, name, text)
}

func (f *fakeServer) lineAt(at time.Time, seq uint64, kind chat.Kind, name, text string) {
	f.t.Helper()
	if _, err := fmt.Fprintf(f.conn, "%s\n", chat.Line{Seq: seq, Time: at, Kind: kind, Name: name, Text: text}.Append(nil)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fakeServer) close() {
	if f.conn != nil {
		f.conn.Close()
	}
}

func nextEvent(t *testing.T, s *Session) Event {
	t.Helper()
	select {
	case e := <-s.Events():
		return e
	case <-time.After(patience):
		t.Fatal("no event")
		return nil
	}
}

// The user is told of a text that the room did not hear once every missed line has come.
func TestSessionReconnects(t *testing.T) {
	f := newFakeServer(t)
	config := f.config()
	config.Reconnect, config.AskWho = true, true
	s := Start(t.Context(), config)
	defer s.Close()
	f.accept("CHAT/1 alice", "/who")
	if e := nextEvent(t, s); e != (Connected{Name: "alice"}) {
		t.Fatalf("got %+v", e)
	}
	for _, text := range []string{"heard", "/me waves", "not heard", "//not a command"} {
		if err := s.Say(text); err != nil {
			t.Fatal(err)
		}
		f.expect(text)
	}
	f.close()
	if e := nextEvent(t, s); e != (Lost{}) {
		t.Fatalf("got %+v", e)
	}
	if err := s.Say("offline"); !errors.Is(err, ErrOffline) {
		t.Errorf("said without a connection: %v, want ErrOffline", err)
	}
	f.accept("CHAT/1 alice resume=1 token=token", "/who")
	f.line(2, chat.Say, "alice", "heard")
	f.line(2, chat.Who, "alice", "tcp")
	var got []Event
	for range 5 {
		e := nextEvent(t, s)
		if r, ok := e.(Received); ok {
			e = Received{chat.Line{Kind: r.Line.Kind, Text: r.Line.Text}, r.Me}
		}
		got = append(got, e)
	}
	want := []Event{
		Connected{"alice", true, true},
		Received{chat.Line{Kind: chat.Say, Text: "heard"}, "alice"},
		NotHeard{"not heard"}, NotHeard{"/not a command"},
		Received{chat.Line{Kind: chat.Who, Text: "tcp"}, "alice"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	f.line(3, chat.Kick, "alice", "")
	f.close()
	for range s.Events() {
	}
	if !errors.Is(s.Err(), ErrKicked) {
		t.Errorf("ended by %v, want ErrKicked", s.Err())
	}
}

// Leaving waits until the room has heard everything, and the FIN says it to the server.
func TestSessionLeaves(t *testing.T) {
	for _, tt := range []struct {
		name  string
		hears int
		want  error
	}{{"everything is heard", 3, nil}, {"the server closes before", 2, ErrNotHeard}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeServer(t)
			s := Start(t.Context(), f.config())
			defer s.Close()
			f.accept("CHAT/1 alice")
			nextEvent(t, s)
			texts := []string{"one", "two", "two"}
			for _, text := range texts {
				s.Say(text)
			}
			s.Leave("/quit")
			for _, text := range texts {
				f.expect(text)
			}
			if b, err := io.ReadAll(f.in); err != nil || len(b) > 0 {
				t.Errorf("after the last words came %q, %v", b, err)
			}
			for left := 3; ; left-- {
				for { // from the number of all, whatever was said when the user left
					if e, ok := nextEvent(t, s).(Unheard); ok && e == (Unheard{left, true}) {
						break
					}
				}
				if left == 3-tt.hears {
					break
				}
				f.line(uint64(5-left), chat.Say, "alice", texts[3-left])
			}
			f.close()
			for range s.Events() {
			}
			if !errors.Is(s.Err(), tt.want) {
				t.Errorf("ended by %v, want %v", s.Err(), tt.want)
			}
			if got := s.NotHeard(); !slices.Equal(got, texts[tt.hears:]) {
				t.Errorf("not heard: %q, want %q", got, texts[tt.hears:])
			}
		})
	}
}

// A line from before this client joined is no echo, an error is the answer to what the
// server has not carried out, and a command is done when it is answered.
func TestSayAndHear(t *testing.T) {
	f := newFakeServer(t)
	s := Start(t.Context(), f.config())
	defer s.Close()
	joined := time.Now().Truncate(time.Millisecond)
	var err error
	if f.conn, err = f.listen.Accept(); err != nil {
		t.Fatal(err)
	}
	f.in = bufio.NewReader(f.conn)
	f.expect("CHAT/1 alice")
	f.lineAt(joined, 1, chat.You, "alice", "token")
	nextEvent(t, s)
	bob := make(chan struct{})
	go func() {
		for e := range s.Events() {
			if r, ok := e.(Received); ok && r.Line.Name == "bob" {
				close(bob)
			}
		}
	}()
	heard := make(chan error, 1)
	say := func(text string) {
		t.Helper()
		go func() { heard <- s.SayAndHear(t.Context(), text) }()
		f.expect(text)
	}
	say("again")
	f.lineAt(joined.Add(-time.Second), 2, chat.Say, "alice", "again") // by an earlier alice
	f.lineAt(joined, 3, chat.Say, "bob", "again")
	<-bob
	select {
	case err := <-heard:
		t.Fatalf("heard in the history: %v", err)
	default:
	}
	f.lineAt(joined, 4, chat.Say, "alice", "again")
	if err := <-heard; err != nil {
		t.Error(err)
	}
	say("muted")
	f.lineAt(joined, 4, chat.Error, "", "you are muted")
	if _, ok := errors.AsType[*RefusedError](<-heard); !ok {
		t.Error("a refused text was heard")
	}
	say("/me waves")
	f.lineAt(joined, 5, chat.Me, "alice", "waves")
	if err := <-heard; err != nil {
		t.Error(err)
	}
	say("/who")
	f.close()
	if err := <-heard; !errors.Is(err, ErrOffline) {
		t.Errorf("the connection ended: %v", err)
	}
}

// A server that refuses is asked once.
func TestRefusedOnce(t *testing.T) {
	f := newFakeServer(t)
	s := Start(t.Context(), f.config())
	defer s.Close()
	conn, err := f.listen.Accept()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "%s\n", chat.Line{Kind: chat.Error, Text: "your address is banned"}.Append(nil))
	conn.Close()
	for e := range s.Events() {
		t.Errorf("event %+v", e)
	}
	if _, refused := errors.AsType[*RefusedError](s.Err()); !refused {
		t.Errorf("ended by %v", s.Err())
	}
}

// Without Reconnect a session ends with its connection, and a text that waits to be
// sent is given back.
func TestSessionEnds(t *testing.T) {
	f := newFakeServer(t)
	s := Start(t.Context(), f.config())
	defer s.Close()
	f.accept("CHAT/1 alice")
	nextEvent(t, s)
	f.close()
	for range s.Events() {
	}
	if !errors.Is(s.Err(), io.EOF) {
		t.Errorf("ended by %v, want EOF", s.Err())
	}
	if err := s.SayAndWait(t.Context(), "late"); !errors.Is(err, ErrOffline) {
		t.Errorf("said after the end: %v, want ErrOffline", err)
	}

	config := f.config()
	f.listen.Close()
	config.Wait = 10 * time.Millisecond
	s = Start(context.Background(), config)
	for range s.Events() {
	}
	if _, ok := errors.AsType[*DialError](s.Err()); !ok {
		t.Errorf("no server: %v, want a DialError", s.Err())
	}
	config.Wait = 0
	s = Start(context.Background(), config)
	for e := range s.Events() {
		t.Errorf("tried once: %#v, want no event", e)
	}
	if !errors.Is(s.Err(), syscall.ECONNREFUSED) {
		t.Errorf("tried once: %v, want that nothing listens", s.Err())
	}
	s = Start(context.Background(), f.config())
	s.Leave("")
	for range s.Events() {
	}
	if s.Err() != nil {
		t.Errorf("left before it was connected: %v", s.Err())
	}
}
