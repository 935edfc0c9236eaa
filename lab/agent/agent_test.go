package agent

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// fake is a host that answers what a test wishes.
type fake struct {
	busy   string
	alive  bool
	err    error
	marked []string
	hang   chan struct{} // Quiet returns when it is closed
}

func (f *fake) Quiet(context.Context, time.Duration) (string, error) {
	if f.hang != nil {
		<-f.hang
	}
	return f.busy, f.err
}

func (f *fake) Mark(label string, devices ...string) error {
	f.marked = append(f.marked, strings.Join(append([]string{label}, devices...), " "))
	return f.err
}

func (f *fake) Alive(string, int) (bool, error) { return f.alive, f.err }

func (f *fake) Left(string) (bool, error) { return f.alive, f.err }

// connect runs an agent whose client is returned.
func connect(t *testing.T, host Host) *Client {
	t.Helper()
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		Serve(context.Background(), questions, answers, host)
		answers.Close()
	}()
	c := NewClient(in, out, func(err error) {
		out.CloseWithError(err)
		in.CloseWithError(err)
	})
	t.Cleanup(func() {
		in.Close()
		out.Close()
		<-done
	})
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestQuestions(t *testing.T) {
	host := &fake{busy: "tcp 10.77.0.10:7000 unread=5\x1b[2J", alive: true}
	c := connect(t, host)
	if what, err := c.Quiet(t.Context(), time.Second); err != nil || !strings.HasPrefix(what, "tcp 10.77.0.10:7000 unread=5") || strings.Contains(what, "\x1b") {
		t.Errorf("quiet: %q, %v; want what is busy, safe to print", what, err)
	}
	host.busy = ""
	if what, err := c.Quiet(t.Context(), 0); err != nil || what != "" {
		t.Errorf("quiet: %q, %v; want quiet", what, err)
	}
	if err := c.Mark(t.Context(), "cold"); err != nil || len(host.marked) != 1 || host.marked[0] != "cold" {
		t.Errorf("mark: %v, marked %q", err, host.marked)
	}
	if err := c.Mark(t.Context(), "learn", "eth0", "eth2"); err != nil || len(host.marked) != 2 || host.marked[1] != "learn eth0 eth2" {
		t.Errorf("mark by two devices: %v, marked %q", err, host.marked)
	}
	for _, want := range []bool{true, false} {
		host.alive = want
		if got, err := c.Alive(t.Context(), "client1-1", 7); err != nil || got != want {
			t.Errorf("alive: %v, %v; want %v", got, err, want)
		}
	}
	for _, want := range []bool{true, false} {
		host.alive = want
		if got, err := c.Left(t.Context(), "client1-1"); err != nil || got != want {
			t.Errorf("left: %v, %v; want %v", got, err, want)
		}
	}
	host.err = errors.New("no such device")
	for name, ask := range map[string]func() error{
		"quiet": func() error { _, err := c.Quiet(t.Context(), 0); return err },
		"mark":  func() error { return c.Mark(t.Context(), "cold") },
		"alive": func() error { _, err := c.Alive(t.Context(), "x", 0); return err },
		"left":  func() error { _, err := c.Left(t.Context(), "x"); return err },
	} {
		if err := ask(); err == nil || !strings.Contains(err.Error(), "no such device") {
			t.Errorf("%s: error %v, want the host's", name, err)
		}
	}
}

// Whatever is asked is answered by one line.
func TestAnswers(t *testing.T) {
	for question, want := range map[string]string{
		"":             `error question ""`,
		"dance":        `error question "dance"`,
		"quiet":        `error duration ""`,
		"quiet soon":   `error duration "soon"`,
		"quiet -1s":    `error duration "-1s"`,
		"quiet 0s":     "quiet",
		"alive a-1 7":  "gone",
		"left a-1":     "gone",
		"alive a-1":    `error process ""`,
		"mark a b":     "marked a",
		"dance\x1b[2J": "error question",
	} {
		if got := answer(t.Context(), question, &fake{}); !strings.HasPrefix(got, want) || strings.ContainsAny(got, "\x1b\n") {
			t.Errorf("%q is answered %q, want %q in one safe line", question, got, want)
		}
	}
}

// An agent that does not answer in time is given up, for good: its answer would
// be taken for that to the next question.
func TestNoAnswer(t *testing.T) {
	host := &fake{hang: make(chan struct{})}
	c := connect(t, host)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := c.Quiet(ctx, time.Second)
		asked <- err
	}()
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
	close(host.hang)
	if err := c.Mark(t.Context(), "cold"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the agent is given up", err)
	}
}

func TestAgentEnds(t *testing.T) {
	questions, in := io.Pipe()
	go io.Copy(io.Discard, questions)
	out, answers := io.Pipe()
	c := NewClient(in, out, func(error) {})
	answers.Close()
	if err := c.Ready(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want the end", err)
	}
}
