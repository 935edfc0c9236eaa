package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"wirelab/internal/i18n"
)

// Client is the lab's end of one host's agent. It may be used by several
// goroutines; questions are put one after the other.
type Client struct {
	mu      sync.Mutex
	in      io.Writer
	answers *bufio.Reader
	cut     func(error) // ends a read of the answers
	broken  error       // after a question that was not answered in time
}

// NewClient speaks to an agent through its standard input and output. Cut ends
// a blocked read of out or write to in with an error; it is called when a
// context ends before the agent has answered, and the client is of no use after
// that.
func NewClient(in io.Writer, out io.Reader, cut func(error)) *Client {
	return &Client{in: in, answers: bufio.NewReader(out), cut: cut}
}

// Ready waits for the agent to begin.
func (c *Client) Ready(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	line, err := c.exchange(ctx, "")
	return want(line, err, ready)
}

// Mark sends a marker from the host on each of its segments, or by the named devices.
func (c *Client) Mark(ctx context.Context, label string, devices ...string) error {
	line, err := c.ask(ctx, strings.Join(append([]string{mark, label}, devices...), " "))
	return want(line, err, marked+" "+label)
}

// Quiet waits until nothing is under way on any socket of the host, and returns
// what still is past the limit, "" for nothing.
func (c *Client) Quiet(ctx context.Context, limit time.Duration) (what string, err error) {
	line, err := c.ask(ctx, quiet+" "+limit.String())
	if what, isBusy := strings.CutPrefix(line, busy+" "); err == nil && isBusy {
		return what, nil
	}
	return "", want(line, err, quiet)
}

// Alive reports whether the program that was started with an id still runs. Its
// number is 0 where it is not known.
func (c *Client) Alive(ctx context.Context, id string, pid int) (bool, error) {
	return c.runs(ctx, fmt.Sprintf("%s %s %d", alive, id, pid), alive)
}

// Left reports whether a program that was started with an id has left anything
// running, or runs itself.
func (c *Client) Left(ctx context.Context, id string) (bool, error) {
	return c.runs(ctx, left+" "+id, left)
}

// runs asks whether something runs, which is answered with a word or with gone.
func (c *Client) runs(ctx context.Context, question, word string) (bool, error) {
	line, err := c.ask(ctx, question)
	if err == nil && line == gone {
		return false, nil
	}
	return err == nil && line == word, want(line, err, word)
}

func want(line string, err error, expected string) error {
	if err == nil && line != expected {
		err = fmt.Errorf("the agent answers %q", line)
	}
	return err
}

func (c *Client) ask(ctx context.Context, question string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exchange(ctx, question+"\n")
}

// exchange writes a question, if any, and reads a line.
func (c *Client) exchange(ctx context.Context, question string) (string, error) {
	if c.broken != nil {
		return "", c.broken
	}
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		if question != "" {
			if _, err := io.WriteString(c.in, question); err != nil {
				done <- result{err: err}
				return
			}
		}
		line, err := c.answers.ReadString('\n')
		done <- result{strings.TrimSuffix(line, "\n"), err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		c.broken = i18n.Errmsg("lab.agent.silent", "Cause", ctx.Err())
		c.cut(c.broken)
		<-done
		return "", c.broken
	}
}
