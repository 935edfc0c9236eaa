package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// server is a kind of chat server.
type server struct {
	name    string
	command func(port string, clients int) *exec.Cmd
	hello   func(i int) string
	numbers bool // lines are numbered, and a sender hears itself
	// oneByOne says that many who join at once are too many for it: but for the
	// row that measures joining they come one after the other.
	oneByOne bool
	// nagle says that it leaves Nagle's algorithm on, and would wait for what
	// clients that only listen acknowledge 40 ms later: they do so at once.
	nagle bool
}

// ours has its history, its logs and its limits on; the limits are raised.
func ours(program string) server {
	return server{"wirelab", func(port string, clients int) *exec.Cmd {
		return exec.Command(program, "chat", "serve", "--tcp", "127.0.0.1:"+port, "--udp", "",
			"--burst", "1000000", "--rate", "1000000", "--per-address", strconv.Itoa(clients+10))
	}, func(i int) string { return fmt.Sprintf("CHAT/1 user%d\n", i) }, true, false, false}
}

func ncat() server {
	return server{"ncat", func(port string, clients int) *exec.Cmd {
		return exec.Command("ncat", "-l", "--chat", "-m", strconv.Itoa(clients+10), "127.0.0.1", port)
	}, func(int) string { return "" }, false, true, true}
}

// process is a server that runs.
type process struct {
	cmd  *exec.Cmd
	addr string
	dir  string
}

func (s server) start(clients int) (*process, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := free.Addr().String()
	free.Close()
	dir, err := os.MkdirTemp("", "bench-chat-")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	_, port, _ := net.SplitHostPort(addr)
	p := &process{s.command(port, clients), addr, dir}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if p.listens(port) {
			return p, nil
		}
		if time.Now().After(end) {
			p.stop()
			return nil, fmt.Errorf("%v does not listen", p.cmd.Args)
		}
	}
}

// listens looks for the socket without making a connection, which the server
// would count.
func (p *process) listens(port string) bool {
	n, _ := strconv.Atoi(port)
	b, err := os.ReadFile("/proc/net/tcp")
	return err == nil && bytes.Contains(b, fmt.Appendf(nil, ":%04X 00000000:0000 0A", n))
}

func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
	os.RemoveAll(p.dir)
}

// cpu is what the server has used, in all its threads.
func (p *process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // proc_pid_stat(5): from the state on
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / 100 // USER_HZ
}

// rss is the server's resident memory, in MB.
func (p *process) rss() float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}

// cuts counts the clients that the server says it has cut.
func (p *process) cuts() int {
	b, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return bytes.Count(b, []byte(`msg=cut `))
}
