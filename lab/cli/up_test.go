//go:build linux

package cli

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hold starts `wirelab up` and returns its name and process.
func hold(t *testing.T, program string, flags ...string) (name string, up *exec.Cmd) {
	t.Helper()
	name = "test-" + runID()
	up = exec.Command(program, append([]string{"up", "--lab", name}, flags...)...)
	out, err := up.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	up.Stderr = os.Stderr
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		up.Process.Kill()
		up.Wait()
	})
	last := "listening"
	if slices.ContainsFunc(flags, func(f string) bool { return f == "--no-chat" || strings.HasSuffix(f, ".txtar") }) {
		last = "ends the lab"
	}
	awaitLine(t, out, last)
	return name, up
}

// ended waits until a process has ended and returns its exit code.
func ended(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	done := make(chan struct{})
	go func() {
		cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
		return cmd.ProcessState.ExitCode()
	case <-time.After(10 * time.Second):
		t.Fatalf("%v does not end", cmd.Args)
		return 0
	}
}

func TestInteractiveLab(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, up := hold(t, program)

	for _, test := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{[]string{"client1", "--", "ping", "-c", "1", "server"}, 0, "1 received", ""},
		{[]string{"client1", "ping", "-c", "1", "-W", "0.2", "10.77.0.99"}, 1, "100% packet loss", ""},
		{[]string{"client2", "--", "/bin/sh", "-c", "hostname 2>/dev/null || cat /proc/sys/kernel/hostname; exit 7"}, 7, "client2", ""},
		{[]string{"client2", "--", "chat", "send", "server", "hello"}, 0, "", ""},
		{[]string{"nobody", "--", "ping", "server"}, 2, "", `no host "nobody" in the lab`},
		{[]string{"clinet1", "--", "ping", "server"}, 2, "", "did you mean client1?"},
		{[]string{"client1", "--", "/nonexistent"}, 3, "", "/nonexistent"},
		{nil, 2, "", "exec needs HOST"},
	} {
		stdout, stderr, code := command(t, program, append([]string{"exec", "--lab", name}, test.args...)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("exec %q: exit code %d, stdout %q, stderr %q; want %d, %q, %q", test.args, code, stdout, stderr, test.code, test.stdout, test.stderr)
		}
	}

	if _, stderr, code := command(t, program, "up", "--lab", name); code != 3 || !strings.Contains(stderr, "is up already") {
		t.Errorf("a second lab of the name: exit code %d, %q", code, stderr)
	}
	if _, stderr, code := command(t, program, "exec", "--lab", "other-"+name, "client1", "--", "ping", "server"); code != 3 || !strings.Contains(stderr, name) {
		t.Errorf("a lab that is not up: exit code %d, %q; want those that are", code, stderr)
	}
	if _, stderr, code := command(t, program, "down", "--lab", name); code != 0 {
		t.Errorf("down: exit code %d, %q", code, stderr)
	}
	if code := ended(t, up); code != 0 {
		t.Errorf("up ended with exit code %d after down", code)
	}
	if _, _, code := command(t, program, "down", "--lab", name); code != 3 {
		t.Errorf("down of a lab that is not up: exit code %d", code)
	}
}

// The topology of an experiment is held, with its segments and its router.
func TestUpOfAnExperiment(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	path := filepath.Join(t.TempDir(), "routed.txtar")
	if err := os.WriteFile(path, []byte(`segment lan client gateway
segment dmz gateway server
host gateway router
run client ping -c 1 server
settle pinged
expect routed.dmz in pinged on dmz trace icmp
-- routed.dmz --
client > server echo-request seq=1
server > client echo-reply   seq=1
`), 0o644); err != nil {
		t.Fatal(err)
	}
	flat := filepath.Join(filepath.Dir(path), "flat.txtar")
	if err := os.WriteFile(flat, []byte("topology client server sniffer\nrun client ping -c 1 server\nsettle p\nexpect flat.x in p trace icmp\n-- flat.x --\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	name, _ := hold(t, program, path)
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"exec", "--lab", name, "client", "--", "ping", "-c", "1", "server"}, 0, "ttl=63", ""},
		{[]string{"exec", "--lab", name, "server", "--", "ping", "-c", "1", "gateway"}, 0, "gateway (10.77.1.11)", ""},
		{[]string{"exec", "--lab", name, "server", "--", "/bin/sh", "-c", "getent ahostsv4 gateway | head -n 1"}, 0, "10.77.1.11 ", ""},
		{[]string{"ls"}, 0, "gateway  dmz  10.77.1.11  02:00:00:01:00:0b", ""},
		{[]string{"mode", "--lab", name, "dmz", "switch"}, 0, "dmz  the segment is a switch", ""},
		{[]string{"ls"}, 0, "lan: a hub, dmz: a switch", ""},
		{[]string{"mode", "--lab", name, "dnz", "switch"}, 2, "", "did you mean dmz?"},
		{[]string{"mode", "--lab", name, "hub"}, 0, "lan  the segment is a hub", ""},
		{[]string{"exec", "--lab", name, "sniffer", "--", "mark", "here"}, 0, "", ""},
		{[]string{"mark", "--lab", name, "everywhere"}, 0, "", ""},
		{[]string{"run", "--attach", "lab:" + name, "-o", t.TempDir(), path}, 0, "✓ pass routed.dmz", ""},
		{[]string{"run", "-o", t.TempDir(), path}, 0, " up " + path, ""},
		{[]string{"run", "--attach", "lab:" + name, "-o", t.TempDir(), "ping"}, 3, "", "the lab has no host client1"},
		{[]string{"run", "--attach", "lab:" + name, "-o", t.TempDir(), flat}, 3, "", "server is on dmz in this lab, and on lan in the experiment"},
		{[]string{"up", "--lab", "x" + name, "--hosts", "2", path}, 2, "", "leave out --hosts"},
		{[]string{"up", "--lab", "x" + name, "--hosts", "1000"}, 2, "", "want 1 to"},
	} {
		stdout, stderr, code := command(t, program, test.args...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q; want %d, %q, %q", test.args, code, stdout, stderr, test.code, test.stdout, test.stderr)
		}
	}
}

