package netns

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"wirelab/lab"
)

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
		{"echo $WIRELAB_HOST $WIRELAB_HOSTS", "client1 client1=10.77.0.10,client2=10.77.0.12,server=10.77.0.11,sniffer=10.77.0.13\n", 0},
	} {
		if out, code := sh(t, h, test.script); out != test.want || code != test.code {
			t.Errorf("%s: %q, exit code %d; want %q, %d", test.script, out, code, test.want, test.code)
		}
	}
}

// What cannot be started is an error of Start and no exit code.
func TestStartFails(t *testing.T) {
	h := up(t).Host("client1")
	for path, want := range map[string]error{"/nonexistent/program": os.ErrNotExist, "/etc/passwd": os.ErrPermission, "/etc": os.ErrPermission} {
		if _, err := h.Start(t.Context(), lab.Cmd{Args: []string{path}}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if _, err := h.Start(t.Context(), lab.Cmd{}); err == nil {
		t.Error("no command was started")
	}
}

func TestExecInput(t *testing.T) {
	h := up(t).Host("client1")
	in, stdin := io.Pipe()
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() {
		_, err := execute(t.Context(), h, lab.Cmd{Args: []string{"/bin/cat"}, Stdin: in, Stdout: &out})
		done <- err
	}()
	io.WriteString(stdin, "你好\n")
	stdin.Close() // the end of the input ends cat
	if err := <-done; err != nil || out.String() != "你好\n" {
		t.Errorf("cat: %q, %v", &out, err)
	}
}

// A Wait that ends early ends nothing; Kill ends the whole process group.
func TestKill(t *testing.T) {
	h := up(t).Host("client1")
	pidRead, pidWrite := io.Pipe()
	p, err := h.Start(t.Context(), lab.Cmd{Args: []string{"/bin/sh", "-c", "echo ready; sleep 1000"}, Stdout: pidWrite})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(pidRead, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait whose context has ended: %v", err)
	}
	for range 2 {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if code, err := p.Wait(t.Context()); code != 137 || err != nil {
			t.Errorf("after Kill: exit code %d, %v; want 137", code, err)
		}
	}
	if err := p.Kill(); err != nil {
		t.Errorf("Kill after the end: %v", err)
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
