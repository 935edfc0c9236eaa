//go:build unix

package server

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"

	"wirelab/internal/require"
)

// clientPy is the course note's program as it stands there.
//
//go:embed testdata/client.py
var clientPy string

// python is client.py at a terminal.
type python struct {
	t   *testing.T
	tty *os.File
	cmd *exec.Cmd

	mu     sync.Mutex
	screen bytes.Buffer
}

// startPython runs client.py, in which only HOST and PORT are others.
func startPython(t *testing.T, to net.Addr, name string) *python {
	t.Helper()
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run the note's client.py with")
	}
	host, port, _ := net.SplitHostPort(to.String())
	program := strings.NewReplacer("192.168.1.109", host, "PORT = 7000", "PORT = "+port).Replace(clientPy)
	file := filepath.Join(t.TempDir(), "client.py")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &python{t: t, cmd: exec.Command(interpreter, file)}
	p.cmd.Env = append(os.Environ(), "TERM=xterm", "PYTHONUTF8=1", "LC_ALL=C.UTF-8")
	if p.tty, err = pty.Start(p.cmd); err != nil {
		t.Fatal(err)
	}
	shown := make(chan struct{})
	go func() { defer close(shown); io.Copy(p, p.tty) }() // ends with EIO when the program does
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.tty.Close()
		<-shown
	})
	p.await("請輸入你的名稱")
	p.enter(name)
	return p
}

func (p *python) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.Write(b)
}

func (p *python) enter(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.tty, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// await waits until the terminal shows want. A tab is a tab there, too.
func (p *python) await(want string) {
	p.t.Helper()
	screen := ""
	require.Eventually(p.t, patience, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		screen = p.screen.String()
		return strings.Contains(screen, want)
	}, func() string { return fmt.Sprintf("%q, the terminal shows %q", want, screen) })
}

func TestRealClientPy(t *testing.T) {
	t.Parallel()
	s := &Server{}
	serve(t, s)
	own := joinTCP(t, s, "own")
	alice := startPython(t, s.TCP.Addr(), "alice")
	await(t, own, "* alice joined")
	ming := startPython(t, s.TCP.Addr(), "小明")
	await(t, own, "* 小明 joined")
	alice.await("---- 小明加入了聊天室 ----")

	alice.enter("hello from python")
	await(t, own, "alice: hello from python")
	ming.await("alice\t: hello from python")
	ming.enter("你好，大家")
	await(t, own, "小明: 你好，大家")
	alice.await("小明\t: 你好，大家")
	say(t, own, "do not kick alice, do not exit alice")
	alice.await("do not kick\u00a0alice, do not exit\u00a0alice")
	s.Room.Say("伺服器說")
	alice.await("server\t: 伺服器說")
	ming.await("server\t: 伺服器說")
	// Several lines in one message, and several messages. More than 4096 bytes that
	// wait for a slow client.py would kill it: recv cuts a rune there.
	for range 12 {
		say(t, own, strings.Repeat("字", 100))
	}
	say(t, own, "last of many")
	ming.await("own\t: last of many")

	ming.enter("exit")
	await(t, own, "* 小明 left")
	ming.await("你離開了聊天室!")
	if _, err := s.Room.Kick("alice"); err != nil {
		t.Fatal(err)
	}
	alice.await("你被踢出聊天室了!")
	await(t, own, "* alice was kicked")
}
