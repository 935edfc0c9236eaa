package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"
)

// agent is `wirelab mark --stdin` on a host: it tells when the host's sockets
// are quiet and sends its markers. One stays per host, since starting a
// command costs more than asking one.
type agent struct {
	host    Host
	mu      sync.Mutex // one question at a time
	mark    *running
	answers *bufio.Reader
	pipe    *io.PipeReader
}

func startAgent(ctx context.Context, host Host) (*agent, error) {
	a := &agent{host: host}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a, a.start(ctx)
}

func (a *agent) start(ctx context.Context) error {
	pipe, stdout := io.Pipe()
	a.pipe, a.answers = pipe, bufio.NewReader(pipe)
	a.mark = begin(a.host, stdout, "mark", "--stdin", "--host", a.host.Name())
	go func(mark *running) {
		<-mark.done
		stdout.Close()
	}(a.mark)
	if answer, err := a.answer(ctx); err != nil || answer != "ready" {
		a.close()
		return fmt.Errorf("%s did not start (%q): %w", a.mark.name(), answer, err)
	}
	return nil
}

// answer reads one line, or gives up when ctx ends.
func (a *agent) answer(ctx context.Context) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := a.answers.ReadString('\n')
		read <- result{line, err}
	}()
	select {
	case r := <-read:
		if r.err != nil {
			return "", a.mark.ending()
		}
		return r.line[:len(r.line)-1], nil
	case <-ctx.Done():
		a.pipe.CloseWithError(ctx.Err())
		<-read
		return "", fmt.Errorf("%s does not answer: %w", a.mark.name(), ctx.Err())
	}
}

// ask puts a question and returns the answer. An agent that has ended is
// started again.
func (a *agent) ask(ctx context.Context, question string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mark.ended() {
		if err := a.start(ctx); err != nil {
			return "", err
		}
	}
	if err := a.mark.say(ctx, question); err != nil {
		return "", err
	}
	return a.answer(ctx)
}

func (a *agent) close() {
	a.pipe.Close()
	a.mark.stop()
}
