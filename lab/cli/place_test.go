//go:build linux

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"wirelab/internal/require"
)

// screen is a program on a terminal.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	seen bytes.Buffer // since the last await
}

// sit starts wirelab on a terminal of its own.
func sit(t *testing.T, cmd *exec.Cmd) *screen {
	t.Helper()
	cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=1", "WIRELAB_LANG=en", "TMPDIR="+t.TempDir())
	tty := startOnTerminal(t, cmd, 40, 100)
	t.Cleanup(func() {
		cmd.Process.Kill()
		tty.Close()
		cmd.Wait()
	})
	return &screen{t: t, cmd: cmd, tty: tty}
}

// startOnTerminal starts a program on a terminal of its own and returns the person's side,
// which obeys deadlines: pty.Start leaves a file that does not.
func startOnTerminal(t *testing.T, cmd *exec.Cmd, rows, cols uint16) *os.File {
	t.Helper()
	blocking, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: cols})
	if err != nil {
		t.Fatal(err)
	}
	defer blocking.Close()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), blocking.Name())
}

// await reads until the screen has shown what a pattern says.
func (s *screen) await(pattern string) {
	s.t.Helper()
	wanted := regexp.MustCompile(pattern)
	s.tty.SetReadDeadline(time.Now().Add(20 * time.Second))
	for b := make([]byte, 4096); ; {
		if at := wanted.FindIndex(s.seen.Bytes()); at != nil {
			s.seen.Next(at[1])
			return
		}
		n, err := s.tty.Read(b)
		s.seen.Write(b[:n])
		if err != nil {
			s.t.Fatalf("awaited %q: %v; seen %q", pattern, err, s.seen.String())
		}
	}
}

