//go:build linux || darwin

package cli

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"wirelab/internal/exit"
	"wirelab/internal/require"
)

// seat is a program on a terminal, as docker attach gives one.
type seat struct {
	*program
	person *os.File // the terminal's other end
}

func sit(t *testing.T, size *pty.Winsize, args ...string) *seat {
	t.Helper()
	s := freeze(t, size, args...)
	s.thaw()
	return s
}

// freeze is sit at a terminal that does not show anything before thaw.
func freeze(t *testing.T, size *pty.Winsize, args ...string) *seat {
	t.Helper()
	s := &seat{program: &program{t: t, cmd: wirelabCommand(t, args...)}}
	s.cmd.Env = append(s.cmd.Env, "TERM=xterm", "NO_COLOR=1")
	var err error
	if s.person, err = pty.StartWithSize(s.cmd, size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.person.Close() })
	s.stdin = s.person
	return s
}

func (s *seat) thaw() {
	shown := make(chan struct{})
	go func() { defer close(shown); io.Copy(s.program, s.person) }() // ends with EIO when the program does
	s.t.Cleanup(func() {
		s.cmd.Process.Kill() // else the read goes on
		<-shown
	})
}

func (s *seat) types(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.person, keys); err != nil {
		s.t.Fatal(err)
	}
}

// winsize is 80 by 24.
var winsize = &pty.Winsize{Rows: 24, Cols: 80}

func TestTerminal(t *testing.T) {
	_, tcp, _ := startServer(t)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	p := sit(t, winsize, "chat", "join", "--lang", "zh-TW", tcp)
	p.await(`\* 已加入聊天室 ` + tcp + `，你的名稱是 client1 \(tcp\)\r\n`)
	p.await(`2 人：bob、client1\x1b\[K\r\n\(client1\) \x1b\[K$`)
	p.types("\r你好嗎\x7f\x7f\xe5\xa5") // the rune comes in two
	p.types("\xbd\r")
	p.await(`client1: 你好\r\n`)
	bob.await(`client1: 你好\n`)
	bob.say("hi client1")
	p.await(`\d\d:\d\d bob: hi client1\r\n`)
	p.types("/help\r")
	for _, help := range []string{"列出這些指令", "誰在聊天室裡", "動作：", "改名", "只說給一個人聽", "暫時離開", "聊天室的主題", "打 exit 也可以"} {
		p.await(help + `.*\r\n`) // each is translated
	}
	p.types("/who\r")
	p.await(`\* bob 在聊天室裡 \(tcp\)\r\n`)
	p.await(`\* 2 人\r\n`)
	p.types("half a line\x03") // Ctrl-C
	p.await(`輸入 /quit 或按 Ctrl-D 離開聊天室`)
	p.types("one\x1b[D\x1b[D\x1b[3~\r")
	bob.await(`client1: oe\n`)
	p.types("\x04") // Ctrl-D
	p.await(`\* 你離開了聊天室！\r\n`)
	p.exits(exit.OK)
	bob.await(`\* client1 left\n`)
}

func TestTerminalIsGivenBack(t *testing.T) {
	_, tcp, udp := startServer(t)
	for name, args := range map[string][]string{"alice": {"chat", "join", tcp}, "bob": {"chat", "join", "--udp", udp}} {
		p := sit(t, winsize, append(args, "--name", name)...)
		p.await(`\(` + name + `\) `)
		p.cmd.Process.Signal(syscall.SIGTERM)
		p.await(`\* you left the room\r\n`)
		p.await(`\x1b\[\?2004l`)
		p.exits(exit.OK)
	}
	p := sit(t, winsize, "chat", "join", "--wait", "50ms", "127.0.0.1:1")
	p.exits(exit.Unable)
	p.await(`no chat at 127.0.0.1:1`)
}

