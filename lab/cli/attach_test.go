//go:build linux

package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/lab/report"
)

// attachedRun runs experiments in a lab that is up and returns the document.
func attachedRun(t *testing.T, program, where string, experiments ...string) (report.Result, string, int) {
	t.Helper()
	stdout, stderr, code := command(t, program, append([]string{"run", "--attach", where, "-o", t.TempDir(), "--json"}, experiments...)...)
	var result report.Result
	if err := json.Unmarshal([]byte(stdout), &result); err != nil {
		t.Fatalf("exit code %d: %v\n%s%s", code, err, stdout, stderr)
	}
	return result, stdout, code
}

// member is a chat client that a person started in a lab, and stays.
type member struct {
	cmd   *exec.Cmd
	stdin io.Writer
	out   *os.File
	lines *bufio.Scanner
}

// say types a line.
func (m *member) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(m.stdin, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// await reads until a line has a text.
func (m *member) await(t *testing.T, text string) {
	t.Helper()
	m.out.SetReadDeadline(time.Now().Add(20 * time.Second))
	for m.lines.Scan() {
		if strings.Contains(m.lines.Text(), text) {
			return
		}
	}
	t.Fatalf("awaited %q: %v", text, m.lines.Err())
}

// join returns when the host's client has joined the room.
func join(t *testing.T, program, name, host string) *member {
	t.Helper()
	m := &member{cmd: exec.Command(program, "exec", "--lab", name, host, "--", "chat", "join", "server")}
	var err error
	if m.stdin, err = m.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.out, m.lines = out.(*os.File), bufio.NewScanner(out)
	m.cmd.Stderr = os.Stderr
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.cmd.Process.Kill()
		m.cmd.Wait()
	})
	m.await(t, "joined")
	return m
}

// Experiments run in the lab that wirelab up holds, in which somebody chats;
// after it the lab is up, and people still chat.
func TestRunInAHeldLab(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, up := hold(t, program)
	where := "lab:" + name
	client1, client2 := join(t, program, name, "client1"), join(t, program, name, "client2")
	client2.say(t, "anybody here?")
	client1.await(t, "client2: anybody here?")

	result, document, code := attachedRun(t, program, where, "ping", "hub-and-switch")
	if code != 0 || result.Backend != "netns" {
		t.Errorf("exit code %d, backend %q:\n%s", code, result.Backend, document)
	}
	// A second time, when everything is in the caches.
	if _, document, code := attachedRun(t, program, where, "ping"); code != 0 {
		t.Errorf("again: exit code %d:\n%s", code, document)
	}
	// The lab's own server has the port.
	if result, document, code := attachedRun(t, program, where, "tcp-chat"); code != 4 || !strings.Contains(result.Experiments[0].Reason, "run it without --attach") {
		t.Errorf("tcp-chat: exit code %d:\n%s", code, document)
	}

	client1.say(t, "still here")
	client2.await(t, "client1: still here")
	if _, stderr, code := command(t, program, "down", "--lab", name); code != 0 {
		t.Errorf("down: exit code %d, %q", code, stderr)
	}
	if code := ended(t, up); code != 0 {
		t.Errorf("up ended with exit code %d after down", code)
	}
}

// A host that the experiment's topology lacks is known as one of the lab, and
// what it sends meanwhile is not judged; a switch learns its port, too.
func TestRunBesideOtherHosts(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program)
	ping := exec.Command(program, "exec", "--lab", name, "client2", "--", "ping", "-i", "0.01", "sniffer")
	if err := ping.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ping.Process.Kill()
		ping.Wait()
	})
	file := filepath.Join(t.TempDir(), "mine.txtar")
	if err := os.WriteFile(file, []byte(`topology client1 server sniffer
fresh client1
run client1 ping -c 1 server
settle hub
mode switch
run client1 ping -c 1 server
settle switch
expect mine.pair in hub trace arp,icmp
expect mine.hidden in switch trace arp,icmp hidden
-- mine.pair --
client1 > *       who-has server
server  > client1 is-at server
client1 > server  echo-request seq=1
server  > client1 echo-reply   seq=1
-- mine.hidden --
`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, document, code := attachedRun(t, program, "lab:"+name, file); code != 0 {
		t.Errorf("exit code %d:\n%s", code, document)
	}
}

// In a lab without a chat server of its own every experiment runs as in one
// that is brought up for it.
func TestRunWithoutChat(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program, "--no-chat")
	if _, document, code := attachedRun(t, program, "lab:"+name); code != 0 {
		t.Errorf("exit code %d:\n%s", code, document)
	}
}

// kill -9 of a run leaves nothing of it in the lab, and the next one runs.
func TestKilledAttachedRun(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program, "--no-chat")
	file := filepath.Join(t.TempDir(), "long.txtar")
	if err := os.WriteFile(file, []byte(`topology client1 server sniffer
mode switch
start client1 ping -i 0.05 server
await client1 seq=3
run server ping -c 1000 client1
settle one
expect long.one in one trace icmp hidden
-- long.one --
`), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "run", "--attach", "lab:"+name, "-o", t.TempDir(), "--json-stream", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitLine(t, out, `"step":"run server ping`)
	cmd.Process.Signal(syscall.SIGKILL)
	cmd.Wait()
	const look = `for p in /proc/[0-9]*; do if [ "$(readlink $p/ns/net)" = "$(readlink /proc/self/ns/net)" ]; then tr '\0' ' ' <$p/cmdline; echo; fi; done 2>/dev/null`
	var left []string
	require.Eventually(t, vanish, func() bool {
		left = nil
		for _, host := range []string{"client1", "server", "sniffer"} {
			stdout, _, _ := command(t, program, "exec", "--lab", name, host, "--", "/bin/sh", "-c", look)
			for line := range strings.Lines(stdout) {
				if strings.HasPrefix(line, program+" ") {
					left = append(left, host+": "+line)
				}
			}
		}
		return len(left) == 0
	}, func() string { return fmt.Sprintf("nothing left after the run was killed, there is %q", left) })
	if _, document, code := attachedRun(t, program, "lab:"+name, "hub-and-switch"); code != 0 {
		t.Errorf("exit code %d:\n%s", code, document)
	}
}

func TestAttachErrors(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"--attach", "nonsense"}, 2, "write lab or lab:NAME"},
		{[]string{"--attach", "lab:"}, 2, "no name behind the colon"},
		{[]string{"--attach", "lab:No Such"}, 2, "lab name"},
		{[]string{"--attach", "lab", "--backend", "netns"}, 2, "--attach and --backend exclude each other"},
		{[]string{"--json", "--json-stream"}, 2, "--json and --json-stream exclude each other"},
		{[]string{"--attach", "lab:nothing-" + runID()}, 3, "no lab nothing-"},
	} {
		stdout, stderr, code := command(t, program, append([]string{"run", "-o", t.TempDir(), "ping"}, test.args...)...)
		if code != test.code || !strings.Contains(stderr, test.stderr) || stdout != "" {
			t.Errorf("run %q: exit code %d, stdout %q, stderr %q; want %d, %q", test.args, code, stdout, stderr, test.code, test.stderr)
		}
	}
}