func (s *screen) types(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.tty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// ends reads to the end and returns the exit code.
func (s *screen) ends() int {
	s.t.Helper()
	go io.Copy(io.Discard, s.tty)
	return ended(s.t, s.cmd)
}

// The terminal of up is the chat server's console, and each way to leave it ends
// the lab and leaves nothing.
func TestUpOnATerminal(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	for name, test := range map[string]struct {
		leave func(*screen)
		code  int
	}{
		"Ctrl-C":              {func(s *screen) { s.types("\x03") }, 0},
		"Ctrl-D":              {func(s *screen) { s.types("\x04") }, 0},
		"/quit":               {func(s *screen) { s.types("/quit\r") }, 0},
		"SIGTERM":             {func(s *screen) { s.cmd.Process.Signal(syscall.SIGTERM) }, 0},
		"terminal closed":     {func(s *screen) { s.tty.Close() }, -1},
		"kill -9 of the lab":  {func(s *screen) { s.cmd.Process.Signal(syscall.SIGKILL) }, -1},
		"typed behind it all": {func(s *screen) { s.types("\x03echo lost\recho half") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			id := runID()
			own := filepath.Join(t.TempDir(), id)
			if err := copyFile(own, program); err != nil {
				t.Fatal(err)
			}
			s := sit(t, exec.Command(own, "up", "--lab", "test-"+id))
			s.await(`client1  10\.77\.0\.10  02:00:00:00:00:0a ──┐`)
			s.await(`server   10\.77\.0\.11 .* ──┼── one segment`)
			s.await(`/` + id + ` exec --lab test-` + id + ` client1 -- chat join server`)
			s.await(`listening on tcp :7000`)
			s.types("hello\r")
			s.await(`server: hello`)
			// The terminal's other end, to see what is left to read when up has gone.
			path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", s.cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			terminal, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			test.leave(s)
			if code := s.ends(); code != test.code && test.code >= 0 {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if test.code == 0 {
				waiting, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCINQ)
				if err != nil || waiting > 0 {
					t.Errorf("%d typed bytes are left for the shell, %v", waiting, err)
				}
			}
			require.Eventually(t, vanish, func() bool { return len(processesOf(id)) == 0 },
				func() string { return fmt.Sprintf("nothing left, there is %q", processesOf(id)) })
		})
	}
}

// Without a chat server, too, what is typed stays here.
func TestUpWithoutChatOnATerminal(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	for _, key := range []string{"\x03", "\x04"} {
		s := sit(t, exec.Command(program, "up", "--no-chat", "--lab", "test-"+runID()))
		s.await(`No chat server`)
		s.types(key)
		s.await(`has ended`)
		if code := s.ends(); code != 0 {
			t.Errorf("%q: exit code %d", key, code)
		}
	}
}

// A shell on a host shows where it is, and says once who one is there.
func TestShellOnAHost(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program)
	s := sit(t, exec.Command(program, "exec", "--lab", name, "client2"))
	s.await(`A shell on client2`)
	s.await(`Type wirelab ping server`)
	s.await(`client2[^#]*# `)
	s.types("wirelab ping -c 1 server\r")
	s.await(`1 received`)
	for _, command := range []string{"ls", "down --lab " + name} {
		s.types("wirelab " + command + "\r")
		s.await(`this is client2, a host of a lab`)
	}
	s.types("exit 3\r")
	if code := s.ends(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

func TestExecPrograms(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program, "--no-chat")
	mine := filepath.Join(t.TempDir(), "my-program")
	if err := os.WriteFile(mine, []byte("#!/bin/sh\necho mine on $WIRELAB_HOST $1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(mine)+":"+os.Getenv("PATH"))
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"client1", "--", "my-program", "a"}, 0, "mine on client1 a\n", ""},
		{[]string{"client1", "cat", "/proc/sys/kernel/hostname"}, 0, "client1\n", ""},
		{[]string{"client1", "--", "ping", "--help"}, 0, "Send one ICMP echo request", ""}, // ours, where both exist
		{[]string{"client1", "--", "wirelab", "ping", "-c", "1", "server"}, 0, "1 received", ""},
		{[]string{"client1", "--", "my-progam"}, 3, "", "did you mean my-program?"},
		{[]string{"client1", "--", "snif"}, 3, "", "did you mean sniff?"},
		{[]string{"--all", "--", "my-program"}, 0, "client1  mine on client1\nserver   mine on server\nclient2  mine on client2\nsniffer  mine on sniffer\n", ""},
		{[]string{"--all", "/bin/sh", "-c", "printf half; echo oops >&2; test $WIRELAB_HOST != server || exit 5"}, 5, "server   half\n", "sniffer  oops\n"},
		{[]string{"client1", "ping"}, 2, "", "wirelab: wirelab ping needs HOST"}, // by the name that a shell there knows
		{[]string{"--all"}, 2, "", "exec"},
	} {
		stdout, stderr, code := command(t, program, append([]string{"exec", "--lab", name}, test.args...)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("exec %q: exit code %d, stdout %q, stderr %q; want %d, %q, %q", test.args, code, stdout, stderr, test.code, test.stdout, test.stderr)
		}
	}
}