// The page beside the lab of an experiment offers that experiment, too.
func TestUpOffersItsExperiment(t *testing.T) {
	requireBackend(t, "netns")
	path := filepath.Join(t.TempDir(), "mine.txtar")
	if err := os.WriteFile(path, []byte("topology client server sniffer\nrun client ping -c 1 server\nsettle p\nexpect mine.x in p trace icmp\n-- mine.x --\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	up := exec.Command(wirelab(t), "up", "--lab", "test-"+runID(), "--web=127.0.0.1:0", path)
	out, err := up.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.AfterFunc(20*time.Second, func() { up.Process.Kill() })
	t.Cleanup(func() {
		deadline.Stop()
		up.Process.Kill()
		up.Wait()
	})
	link := ""
	for lines := bufio.NewScanner(out); link == "" && lines.Scan(); {
		link = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`).FindString(lines.Text())
	}
	answer, err := http.Get(link + "api/state")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	state, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{`"mine"`, `"ping"`} {
		if !bytes.Contains(state, []byte(name)) {
			t.Errorf("the page does not offer %s: %s", name, state)
		}
	}
}

// As many clients as one wants, and the chat.
func TestUpWithManyClients(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program, "--hosts", "30")
	if _, stderr, code := command(t, program, "exec", "--lab", name, "client30", "--", "chat", "send", "server", "hello"); code != 0 {
		t.Errorf("chat from client30: exit code %d, %s", code, stderr)
	}
}

func TestInterruptEndsUp(t *testing.T) {
	requireBackend(t, "netns")
	_, up := hold(t, wirelab(t))
	up.Process.Signal(os.Interrupt)
	if code := ended(t, up); code != 0 {
		t.Errorf("up ended with exit code %d after Ctrl-C", code)
	}
}

// On a terminal the command gets one, of the same size, and Ctrl-C is its own.
func TestExecOnATerminal(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program)
	cmd := exec.Command(program, "exec", "--lab", name, "client1", "--", "/bin/sh", "-c", "stty size; trap 'echo caught; exit 5' INT; echo waiting; while :; do sleep 1; done")
	terminal := startOnTerminal(t, cmd, 33, 97)
	defer terminal.Close()
	var seen bytes.Buffer
	read := func(until string) {
		t.Helper()
		terminal.SetReadDeadline(time.Now().Add(10 * time.Second))
		for b := make([]byte, 1024); !strings.Contains(seen.String(), until); {
			n, err := terminal.Read(b)
			seen.Write(b[:n])
			if err != nil {
				t.Fatalf("awaited %q: %v; seen %q", until, err, seen.String())
			}
		}
	}
	read("waiting")
	if !strings.Contains(seen.String(), "33 97") {
		t.Errorf("the size of the terminal: %q, want 33 97", seen.String())
	}
	io.WriteString(terminal, "\x03") // Ctrl-C
	read("caught")
	go io.Copy(io.Discard, terminal)
	if code := ended(t, cmd); code != 5 {
		t.Errorf("exit code %d, want 5", code)
	}
}

// A client that is killed takes its command with it.
func TestKilledClient(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program)
	cmd := exec.Command(program, "exec", "--lab", name, "client1", "--", "/bin/sh", "-c", "echo started; exec sleep 1234")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitLine(t, out, "started")
	cmd.Process.Signal(syscall.SIGKILL)
	cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		stdout, _, _ := command(t, program, "exec", "--lab", name, "client1", "--", "/bin/sh", "-c",
			`for p in /proc/[0-9]*; do if [ "$(readlink $p/ns/net)" = "$(readlink /proc/self/ns/net)" ]; then tr '\0' ' ' <$p/cmdline; echo; fi; done 2>/dev/null`)
		if !strings.Contains(stdout, "sleep 1234 ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after its client was killed: %s", stdout)
		}
	}
}
