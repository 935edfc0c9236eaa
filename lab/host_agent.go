package lab

import (
	"context"
	"errors"
	"fmt"
	"io"

	"wirelab/lab/agent"
)

// hostAgent is the agent of one host while it runs.
type hostAgent struct {
	host   string
	mark   *program
	client *agent.Client
	out    *io.PipeReader
}

// startAgent starts the agent of a host. The ids of the lab's programs begin
// with the prefix.
func startAgent(ctx context.Context, host Host, prefix string) (*hostAgent, error) {
	out, stdout := io.Pipe()
	p, err := start(ctx, host, stdout, nil, "mark", "--stdin", "--host", host.Name(), "--programs", prefix)
	if err != nil {
		return nil, err
	}
	go func() {
		<-p.done
		stdout.Close()
	}()
	a := &hostAgent{host: host.Name(), mark: p, out: out}
	a.client = agent.NewClient(p.stdin, out, func(err error) {
		out.CloseWithError(err)
		p.stdin.CloseWithError(err)
	})
	if err := a.client.Ready(ctx); err != nil {
		err = a.explain(err)
		a.close()
		return nil, err
	}
	return a, nil
}

// explain says on which host something went wrong, and why, if the agent has
// ended.
func (a *hostAgent) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && a.mark.ended():
		return a.mark.ending()
	}
	return fmt.Errorf("%s: %w", a.host, err)
}

func (a *hostAgent) close() {
	a.out.Close()
	a.mark.stop()
}