// ls, mode and mark say and do what the wire shows.
func TestLabsFromOutside(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program, "--no-chat")
	find := func() listedLab {
		t.Helper()
		stdout, stderr, code := command(t, program, "ls", "--json")
		var doc struct{ Labs []listedLab }
		if err := json.Unmarshal([]byte(stdout), &doc); err != nil || code != 0 {
			t.Fatalf("exit code %d, %v: %s%s", code, err, stdout, stderr)
		}
		for _, l := range doc.Labs {
			if l.Name == name {
				return l
			}
		}
		t.Fatalf("%q is not in %s", name, stdout)
		return listedLab{}
	}
	l := find()
	if l.Mode != "hub" || len(l.Hosts) != 4 || l.Hosts[0].Name != "client1" || l.Hosts[0].Ports[0].MAC != "02:00:00:00:00:0a" || l.Hosts[0].Ports[0].Addresses[0].String() != "10.77.0.10/24" {
		t.Errorf("%+v", l)
	}
	if stdout, _, _ := command(t, program, "ls", "--lang", "zh-TW"); !strings.Contains(stdout, name+"  集線器，啟動時間") || !strings.Contains(stdout, "  sniffer  10.77.0.13  02:00:00:00:00:0d\n") {
		t.Errorf("ls: %s", stdout)
	}
	if _, stderr, code := command(t, program, "mode", "--lab", name, "swich"); code != 2 || !strings.Contains(stderr, "did you mean switch?") {
		t.Errorf("mode swich: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := command(t, program, "mode", "--lab", name, "switch"); code != 0 || find().Mode != "switch" {
		t.Errorf("mode switch: exit code %d, %s; the lab is a %s", code, stderr, find().Mode)
	}

	sniff := exec.Command(program, "exec", "--lab", name, "sniffer", "--", "sniff", "-c", "4", "udp", "port", "9")
	said, err := sniff.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var frames bytes.Buffer
	sniff.Stdout = &frames
	if err := sniff.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sniff.Process.Kill(); sniff.Wait() })
	awaitLine(t, said, "capturing on")
	for _, test := range []struct {
		label  string
		code   int
		stdout string
		stderr string
	}{{"Cold", 2, "", "lower-case"}, {"cold", 0, "barrier cold: 4 hosts have sent their markers\n", ""}} {
		if stdout, stderr, code := command(t, program, "mark", "--lab", name, test.label); code != test.code || stdout != test.stdout || !strings.Contains(stderr, test.stderr) {
			t.Errorf("mark %s: exit code %d, %s%s; want %d, %q, %q", test.label, code, stdout, stderr, test.code, test.stdout, test.stderr)
		}
	}
	if code := ended(t, sniff); code != 0 {
		t.Errorf("sniff: exit code %d", code)
	}
	for _, host := range []string{"client1", "server", "client2", "sniffer"} {
		if !regexp.MustCompile(host + `:\d+ > 10\.77\.0\.255:9`).Match(frames.Bytes()) {
			t.Errorf("no marker of %s in\n%s", host, frames.String())
		}
	}
	if _, stderr, code := command(t, program, "mark", "--lab", "none-"+runID(), "cold"); code != 3 || !strings.Contains(stderr, "mark --interface INTERFACE cold") {
		t.Errorf("mark without a lab: exit code %d, %s", code, stderr)
	}
	if stdout, stderr, code := command(t, program, "exec", "--lab", name, "client1", "--", "mark", "warm"); code != 0 || stdout != "marker warm of client1: sent on eth0\n" {
		t.Errorf("mark on a host: exit code %d, %s%s", code, stdout, stderr)
	}
}

// tshark is fed as Wireshark is, and shows the hosts' names.
func TestWireshark(t *testing.T) {
	requireBackend(t, "netns")
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", err)
	}
	program := wirelab(t)
	name, _ := hold(t, program, "--no-chat")
	s := sit(t, exec.Command(program, "wireshark", "--lab", name, "--program", tshark, "client1", "--", "-l", "-c", "4"))
	s.await(`Capture started|Capturing on`)
	pinged := make(chan struct{})
	ping := exec.Command(program, "exec", "--lab", name, "client1", "--", "ping", "-i", "0.05", "server")
	if err := ping.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { ping.Wait(); close(pinged) }()
	t.Cleanup(func() { ping.Process.Kill(); <-pinged })
	s.await(`client1 . server`)
	s.await(`server . client1`)
	if code := s.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	// With tshark its sniffer has ended.
	require.Eventually(t, vanish, func() bool {
		stdout, _, _ := command(t, program, "exec", "--lab", name, "client1", "--", "/bin/sh", "-c", `cat /proc/[0-9]*/cmdline | tr '\0' ' '`)
		return !strings.Contains(stdout, "sniff -i eth0 -w -")
	}, func() string { return "the sniffer of tshark to end" })

	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"--program", "no-such-shark"}, 3, "no program no-such-shark"},
		{[]string{"--program", tshark, "client3"}, 2, "did you mean client1?"},
		{[]string{"--program", tshark, "client1", "client2"}, 2, "one argument too many"},
	} {
		if _, stderr, code := command(t, program, append([]string{"wireshark", "--lab", name}, test.args...)...); code != test.code || !strings.Contains(stderr, test.stderr) {
			t.Errorf("wireshark %q: exit code %d, %s; want %d, %q", test.args, code, stderr, test.code, test.stderr)
		}
	}
}

