package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wirelab/chat"
	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/require"
)

// asProgram makes the test binary be the program: the commands are tried as
// processes, with signals, exit codes and pipes.
const asProgram = "WIRELAB_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	os.Exit(cmdline.New(Part()).Run(context.Background(), os.Args[1:], os.Stderr))
}

const patience = 20 * time.Second

// program is a running wirelab.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser

	mu   sync.Mutex
	out  bytes.Buffer // both streams
	seen int          // bytes of out that await has passed
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func wirelabCommand(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", hostnames.OwnVariable+"=client1", "LC_ALL=C")
	t.Cleanup(func() {
		if cmd.ProcessState == nil && cmd.Process != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return cmd
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: wirelabCommand(t, args...)}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// await waits for a match beyond the last one.
func (p *program) await(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var out string
	var at []int
	require.Eventually(p.t, patience, func() bool {
		out = p.output()[p.seen:]
		at = re.FindStringIndex(out)
		return at != nil
	}, func() string { return fmt.Sprintf("%q of %v, got %q", pattern, p.cmd.Args[1:], out) })
	p.seen += at[1]
	return re.FindStringSubmatch(out)
}

func (p *program) say(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// exits waits for the end and checks the exit code.
func (p *program) exits(want int) {
	p.t.Helper()
	late := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		p.t.Errorf("%v: exit code %d, want %d; output %q", p.cmd.Args[1:], got, want, p.output())
	}
}

func startServer(t *testing.T) (p *program, tcp, udp string) {
	t.Helper()
	p = start(t, "chat", "serve", "--tcp", "127.0.0.1:0", "--udp", "127.0.0.1:0")
	m := p.await(`listening on tcp (\S+), udp (\S+)\n`)
	return p, m[1], m[2]
}

// What the server refuses is told once.
func TestRefusedOnce(t *testing.T) {
	server, tcp, udp := startServer(t)
	server.say("slow 60")
	server.await(`one line in 60 s`)
	for _, to := range [][]string{{tcp}, {"--udp", udp}} {
		p := start(t, append(append([]string{"chat", "send", "--name", "ci"}, to...), "hello")...)
		p.exits(exit.Failed)
		if said := p.output(); strings.Count(said, "not said") != 1 || !strings.Contains(said, `"hello": the server says: `) {
			t.Errorf("over %v: %q", to, said)
		}
	}
}

func TestConversation(t *testing.T) {
	server, tcp, udp := startServer(t)
	server.stdin.Close() // it may run without
	alice := start(t, "chat", "join", "--name", "alice", tcp)
	alice.await(`\* joined ` + tcp + ` as alice \(tcp\)\n`)
	bob := start(t, "chat", "join", "--udp", "--lang", "zh-TW", "--name", "小明", udp)
	bob.await(`\* 以 UDP 與 ` + udp + ` 交談，你的名稱是 小明 \(udp\)\n`)
	bob.say("大家好")
	alice.await(`\* 小明 joined\n小明: 大家好\n`)
	alice.say("hello")
	bob.await(`alice: hello\n`)

	client1 := start(t, "chat", "join", tcp)
	client1.await(`as client1 \(tcp\)\n`)
	bob.await(`\* client1 加入了聊天室\n`)
	client1.say("/quit")
	client1.exits(exit.OK)
	bob.await(`\* client1 離開了聊天室\n`)
	alice.await(`\* client1 left\n`)

	alice.stdin.Close()
	alice.exits(exit.OK)
	bob.await(`\* alice 離開了聊天室\n`)
	bob.cmd.Process.Signal(syscall.SIGTERM)
	bob.exits(exit.OK)
	if strings.Contains(alice.output(), "alice: hello") {
		t.Errorf("alice's own line was printed: %q", alice.output())
	}
	server.await(`alice: hello\n`)
	server.cmd.Process.Signal(syscall.SIGTERM)
	server.exits(exit.OK)
}

func TestConsole(t *testing.T) {
	server, tcp, _ := startServer(t)
	bob := start(t, "chat", "join", "--lang", "zh-TW", "--name", "bob", tcp)
	server.await(`\* bob joined \(tcp\)\n`)
	server.say("blueprint")
	bob.await(`server: blueprint\n`)
	server.say("print")
	server.await(`bob  tcp  127.0.0.1:\d+  since \S+  0 bytes queued\npeople: 1\n`)
	server.say("mute bob")
	server.await(`muted: bob, 127.0.0.1\n`)
	bob.say("can you hear me")
	bob.await(`你被禁言了`)
	server.say("unmute bob")
	server.await(`muted no longer: bob\n`)
	server.say("quiet bob")
	server.await(`may speak: bob\n`)
	server.say("unquiet")
	server.say("kick nobody")
	server.await(`nobody called "nobody" is here\n`)
	server.say("kick bob")
	bob.await(`\* 你被踢出聊天室了！\n`)
	bob.exits(exit.Failed)

	eve := start(t, "chat", "join", "--name", "eve", tcp)
	server.await(`\* eve joined`)
	server.say("ban eve spam")
	server.await(`banned: eve, 127.0.0.1  spam\n`)
	eve.await(`kicked out of the room \(banned: spam\)`)
	start(t, "chat", "join", "--wait", "50ms", tcp).exits(exit.Unable)
	server.say("print")
	server.await(`banned: eve, 127.0.0.1  spam\npeople: 0\n`)
	server.say("unban 127.0.0.1")
	server.await(`may come in again: 127.0.0.1\n`)

	alice := start(t, "chat", "join", "--name", "alice", tcp)
	server.await(`\* alice joined`)
	server.say("/quit")
	server.exits(exit.OK)
	alice.await(`\* server is closing\n`)
	alice.await(`the connection to ` + tcp + ` is lost\n`)
	alice.exits(exit.Failed)
}

func TestSend(t *testing.T) {
	server, tcp, udp := startServer(t)
	p := start(t, "chat", "send", "--name", "ci", tcp, "one", "two words")
	p.exits(exit.OK)
	for _, line := range []string{"* ci joined (tcp)", "ci: one", "ci: two words", "* ci left (closed)"} {
		server.await(regexp.QuoteMeta(line) + `\n`) // the log may stand between two
	}
	start(t, "chat", "send", "--udp", udp, "three").exits(exit.OK)
	server.await(`\* client1 joined \(udp\)\n`)
	server.await(`client1: three\n`)
}

// What is read from a pipe is heard before the client leaves, however long the limit
// makes that take; whoever gives up is told what was not heard.
func TestLeavingLosesNothing(t *testing.T) {
	t.Parallel()
	server := start(t, "chat", "serve", "--tcp", "127.0.0.1:0", "--udp=", "--burst", "1", "--rate", "5")
	tcp := server.await(`listening on tcp (\S+)\n`)[1]
	alice := start(t, "chat", "join", "--name", "alice", tcp)
	for n := range 30 {
		alice.say(strconv.Itoa(n))
	}
	alice.stdin.Close()
	alice.await(`leaving when \d+ more lines are heard`)
	alice.exits(exit.OK)
	server.await(`alice left`)
	for n := range 30 {
		if line := fmt.Sprintf("\nalice: %d\n", n); strings.Count(server.output(), line) != 1 {
			t.Errorf("%q was not heard once: %q", line, server.output())
		}
	}

	bob := start(t, "chat", "join", "--name", "bob", tcp)
	for n := range 1000 {
		bob.say(strconv.Itoa(n))
	}
	bob.stdin.Close()
	bob.await(`leaving when \d+ more lines are heard`)
	bob.cmd.Process.Signal(os.Interrupt)
	bob.exits(exit.Failed)
	bob.await(`not heard by the room: 998\n\* not heard by the room: 999\n`)
}

// A text is said anew although the room's history has it, commands are answered, and
// what is refused is told.
func TestSendIsHeard(t *testing.T) {
	t.Parallel()
	server, tcp, _ := startServer(t)
	for range 2 {
		start(t, "chat", "send", "--name", "ci", tcp, "green").exits(exit.OK)
		server.await(`\nci: green\n`)
	}
	p := start(t, "chat", "send", "--name", "ci", tcp, "/me waves", "/who")
	p.await(`\* ci is here.*\n\* 1 person\n`)
	p.exits(exit.OK)
	server.await(`\* ci waves\n`)
	for _, text := range []string{"/msg nobody hello", "/nonsense"} {
		p = start(t, "chat", "send", "--name", "ci", tcp, text)
		p.await(`the server says: `)
		p.exits(exit.Failed)
	}
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	p = start(t, "chat", "send", "--udp", free.LocalAddr().String(), "hello")
	p.await(`connection refused`)
	p.exits(exit.Failed)
}

func TestErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	busy := taken.Addr().String()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	free.Close()
	defer taken.Close()
	tests := []struct {
		args string
		code int
		want string
	}{
		{"chat join --wait 50ms " + closed, exit.Unable, "no chat at " + closed + ".*connection refused"},
		{"chat send --wait 50ms " + closed + " hi", exit.Unable, "no chat at"},
		{"chat join --wait 50ms " + busy, exit.Unable, "no chat at"},
		{"chat send --wait 50ms no-such-host.invalid hi", exit.Unable, "no chat at no-such-host.invalid:7000"},
		{"chat join a:b:c", exit.Usage, "want HOST or HOST:PORT"},
		{"chat join server:0", exit.Usage, "want HOST or HOST:PORT"},
		{"chat join --name a:b " + busy, exit.Usage, "cannot contain"},
		{"chat join --lang xx " + busy, exit.Usage, "not known"},
		{"chat send " + busy + " \x01", exit.Usage, "nothing to say"},
		{"chat serve --tcp= --udp=", exit.Usage, "nothing to listen on"},
		{"chat serve --tcp " + busy, exit.Unable, `address already in use\)\n.*--tcp`},
	}
	for _, tt := range tests {
		p := start(t, strings.Split(tt.args, " ")...)
		p.exits(tt.code)
		if !regexp.MustCompile(tt.want).MatchString(p.output()) {
			t.Errorf("%s: %q, want %q", tt.args, p.output(), tt.want)
		}
	}
}

func TestAddress(t *testing.T) {
	tests := []struct {
		in   string
		udp  bool
		host string
		port uint16
	}{
		{"server", false, "server", tcpPort},
		{"server", true, "server", udpPort},
		{"server:9", true, "server", 9},
		{"10.0.0.1", false, "10.0.0.1", tcpPort},
		{"::1", false, "::1", tcpPort},
		{"[::1]:9", false, "::1", 9},
	}
	for _, tt := range tests {
		host, port, err := (&clientFlags{udp: tt.udp}).address(tt.in)
		if err != nil || host != tt.host || port != tt.port {
			t.Errorf("%q: %s %d %v, want %s %d", tt.in, host, port, err, tt.host, tt.port)
		}
	}
}

func TestWordsAreSafe(t *testing.T) {
	got := plainLine(words{Lang: "en"}, chat.Line{Kind: chat.Say, Name: "al\x1bice", Text: "\x1b[2Jhi\u202e"}, "me")
	if want := "alice: [2Jhi"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The room outlives its screen, and ends politely when its terminal goes.
func TestServerWithoutScreen(t *testing.T) {
	// Where the tests run under nohup, a child would inherit that SIGHUP is ignored.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	cmd := wirelabCommand(t, "chat", "serve", "--tcp", "127.0.0.1:0", "--udp", "")
	screen, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := screen.Read(b)
	address, ok := strings.CutPrefix(strings.TrimSpace(string(b[:n])), "listening on tcp ")
	if !ok {
		t.Fatalf("the screen shows %q, %v", b[:n], err)
	}
	screen.Close()
	bob := start(t, "chat", "join", "--name", "bob", address)
	bob.await(`joined`)
	for range 3 {
		start(t, "chat", "send", "--name", "ci", address, "hello").exits(exit.OK)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	bob.await(`\* server is closing\n`)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGHUP: %v", err)
	}
}
