package chat

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// noteClient does with a socket what the course note's client.py does
// (testdata/client.py): one recv(4096) is one message.
type noteClient struct {
	t    *testing.T
	conn net.Conn
	name string
	done chan struct{}

	mu     sync.Mutex
	record string
	raw    []string // what recv returned
	end    string   // kick, exit, or why it died
}

func joinNote(t *testing.T, s *Server, name string) *noteClient {
	t.Helper()
	c := &noteClient{t: t, conn: dial(t, "tcp", s.TCP.Addr()), name: name, done: make(chan struct{})}
	c.conn.SetDeadline(time.Time{})
	c.send(name)
	go c.receive()
	t.Cleanup(func() { c.conn.Close(); <-c.done })
	return c
}

func (c *noteClient) send(b string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(b)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *noteClient) say(text string) { c.t.Helper(); c.send(c.name + "\t: " + text) }

func (c *noteClient) receive() {
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
				c.record += in[1:]
			}
		default:
			if parts := strings.Split(in, "\t: "); len(parts) > 1 {
				c.record += parts[0] + "\t: " + parts[1] + "\n"
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

// await waits until the record, which the client shows, contains want.
func (c *noteClient) await(want string) {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		record, raw, over := c.record, c.raw, c.end
		c.mu.Unlock()
		if strings.Contains(record, want) {
			return
		}
		if over != "" || time.Now().After(end) {
			c.t.Fatalf("%s awaits %q in its record, which is %q; it ended by %q; it received %q", c.name, want, record, over, raw)
		}
	}
}

func (c *noteClient) ends(want string) {
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

func TestNoteClient(t *testing.T) {
	s := &Server{}
	serve(t, s)
	own := joinTCP(t, s, "own")
	alice := joinNote(t, s, "alice")
	await(t, own, "* alice joined")
	bob := joinNote(t, s, "小明")
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
	if strings.Contains(alice.record, "alice\t: ") {
		t.Errorf("alice was sent her own lines: %q", alice.record)
	}

	alice.say("exit")
	alice.ends("exit")
	await(t, own, "* alice left")
	bob.await("alice\t: exit\n")

	bo := joinNote(t, s, "小") // whose name begins that of another
	await(t, own, "* 小 joined")
	if err := s.Room.Kick("小明"); err != nil {
		t.Fatal(err)
	}
	bob.ends("kick")
	await(t, own, "* 小明 was kicked")
	bo.await("server\t: kick\u00a0小明\n小明 was kicked.\n")
}

func TestNoteClientBytes(t *testing.T) {
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
					time.Sleep(noteQuiet + noteSettled)
					continue
				}
				await(t, own, tt.heard[i])
			}
		})
	}
}

func TestNoteIsAnswered(t *testing.T) {
	s := &Server{}
	serve(t, s)
	first := joinNote(t, s, "bob")
	awaitPeople(t, s, 1)
	second := joinNote(t, s, "bob")
	second.await("server\t: you are bob2 here\n")
	first.say("I was first")
	second.await(" bob\t: I was first\n") // not what it takes for its own
	if err := s.Room.Kick("bob2"); err != nil {
		t.Fatal(err)
	}
	second.ends("kick")
	first.await("bob2 was kicked.\n")

	long := strings.Repeat("好", MaxLine/3-1)
	s.Room.Say(long)
	first.await("…\n")
	for _, m := range first.raw {
		if len(m) > noteMessage+64 || !utf8.ValidString(m) {
			t.Errorf("a message of %d bytes, valid UTF-8: %t", len(m), utf8.ValidString(m))
		}
	}
	silent := dial(t, "tcp", s.TCP.Addr())
	b := make([]byte, 4096)
	if n, err := silent.Read(b); err != nil || string(b[:n]) != "server\t: your name?\n" {
		t.Errorf("who sends nothing is sent %q, %v", b[:n], err)
	}
}

// TestNoteClientIsToldOfTheEnd: at an end of the connection without a word,
// client.py spins.
func TestNoteClientIsToldOfTheEnd(t *testing.T) {
	s := &Server{}
	stop := serve(t, s)
	alice := joinNote(t, s, "alice")
	awaitPeople(t, s, 1)
	stop()
	alice.ends("exit")
}

func TestNoteInput(t *testing.T) {
	tests := []struct {
		name       string
		reads      []string
		want, rest []string
	}{
		{"one", []string{"a\t: hi"}, nil, []string{"hi"}},
		{"two", []string{"a\t: hia\t: ho"}, []string{"hi"}, []string{"ho"}},
		{"in pieces", []string{"a", "\t", ": h", "ia\t: h", "o"}, []string{"hi"}, []string{"ho"}},
		{"half a rune", []string{"a\t: \xe4\xbd"}, nil, nil},
		{"too much", []string{"a\t: " + strings.Repeat("x", maxNoteText)}, []string{strings.Repeat("x", maxNoteText-4)}, []string{"xxxx"}},
		{"nobody's", []string{"b\t: hi"}, nil, []string{"b\t: hi"}},
	}
	for _, tt := range tests {
		n := noteInput{name: "a"}
		var got []string
		for _, b := range tt.reads {
			got = append(got, n.add([]byte(b))...)
		}
		if diff := cmp.Diff([][]string{tt.want, tt.rest}, [][]string{got, n.settle()}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzNoteInput(f *testing.F) {
	f.Add("小明", []byte("小明\t: hi小明\t: \xe4"), 5)
	f.Add("", []byte("\t: \t: x"), 1)
	f.Fuzz(func(t *testing.T, name string, b []byte, cut int) {
		n := noteInput{name: name}
		cut = min(max(cut, 0), len(b))
		texts := append(n.add(b[:cut]), n.add(b[cut:])...)
		texts = append(texts, n.settle()...)
		total := len(n.buf)
		for _, s := range texts {
			total += len(s)
			if s == "" {
				t.Error("an empty text")
			}
		}
		if total > len(b) || len(n.buf) > utf8.UTFMax {
			t.Errorf("%d bytes of %d; %q is kept", total, len(b), n.buf)
		}
	})
}

// FuzzNote: whatever is told, nothing but what is meant for it makes client.py
// think that it was kicked or has left, and it never dies of a message.
func FuzzNote(f *testing.F) {
	f.Add("bob", "alice", "kick bob, exit bob")
	f.Add("", "kick ", " exit ")
	f.Add("k", "!", "kick kick kick k")
	f.Fuzz(func(t *testing.T, claimed, name, text string) {
		name, err := CleanName(name)
		if text = CleanText(text); err != nil || text == "" {
			return
		}
		if len(claimed) > maxNameBytes || !utf8.ValidString(claimed) {
			return
		}
		r := newRecord(1 << 20)
		for _, k := range []Kind{Say, Me, Join, Leave, Kick, Nick, Notice} {
			r.append(k, name, text)
		}
		v := r.view()
		b, _ := v.from(0, v.head)
		n := &note{console: ServerName, claimed: claimed}
		for rounds := 0; len(b) > 0; rounds++ {
			out, size := n.lines(nil, b)
			b = b[size:]
			s := string(out)
			if strings.Contains(s, "kick "+claimed) || strings.Contains(s, "exit "+claimed) {
				t.Fatalf("%q is sent to %q", s, claimed)
			}
			if !utf8.ValidString(s) || len(s) > 4096 {
				t.Fatalf("a message of %d bytes: %q", len(s), s)
			}
			if rounds > 20 {
				t.Fatal("it does not end")
			}
		}
	})
}
