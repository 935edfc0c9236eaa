package client

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wirelab/internal/require"
)

// serverPy is the course note's server.py.
//
//go:embed testdata/server.py
var serverPy string

// screen is what a program prints.
type screen struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes.String()
}

// The course note's own server is recognized, and does not keep who cannot talk to it.
func TestNoteServer(t *testing.T) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run the note's server.py with")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	file := filepath.Join(t.TempDir(), "server.py")
	program := strings.Replace(serverPy, "PORT = 7000", "PORT = "+strconv.Itoa(port), 1)
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	var out screen
	cmd := exec.Command(interpreter, "-u", file)
	cmd.Env = append(os.Environ(), "TERM=xterm", "PYTHONUTF8=1", "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &out, &out
	console, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	await := func(want string) {
		t.Helper()
		require.Eventually(t, patience, func() bool { return strings.Contains(out.String(), want) },
			func() string { return fmt.Sprintf("%q, got %q", want, out.String()) })
	}
	await("等待其他人加入聊天室")

	s := Start(t.Context(), Config{Host: "127.0.0.1", Port: uint16(port), Name: "alice", Wait: 500 * time.Millisecond})
	for e := range s.Events() {
		t.Errorf("event %+v", e)
	}
	if !errors.Is(s.Err(), ErrNoteServer) {
		t.Errorf("ended by %v, want ErrNoteServer", s.Err())
	}
	await("離開了聊天室")
	io.WriteString(console, "print\n")
	await("[]\n[]\n") // its lists of connections and of names
}
