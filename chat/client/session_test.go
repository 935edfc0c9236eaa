package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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
	if _, err := fmt.Fprintf(f.conn, "%s\n", chat.Line{Seq: seq, Kind: kind, Name: name, Text: text}.Append(nil)); err != nil {
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

func TestSessionLeaves(t *testing.T) {
	f := newFakeServer(t)
	s := Start(t.Context(), f.config())
	defer s.Close()
	f.accept("CHAT/1 alice")
	nextEvent(t, s)
	s.Say("last words")
	s.Leave("/quit")
	f.expect("last words")
	if b, err := io.ReadAll(f.in); err != nil || len(b) > 0 { // the FIN says it
		t.Errorf("after the last words came %q, %v", b, err)
	}
	f.line(2, chat.Say, "bob", "bye")
	f.close()
	if e := nextEvent(t, s).(Received); e.Line.Text != "bye" {
		t.Errorf("got %+v", e)
	}
	if _, open := <-s.Events(); open || s.Err() != nil {
		t.Errorf("ended: %t, by %v", !open, s.Err())
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
	s = Start(context.Background(), f.config())
	s.Leave("")
	for range s.Events() {
	}
	if s.Err() != nil {
		t.Errorf("left before it was connected: %v", s.Err())
	}
}