// At a container's terminal one can leave, be kicked, and join again.
func TestStay(t *testing.T) {
	server, tcp, _ := startServer(t)
	p := sit(t, winsize, "chat", "join", "--stay", tcp)
	p.await(`\(client1\) `)
	p.types("/nick alice\r")
	p.await(`\(alice\) `)
	p.types("/quit\r")
	p.await(`\* you left the room\r\n`)
	p.await(`not in the room`)
	p.await(`your name \(Enter: alice\): `)
	p.types("\x04\x03:)\r") // Ctrl-D and Ctrl-C do not end it; the name has a colon
	p.await(`cannot contain ':'`)
	p.types("\r")
	p.await(`\* joined ` + tcp + ` as alice \(tcp\)\r\n`)
	server.say("kick alice 1m")
	p.await(`\* you were kicked`)
	p.await(`your name \(Enter: alice\): `)
	p.types("\r")
	p.await(`\* .*\r\n`) // the server refuses for a minute
	p.await(`your name \(Enter: alice\): `)
	p.types("bob\r")
	p.await(`\* .*\r\n`)
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.exits(exit.OK)
}

// Ctrl-C or Ctrl-D on an empty line of the server's console ends it.
func TestConsoleIsLeft(t *testing.T) {
	for _, key := range []string{"\x03", "\x04"} {
		p := sit(t, winsize, "chat", "serve", "--tcp", "127.0.0.1:0", "--udp=")
		p.await(`\(server\) `)
		p.types("half" + key) // clears the line, or does nothing at its end
		p.types("\x15" + key)
		p.await(`server is closing`)
		p.exits(exit.OK)
	}
}

// The server goes and comes back: what was said in between is shown, and the
// name is the same.
func TestReconnect(t *testing.T) {
	_, tcp, _ := startServer(t)
	relay := newRelay(t, tcp)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	p := sit(t, winsize, "chat", "join", relay.address())
	p.await(`\(client1\) `)
	bob.await(`client1 joined`)
	relay.cut()
	p.await(`\* the connection to ` + relay.address() + ` is lost\r\n`)
	bob.say("while you were away")
	relay.mend()
	p.await(`\* connected again; what was missed:\r\n`)
	p.await(`bob: while you were away\r\n`)
	p.types("back\r")
	bob.await(`client1: back\n`)
	p.types("/quit\r")
	p.exits(exit.OK)
}

// relay is a way to a server that can be cut.
type relay struct {
	t      *testing.T
	server string
	listen net.Listener
	conns  chan net.Conn
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	r := &relay{t: t, server: server, conns: make(chan net.Conn, 100)}
	r.listenOn("127.0.0.1:0")
	t.Cleanup(r.cut)
	return r
}

func (r *relay) address() string { return r.listen.Addr().String() }

func (r *relay) listenOn(address string) {
	r.t.Helper()
	var err error
	if r.listen, err = net.Listen("tcp", address); err != nil {
		r.t.Fatal(err)
	}
	go func(l net.Listener) {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", r.server)
			if err != nil {
				in.Close()
				continue
			}
			r.conns <- in
			r.conns <- out
			go pass(out.(*net.TCPConn), in.(*net.TCPConn))
			go pass(in.(*net.TCPConn), out.(*net.TCPConn))
		}
	}(r.listen)
}

// pass hands on what is said one way, and its end alone: what is still on its way the
// other way arrives.
func pass(from, to *net.TCPConn) {
	io.Copy(to, from)
	to.CloseWrite()
}

func (r *relay) cut() {
	r.listen.Close()
	for {
		select {
		case c := <-r.conns:
			c.Close()
		default:
			return
		}
	}
}

func (r *relay) mend() { r.t.Helper(); r.listenOn(r.address()) }

// A client without a name asks for one, until it is one.
func TestAsksForAName(t *testing.T) {
	_, tcp, _ := startServer(t)
	p := sit(t, winsize, "chat", "join", "--lang", "zh-TW", "--name", "", tcp)
	p.await(`請輸入你的名稱：`)
	p.types("\r")
	p.await(`名稱是空的`)
	p.types("小明\r")
	p.await(`你的名稱是 小明 \(tcp\)`)
	p.types("\x04")
	p.exits(exit.OK)
}

// To a container's terminal nobody has attached: it has no size, and gets plain
// lines. Whoever attaches sees them.
func TestAttach(t *testing.T) {
	_, tcp, _ := startServer(t)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	p := sit(t, &pty.Winsize{}, "chat", "join", tcp)
	bob.await(`client1 joined`)
	bob.say("good morning")
	p.await(`bob: good morning\r\n`)
	attach := func() {
		t.Helper()
		for _, size := range []pty.Winsize{{Rows: 25, Cols: 81}, *winsize} {
			if err := pty.Setsize(p.person, &size); err != nil {
				t.Fatal(err)
			}
		}
		p.await(`\r\x1b\[J(.*\r\n)*.*bob: good morning\r\n(.*\r\n)*\(client1\) `)
	}
	attach()
	p.types("half a ")
	p.await(`half a`)
	attach()
	p.await(`^half a`)
	p.types("line\r")
	bob.await(`client1: half a line\n`)
	p.types("\x04")
	p.exits(exit.OK)
}