// The four panes are there, each on its host; the end of the console, and of the
// process that holds the lab, is the end of all.
func TestPanes(t *testing.T) {
	requireBackend(t, "netns")
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		require.Missing(t, "tmux", err)
	}
	program := wirelab(t)
	for name, leave := range map[string]func(s *screen, tmux func(...string) string){
		"console": func(_ *screen, tmux func(...string) string) {
			tmux("send-keys", "-t", "wirelab:.{bottom-right}", "/quit", "Enter")
		},
		"detach":  func(_ *screen, tmux func(...string) string) { tmux("detach-client") },
		"kill -9": func(s *screen, _ func(...string) string) { s.cmd.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			id := runID()
			own := filepath.Join(t.TempDir(), id)
			if err := copyFile(own, program); err != nil {
				t.Fatal(err)
			}
			s := sit(t, exec.Command(own, "up", "--tmux", "--lab", "test-"+id))
			drained := make(chan struct{})
			go func() { io.Copy(io.Discard, s.tty); close(drained) }()
			t.Cleanup(func() { s.cmd.Process.Kill(); <-drained })
			var folder string
			for _, v := range s.cmd.Env {
				if dir, ok := strings.CutPrefix(v, "TMPDIR="); ok {
					folder = dir
				}
			}
			sockets := func() []string {
				found, _ := filepath.Glob(filepath.Join(folder, "wirelab-tmux-*", "socket"))
				return found
			}
			require.Eventually(t, vanish, func() bool { return len(sockets()) == 1 }, func() string { return "tmux's socket" })
			socket := sockets()[0]
			ask := func(args ...string) string {
				out, _ := exec.Command(tmux, append([]string{"-S", socket}, args...)...).CombinedOutput()
				return string(out)
			}
			for pane, want := range map[string]string{
				"{top-left}": "client1:", "{top-right}": "client2:", "{bottom-left}": "capturing on eth0", "{bottom-right}": "listening on tcp",
			} {
				see := func() string { return ask("capture-pane", "-p", "-t", "wirelab:."+pane) }
				require.Eventually(t, vanish, func() bool { return strings.Contains(see(), want) },
					func() string { return fmt.Sprintf("%q in the pane %s, there is %q", want, pane, see()) })
			}
			leave(s, ask)
			ended(t, s.cmd)
			require.Eventually(t, vanish, func() bool { return len(processesOf(id)) == 0 },
				func() string { return fmt.Sprintf("nothing left, there is %q", processesOf(id)) })
			require.Eventually(t, vanish, func() bool {
				_, err := os.Stat(filepath.Dir(socket))
				return errors.Is(err, fs.ErrNotExist)
			}, func() string { return "tmux's folder gone" })
		})
	}
	// Without tmux it is said what to do.
	t.Setenv("PATH", t.TempDir())
	s := sit(t, exec.Command(program, "up", "--tmux"))
	s.await(`tmux is not installed: sudo apt-get install tmux`)
	if code := s.ends(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

// A lab that ends leaves the files of its captures complete, those of terminals too.
func TestDownCompletesCaptures(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	name, _ := hold(t, program, "--no-chat")
	file := filepath.Join(t.TempDir(), "mine.pcapng")
	s := sit(t, exec.Command(program, "exec", "--lab", name, "sniffer", "--", "sniff", "-w", file))
	s.await(`capturing on`)
	if _, stderr, code := command(t, program, "down", "--lab", name); code != 0 {
		t.Errorf("down: exit code %d, %s", code, stderr)
	}
	s.await(`dropped by the kernel`)
	if code := s.ends(); code != 0 {
		t.Errorf("sniff: exit code %d", code)
	}
	if _, stderr, code := command(t, program, "sniff", "-r", file); code != 0 || !strings.Contains(stderr, "dropped by the kernel") {
		t.Errorf("the file has no statistics: exit code %d, %s", code, stderr)
	}
}
