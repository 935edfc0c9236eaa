package web

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wirelab/internal/require"
)

// shownText is what a program has shown so far.
type shownText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *shownText) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *shownText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// The course note's own client.py, a phone and a terminal are in one room.
func TestClientPy(t *testing.T) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run the note's client.py with")
	}
	note, err := os.ReadFile("../server/testdata/client.py")
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, setUp{})
	host, port, _ := net.SplitHostPort(h.address)
	file := filepath.Join(t.TempDir(), "client.py")
	if err := os.WriteFile(file, []byte(strings.NewReplacer("192.168.1.109", host, "PORT = 7000", "PORT = "+port).Replace(string(note))), 0o600); err != nil {
		t.Fatal(err)
	}
	nc := newTerminal(t, h, "nc")
	a := newPhone(t, h).join(joining{Name: "小明"})
	in := a.listen()
	in.untilEvent("ready")

	py, shown := exec.Command(interpreter, "-u", file), &shownText{}
	py.Env = append(os.Environ(), "TERM=xterm", "PYTHONUTF8=1")
	py.Stdout, py.Stderr = shown, shown
	keys, err := py.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := py.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		keys.Close()
		py.Process.Kill()
		py.Wait()
	})
	io.WriteString(keys, "note\n")
	in.untilLine("* note joined")
	io.WriteString(keys, "大家好\n")
	in.untilLine("note: 大家好")
	nc.until("note: 大家好")
	a.say("from the phone")
	nc.say("from nc")
	require.Eventually(t, patience, func() bool {
		return strings.Contains(shown.String(), "from the phone") && strings.Contains(shown.String(), "from nc")
	}, func() string { return "client.py to show both texts, it shows " + shown.String() })
}
