package docker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
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
	found   int           // up to where awaited texts were found, colours not counted
	changed chan struct{} // closed when more is said
}

// attach attaches to the console of a host whose client has joined under its name.
func attach(t *testing.T, host, container string) *console {
	t.Helper()
	return attachTo(t, host, container, "("+host+") ")
}

// attachTo returns when the container's program has seen that someone is there,
// upon which it shows its last screenful and its prompt.
func attachTo(t *testing.T, host, container, prompt string) *console {
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
	c.await(prompt)
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
	c.press(line + "\r")
}

// press types what keys send.
func (c *console) press(keys string) {
	c.t.Helper()
	if _, err := c.terminal.WriteString(keys); err != nil {
		c.t.Fatalf("type %q at %s: %v", keys, c.host, err)
	}
}

// colors are within the lines that are shown, and not what is awaited.
var colors = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// await waits until text is shown, after what earlier calls have found.
func (c *console) await(text string) {
	c.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		said, changed := colors.ReplaceAllString(c.said.String(), "")[c.found:], c.changed
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
	c.press("\x10\x11")
	c.awaitEnd(1) // which is how docker attach says that it was detached
}

// close ends docker attach, if it has not ended.
func (c *console) close() {
	c.cmd.Process.Kill()
	<-c.ended
	c.terminal.Close()
}

// chatAttached chats the way a person does who is attached to one container
// after the other.
func (p *project) chatAttached() {
	t := p.t
	t.Helper()
	desk := func(host string) *console {
		if old := p.consoles[host]; old != nil {
			old.close()
		}
		p.consoles[host] = attach(t, host, p.container(host))
		return p.consoles[host]
	}
	server, client1, client2 := desk("server"), desk("client1"), desk("client2")

	client1.press("你好嗎")
	client1.await("(client1) 你好嗎")
	client1.press("\x7f") // backspace
	client1.await("(client1) 你好\x1b[K")
	client1.enter("")
	client2.await("client1: 你好\r\n")
	server.await("client1: 你好\r\n")

	// Who comes back finds what was said, and the line that was begun.
	client1.press("half a line")
	client1.await("(client1) half a line")
	client1.detach()
	for _, mode := range []string{"\x1b[?", "\x1b="} { // it would stay with the terminal
		if said := client1.said.String(); strings.Contains(said, mode) {
			t.Errorf("client1 has set a mode, %q, in %q", mode, said)
		}
	}
	client2.enter("早安")
	server.await("client2: 早安\r\n")
	client1 = desk("client1")
	// The last screenful. On a busy machine the two changes of size by which
	// Docker attaches are far apart, and the line is drawn for the first, too.
	eventually(t, 20*time.Second, "what client1 shows after attaching again", func() (missing []string) {
		client1.mu.Lock()
		defer client1.mu.Unlock()
		shown := client1.said.String()
		for _, want := range []string{"你好\r\n", "早安\r\n"} {
			if !strings.Contains(shown, want) {
				missing = append(missing, fmt.Sprintf("no %q in %q", want, shown))
			}
		}
		return missing
	})
	client1.await("half a line")
	client1.press("\x03") // Ctrl-C clears the line and does not end the program
	client1.await("/quit or Ctrl-D leaves the room")
	client1.enter("still here")
	client2.await("client1: still here\r\n")

	server.enter("kick client1")
	client1.await("* you were kicked out of the room")
	client1.await("your name (Enter: client1): ")
	client2.await("* client1 was kicked\r\n")
	client1.enter("")
	client1.await("* joined server:7000 as client1 (tcp)")
	client2.enter("/quit")
	client2.await("* you left the room")
	client2.await("your name (Enter: client2): ")
	server.await("* client2 left")
	client2.detach()
	client2 = attachTo(t, "client2", p.container("client2"), "your name (Enter: client2): ")
	p.consoles["client2"] = client2
	client2.enter("小明")
	// The status line: where several come and go at once, the list of who joined is folded.
	client1.await("2 here: client1, 小明")
	server.detach()
	if state := p.docker("inspect", "-f", "{{.State.Status}}", p.container("server")); state != "running" {
		t.Errorf("the server is %s after its console was detached", state)
	}
}
