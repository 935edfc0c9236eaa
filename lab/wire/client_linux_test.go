package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/i18n"
	"wirelab/lab"
)

// served is a client of a process that has made no wire yet.
func served(t *testing.T) *Client {
	t.Helper()
	in, questions := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Serve(in, out, filepath.Join(t.TempDir(), "socket"))
		out.Close()
		ended <- err
	}()
	t.Cleanup(func() {
		questions.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return NewClient(questions, answers)
}

// Nothing is answered before there is a wire, and a refusal is no end.
func TestServeRefuses(t *testing.T) {
	c := served(t)
	for name, ask := range map[string]func() error{
		"mode":     func() error { return c.SetMode(t.Context(), "lan", lab.Hub) },
		"learnt":   func() error { return c.AwaitLearnt(t.Context(), "lan") },
		"mend":     func() error { return c.Mend(t.Context(), "") },
		"faults":   func() error { _, err := c.Faults(t.Context(), 0); return err },
		"segments": func() error { _, err := c.Segments(t.Context()); return err },
	} {
		if err := ask(); err == nil || !strings.Contains(err.Error(), "no wire is made") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A topology that is none is refused in people's words before anything is made.
	err := c.Make(t.Context(), lab.Topology{Hosts: []string{"a"}})
	if told, ok := errors.AsType[*i18n.Error](err); !ok || told.Code != "lab.host.sniffer" {
		t.Errorf("a lab without sniffer: %v", err)
	}
}

// What is no question is refused as well, and a line without an end is not kept.
func TestServeGarbage(t *testing.T) {
	var out strings.Builder
	if err := Serve(strings.NewReader("no json\n{\"op\":\"reboot\"}\n[]\n"), &out, "unused"); err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), `"error"`); n != 3 {
		t.Errorf("%d of 3 questions are refused: %s", n, out.String())
	}
	if err := Serve(strings.NewReader(strings.Repeat("x", maxLine+1)), io.Discard, "unused"); !errors.Is(err, bufio.ErrTooLong) {
		t.Errorf("an endless line: %v", err)
	}
}

// A caller who waits no more leaves the answer to nobody: the next one gets its own.
func TestClientLeaves(t *testing.T) {
	in, questions := io.Pipe()
	answers, out := io.Pipe()
	c := NewClient(questions, answers)
	asked := bufio.NewScanner(in)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- c.SetMode(ctx, "lan", lab.Hub) }()
	if !asked.Scan() {
		t.Fatal(asked.Err())
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	late, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := c.Mend(late, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another question is under way: %v", err)
	}
	second := make(chan error, 1)
	go func() { _, err := c.Faults(t.Context(), 0); second <- err }()
	fmt.Fprintln(out, `{"error":"the first"}`)
	if !asked.Scan() || !strings.Contains(asked.Text(), `"faults"`) {
		t.Fatalf("%q (%v)", asked.Text(), asked.Err())
	}
	fmt.Fprintln(out, `{"error":"the second","errno":1}`)
	if err := <-second; err == nil || err.Error() != "the second" || !errors.Is(err, syscall.EPERM) {
		t.Errorf("error %v, want the second answer", err)
	}
	// A process that has ended says why.
	out.CloseWithError(errors.New("out of memory"))
	go io.Copy(io.Discard, in)
	if err := c.Mend(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("error %v", err)
	}
}

// Who has no time any more asks nothing: the process would wait a minute for what nobody
// waits for, and every other question behind it.
func TestClientWithoutTime(t *testing.T) {
	var asked strings.Builder
	c := NewClient(&asked, strings.NewReader(""))
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for range 50 {
		if err := c.AwaitLearnt(ctx, "lan"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	}
	if err := c.AwaitLearnt(t.Context(), "lan"); err == nil { // the turn is nobody's: nothing is under way
		t.Error("an answer of nobody")
	}
	if n := strings.Count(asked.String(), "\n"); n != 1 {
		t.Errorf("%d questions are put, want the last alone", n)
	}
}
