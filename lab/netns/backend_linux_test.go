package netns

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/lab"
)

// up brings up the default lab without the wirelab program: these tests run
// the machine's own programs.
func up(t *testing.T) lab.Network {
	t.Helper()
	if err := (Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, Name, err)
	}
	n, err := Backend{}.up(t.Context(), lab.DefaultTopology, "/nonexistent/wirelab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// sh runs a shell script on a host.
func sh(t *testing.T, h lab.Host, script string) (stdout string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	code, err := h.Exec(ctx, lab.Cmd{Args: []string{"/bin/sh", "-c", script}, Stdout: &out, Stderr: &errs})
	if err != nil {
		t.Fatalf("%s: %v; stderr: %s", script, err, &errs)
	}
	if errs.Len() > 0 {
		t.Logf("%s: stderr: %s", script, &errs)
	}
	return out.String(), code
}

func TestHosts(t *testing.T) {
	n := up(t)
	seen := map[string]bool{}
	for i, name := range lab.DefaultTopology.Hosts {
		h := n.Host(name)
		prefix, mac := h.Addr()
		if want := lab.Address(subnet, i); prefix.Addr() != want {
			t.Errorf("%s has %v, want %v", name, prefix, want)
		}
		if seen[mac.String()] {
			t.Errorf("%s: the address %v is another host's too", name, mac)
		}
		seen[mac.String()] = true
		if out, _ := sh(t, h, "cat /proc/sys/kernel/hostname"); strings.TrimSpace(out) != name {
			t.Errorf("%s: its host name is %q", name, out)
		}
		// Names resolve for programs that are not ours.
		for j, other := range lab.DefaultTopology.Hosts {
			out, code := sh(t, h, "getent ahostsv4 "+other)
			if want := lab.Address(subnet, j).String(); code != 0 || !strings.HasPrefix(out, want+" ") {
				t.Errorf("%s: getent %s: %q, exit code %d, want %s", name, other, out, code, want)
			}
		}
	}
	if n.Host("nobody") != nil {
		t.Error("a host that the topology has not")
	}
}

func TestMachineKeepsItsNames(t *testing.T) {
	before, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	up(t)
	after, err := os.ReadFile("/etc/hosts")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the machine's /etc/hosts changed: %v\n%s", err, after)
	}
}

func TestExec(t *testing.T) {
	h := up(t).Host("client1")
	for _, test := range []struct {
		script, want string
		code         int
	}{
		{"echo hello", "hello\n", 0},
		{"exit 7", "", 7},
		{"kill -9 $$", "", 137},
		{"cat", "", 0}, // no input is an empty one
		{"echo $WIRELAB_HOST $WIRELAB_HOSTS", "client1 client1=10.77.0.10,server=10.77.0.11,client2=10.77.0.12,sniffer=10.77.0.13\n", 0},
	} {
		if out, code := sh(t, h, test.script); out != test.want || code != test.code {
			t.Errorf("%s: %q, exit code %d; want %q, %d", test.script, out, code, test.want, test.code)
		}
	}
	if _, err := h.Exec(t.Context(), lab.Cmd{Args: []string{"/nonexistent/program"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that does not exist: %v", err)
	}
}

func TestExecInput(t *testing.T) {
	h := up(t).Host("client1")
	in, stdin := io.Pipe()
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() {
		_, err := h.Exec(t.Context(), lab.Cmd{Args: []string{"/bin/cat"}, Stdin: in, Stdout: &out})
		done <- err
	}()
	io.WriteString(stdin, "你好\n")
	stdin.Close() // the end of the input ends cat
	if err := <-done; err != nil || out.String() != "你好\n" {
		t.Errorf("cat: %q, %v", &out, err)
	}
}

func TestExecEndsWithContext(t *testing.T) {
	h := up(t).Host("client1")
	ctx, cancel := context.WithCancel(t.Context())
	pidRead, pidWrite := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := h.Exec(ctx, lab.Cmd{Args: []string{"/bin/sh", "-c", "echo ready; sleep 1000"}, Stdout: pidWrite})
		done <- err
	}()
	if _, err := io.ReadFull(pidRead, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("after the context ended: %v", err)
	}
	// Its whole process group is gone: nothing else in the PID namespace sleeps.
	deadline := time.Now().Add(5 * time.Second)
	for {
		out, _ := sh(t, h, `for p in /proc/[0-9]*; do if [ "$(readlink $p/ns/net)" = "$(readlink /proc/self/ns/net)" ]; then tr '\0' ' ' <$p/cmdline; echo; fi; done 2>/dev/null | grep "^sleep 1000"`)
		if out == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still there: %s", out)
		}
	}
}

// The lab process is PID 1 of its namespace: it waits for orphans, or they
// would stay as zombies as long as the lab is up.
func TestOrphansAreWaitedFor(t *testing.T) {
	h := up(t).Host("client1")
	for range 10 {
		sh(t, h, "(sleep 0.01 &); exit 0")
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		// Zombies that have an id in a PID namespace below the one of /proc.
		out, _ := sh(t, h, `grep -l "^State:.*Z" /proc/[0-9]*/status 2>/dev/null | xargs -r awk '/^Name|^NSpid/ && ($1 == "Name:" || NF > 2)' 2>/dev/null | grep -B1 NSpid`)
		if out == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("zombies: %s", out)
		}
	}
}

// A lab whose context ends while it comes up, or after, ends too.
func TestContextEndsLab(t *testing.T) {
	if err := (Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, Name, err)
	}
	for _, before := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		if before {
			cancel()
		}
		n, err := Backend{}.up(ctx, lab.DefaultTopology, "/nonexistent/wirelab")
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		select {
		case <-n.ended:
		case <-time.After(10 * time.Second):
			t.Error("the lab outlives its context")
		}
		n.Close()
	}
}

func TestCloseTwice(t *testing.T) {
	n := up(t)
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := n.Host("client1").Exec(t.Context(), lab.Cmd{Args: []string{"/bin/true"}}); err == nil {
		t.Error("a command runs on a lab that is closed")
	}
}