// Over UDP one is there with the first word, and gone with the last.
func TestUDPOnATerminal(t *testing.T) {
	server, tcp, udp := startServer(t)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	alice := sit(t, winsize, "chat", "join", "--udp", "--name", "alice", udp)
	alice.await(`\(alice\) `)
	alice.types("hi\r")
	bob.await(`\* alice joined\nalice: hi\n`)
	alice.types("exit\r")
	alice.exits(exit.OK)
	bob.await(`\* alice left\n`)

	carol := sit(t, winsize, "chat", "join", "--udp", "--name", "carol", udp)
	carol.await(`\(carol\) `)
	carol.types("hello\r")
	dave := start(t, "chat", "join", "--udp", "--name", "dave", udp)
	dave.await(`talking`)
	dave.say("hi")
	for _, name := range []string{"carol", "dave"} { // in either order
		require.Eventually(t, patience, func() bool { return strings.Contains(bob.output(), "\n"+name+": ") },
			func() string { return fmt.Sprintf("%s, got %q", name, bob.output()) })
	}
	for _, name := range []string{"carol", "dave"} {
		server.say("kick " + name)
	}
	for _, p := range []*program{carol.program, dave} {
		p.await(`\* you were kicked out of the room\r?\n`)
		p.exits(exit.Failed)
	}
}

// Whoever attaches and then shows nothing, as a stopped docker attach does,
// holds nobody up: the client reads on, and when it is looked at again it shows
// the last screenful.
func TestFrozenTerminal(t *testing.T) {
	t.Parallel()
	server := start(t, "chat", "serve", "--tcp", "127.0.0.1:0", "--udp=", "--burst", "100000", "--rate", "100000")
	tcp := server.await(`listening on tcp (\S+)\n`)[1]
	alice := freeze(t, winsize, "chat", "join", "--name", "alice", tcp)
	server.await(`alice joined`)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	const parts, lines, size = 30, 50, 2000 // 3 MB
	for range parts {
		for range lines {
			bob.say(strings.Repeat("x", size))
		}
		bob.say("go on")
		server.await(`bob: go on\n`)
		for queued := "not asked"; len(queued) > len("99999"); { // who is far behind is cut: that is not what is tried
			server.say("print")
			queued = server.await(`alice +tcp .* (\d+) bytes queued\n`)[1]
		}
	}
	bob.say("the last")
	server.await(`bob: the last\n`)
	carol := start(t, "chat", "join", "--name", "carol", tcp)
	carol.await(`bob: the last\n`)
	carol.say("and you, alice?")
	server.await(`carol: and you, alice\?\n`)
	alice.types("here I am\r")
	server.await(`alice: here I am\n`)
	carol.await(`alice: here I am\n`)
	alice.thaw()
	alice.await(`carol: and you, alice\?\r\n`)
	alice.await(`alice: here I am\r\n`)
	alice.types("\x04")
	alice.exits(exit.OK)
	if shown := strings.Count(alice.output(), strings.Repeat("x", size)); shown == parts*lines {
		t.Error("all was shown: the terminal was never frozen")
	}
}

// Much at once is shown whole and in order.
func TestMuchAtOnce(t *testing.T) {
	server := start(t, "chat", "serve", "--tcp", "127.0.0.1:0", "--udp=", "--burst", "100000", "--rate", "100000")
	tcp := server.await(`listening on tcp (\S+)\n`)[1]
	alice := sit(t, winsize, "chat", "join", "--name", "alice", tcp)
	server.await(`alice joined`)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	var want strings.Builder
	for n := range 500 {
		line := fmt.Sprintf("line %d.", n)
		want.WriteString(line)
		bob.say(line)
	}
	alice.await(`line 499\.`)
	var got strings.Builder
	for _, m := range regexp.MustCompile(`bob: (line \d+\.)\r\n`).FindAllStringSubmatch(alice.output()+"\r\n", -1) {
		got.WriteString(m[1])
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("(-said +shown)\n%s", diff)
	}
}
