package server

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
	"wirelab/internal/require"
)

// fakeClientPy does with a socket what the course note's client.py does
// (testdata/client.py): one recv(4096) is one message.
type fakeClientPy struct {
	t    *testing.T
	conn net.Conn
	name string
	done chan struct{}

	mu    sync.Mutex
	shown string   // what its user sees
	raw   []string // what recv returned
	end   string   // kick, exit, or why it died
}

func joinClientPy(t *testing.T, s *Server, name string) *fakeClientPy {
	t.Helper()
	c := &fakeClientPy{t: t, conn: dial(t, "tcp", s.TCP.Addr()), name: name, done: make(chan struct{})}
	c.conn.SetDeadline(time.Time{})
	c.send(name)
	go c.receive()
	t.Cleanup(func() { c.conn.Close(); <-c.done })
	return c
}

func (c *fakeClientPy) send(b string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(b)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *fakeClientPy) say(text string) { c.t.Helper(); c.send(c.name + "\t: " + text) }

func (c *fakeClientPy) receive() {
	defer close(c.done)
	b := make([]byte, 4096)
	for {
		n, err := c.conn.Read(b)
		in := string(b[:n])
		c.mu.Lock()
		c.raw = append(c.raw, in)
		switch {
		case err != nil:
			c.end = err.Error() // client.py would spin
		case !utf8.ValidString(in):
			c.end = "UnicodeDecodeError"
		case strings.Contains(in, "kick "+c.name):
			c.end = "kick"
		case strings.Contains(in, "exit "+c.name):
			c.end = "exit"
		case strings.HasPrefix(in, "!"):
			if who, _, _ := strings.Cut(in[1:], "\t: "); who != c.name {
				c.shown += in[1:]
			}
		default:
			if parts := strings.Split(in, "\t: "); len(parts) > 1 {
				c.shown += parts[0] + "\t: " + parts[1] + "\n"
			}
		}
		over := c.end != ""
		c.mu.Unlock()
		if over {
			c.conn.Close()
			return
		}
	}
}

// await waits until the client shows want.
func (c *fakeClientPy) await(want string) {
	c.t.Helper()
	require.Eventually(c.t, patience, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return strings.Contains(c.shown, want)
	}, func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		return fmt.Sprintf("%q on the screen of %s, which shows %q; it ended by %q; it received %q", want, c.name, c.shown, c.end, c.raw)
	})
}

func (c *fakeClientPy) ends(want string) {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatalf("%s does not end; it received %q", c.name, c.raw)
	}
	if c.end != want {
		c.t.Errorf("%s ended by %q, want %q; it received %q", c.name, c.end, want, c.raw)
	}
}

func TestClientPy(t *testing.T) {
	t.Parallel()
	s := &Server{}
	serve(t, s)
	own := joinTCP(t, s, "own")
	alice := joinClientPy(t, s, "alice")
	await(t, own, "* alice joined")
	bob := joinClientPy(t, s, "小明")
	await(t, own, "* 小明 joined")
	alice.await("---- 小明加入了聊天室 ----\n")

	alice.say("hello")
	await(t, own, "alice: hello")
	bob.await("alice\t: hello\n")
	bob.say("你好，alice")
	await(t, own, "小明: 你好，alice")
	alice.await("小明\t: 你好，alice\n")
	say(t, own, "please kick alice, exit alice!") // which are only words
	alice.await("own\t: please kick\u00a0alice, exit\u00a0alice!\n")
	s.Room.Say("welcome")
	alice.await("server\t: welcome\n")
	bob.await("server\t: welcome\n")

	alice.say("a")
	alice.say("b")
	await(t, own, "alice: a")
	await(t, own, "alice: b")
	if strings.Contains(alice.shown, "alice\t: ") {
		t.Errorf("alice was sent her own lines: %q", alice.shown)
	}

	alice.say("exit")
	alice.ends("exit")
	await(t, own, "* alice left")
	bob.await("alice\t: exit\n")

	bo := joinClientPy(t, s, "小") // whose name begins that of another
	await(t, own, "* 小 joined")
	if _, err := s.Room.Kick("小明"); err != nil {
		t.Fatal(err)
	}
	bob.ends("kick")
	await(t, own, "* 小明 was kicked")
	bo.await("server\t: kick\u00a0小明\n小明 was kicked.\n")
}

func TestClientPyBytes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		sends []string // each after the last was heard of
		heard []string
	}{
		{"name and text at once", []string{"alicealice\t: hi"}, []string{"* alice joined", "alice: hi"}},
		{"an empty name", []string{"\t: hi", "\t: bob", "\t: text"}, []string{"", "* bob joined", "bob: text"}},
		{"two texts at once", []string{"alice", "alice\t: a alice\t: balice\t: exit"}, []string{"* alice joined", "alice: a "}},
		{"a text of others'", []string{"alice", "alice\t: bob\t: hi"}, []string{"* alice joined", "alice: bob : hi"}},
		{"exit for others", []string{"alice", "bob\t: exit"}, []string{"* alice joined", "alice: bob : exit"}},
		{"a rune in pieces", []string{"\xe5\xb0", "\x8f", "小\t: \xe4\xbd", "\xa0好"}, []string{"", "* 小 joined", "", "小: 你好"}},
		{"lines after all", []string{"alice", "hi\n"}, []string{"* alice joined", "alice: hi"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Server{}
			serve(t, s)
			own := joinTCP(t, s, "own")
			await(t, own, "* own joined")
			c := dial(t, "tcp", s.TCP.Addr())
			for i, b := range tt.sends {
				if _, err := c.Write([]byte(b)); err != nil {
					t.Fatal(err)
				}
				if tt.heard[i] == "" { // nothing is to be heard of it: but for the time that tells a whole message
					time.Sleep(dialect.Quiet + settleTime)
					continue
				}
				await(t, own, tt.heard[i])
			}
		})
	}
}

func TestClientPyIsAnswered(t *testing.T) {
	t.Parallel()
	s := &Server{}
	serve(t, s)
	first := joinClientPy(t, s, "bob")
	awaitPeople(t, s, 1)
	second := joinClientPy(t, s, "bob")
	second.await("server\t: you are bob2 here\n")
	first.say("I was first")
	second.await(" bob\t: I was first\n") // not what it takes for its own
	if _, err := s.Room.Kick("bob2"); err != nil {
		t.Fatal(err)
	}
	second.ends("kick")
	first.await("bob2 was kicked.\n")

	long := strings.Repeat("好", chat.MaxLine/3-1)
	s.Room.Say(long)
	first.await("…\n")
	for _, m := range first.raw {
		if len(m) > 1200+64 || !utf8.ValidString(m) {
			t.Errorf("a message of %d bytes, valid UTF-8: %t", len(m), utf8.ValidString(m))
		}
	}
	silent := dial(t, "tcp", s.TCP.Addr())
	b := make([]byte, 4096)
	if n, err := silent.Read(b); err != nil || string(b[:n]) != "server\t: your name?\n" {
		t.Errorf("who sends nothing is sent %q, %v", b[:n], err)
	}
}

// TestClientPyIsToldOfTheEnd: at an end of the connection without a word,
// client.py spins.
func TestClientPyIsToldOfTheEnd(t *testing.T) {
	t.Parallel()
	s := &Server{}
	stop := serve(t, s)
	alice := joinClientPy(t, s, "alice")
	awaitPeople(t, s, 1)
	stop()
	alice.ends("exit")
}
