package docker

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// console is `docker attach` on a terminal, as a person has it.
type console struct {
	t        *testing.T
	host     string
	terminal *os.File
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the command has ended; then err is final
	err      error

	mu      sync.Mutex
	said    bytes.Buffer
	found   int           // up to where awaited texts were found
	changed chan struct{} // closed when more is said
}

// attach returns when what is typed reaches the container. What was said
// before is not shown again, the prompt included: like a person it presses
// Enter (at a server, which has no prompt, asks who is there) until it answers.
func attach(t *testing.T, host, container string) *console {
	t.Helper()
	c := &console{t: t, host: host, cmd: exec.Command("docker", "attach", container),
		ended: make(chan struct{}), changed: make(chan struct{})}
	var err error
	if c.terminal, err = pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read()
	}()
	go func() {
		c.err = c.cmd.Wait()
		<-read
		close(c.ended)
	}()
	question, answer := "", "("+host+") "
	if host == "server" {
		question, answer = "print", "people: "
	}
	eventually(t, 20*time.Second, "attach to "+host, func() []string {
		c.mu.Lock()
		defer c.mu.Unlock()
		if i := strings.Index(c.said.String(), answer); i >= 0 {
			c.found = i + len(answer)
			return nil
		}
		c.terminal.WriteString(question + "\r")
		return []string{"no " + answer + " in " + c.said.String()}
	})
	return c
}

func (c *console) read() {
	b := make([]byte, 4096)
	for {
		// EIO is the end: the other side of the terminal is closed, pty(7).
		n, err := c.terminal.Read(b)
		c.mu.Lock()
		c.said.Write(b[:n])
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// enter types a line.
func (c *console) enter(line string) {
	c.t.Helper()
	if _, err := c.terminal.WriteString(line + "\r"); err != nil {
		c.t.Fatalf("type %q at %s: %v", line, c.host, err)
	}
}

// await waits until text is shown, after what earlier calls have found.
func (c *console) await(text string) {
	c.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		said, changed := c.said.String()[c.found:], c.changed
		if i := strings.Index(said, text); i >= 0 {
			c.found += i + len(text)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		select {
		case <-changed:
		case <-c.ended:
			c.t.Fatalf("%s: ended (%v) before it showed %q; since the last it showed %q", c.host, c.err, text, said)
		case <-deadline:
			c.t.Fatalf("%s: awaited %q; since the last it showed %q", c.host, text, said)
		}
	}
}

// awaitEnd waits until docker attach has ended with a code, which is that of
// the container's program.
func (c *console) awaitEnd(code int) {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		c.t.Fatalf("%s: docker attach does not end; it shows %q", c.host, c.said.String())
	}
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](c.err); ok {
		got = exit.ExitCode()
	}
	if got != code {
		c.t.Errorf("%s: docker attach ended with %v, want exit code %d", c.host, c.err, code)
	}
}

// detach leaves the program running: Ctrl-P Ctrl-Q.
func (c *console) detach() {
	c.t.Helper()
	if _, err := c.terminal.WriteString("\x10\x11"); err != nil {
		c.t.Fatal(err)
	}
	c.awaitEnd(1) // which is how docker attach says that it was detached
}

// close ends docker attach, if it has not ended.
func (c *console) close() {
	c.cmd.Process.Kill()
	<-c.ended
	c.terminal.Close()
}
