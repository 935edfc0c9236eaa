package lab

import (
	"context"
	"errors"
	"fmt"
	"io"

	"wirelab/internal/i18n"
	"wirelab/lab/agent"
)

// hostAgent is the agent of one host while it runs.
type hostAgent struct {
	host   string
	mark   *program // the command that it is; nil where the backend answers itself
	client *agent.Client
	in     io.Closer
	out    io.Closer
}

// startAgent starts the agent of a host. The ids of the lab's programs begin
// with the prefix.
func startAgent(ctx context.Context, host Host, prefix string) (*hostAgent, error) {
	a, err := newAgent(ctx, host, prefix)
	if err != nil {
		return nil, err
	}
	if err := a.client.Ready(ctx); err != nil {
		err = a.explain(err)
		a.close()
		return nil, err
	}
	return a, nil
}

func newAgent(ctx context.Context, host Host, prefix string) (*hostAgent, error) {
	if h, ok := host.(AgentHost); ok {
		in, out, err := h.StartAgent(ctx, prefix)
		if err != nil {
			return nil, i18n.Errmsg("lab.agent.unstarted", "Host", host.Name(), "Cause", err)
		}
		a := &hostAgent{host: host.Name(), in: in, out: out}
		a.client = agent.NewClient(in, out, func(error) { a.close() })
		return a, nil
	}
	out, stdout := io.Pipe()
	p, err := start(ctx, host, stdout, nil, "mark", "--stdin", "--host", host.Name(), "--programs", prefix)
	if err != nil {
		return nil, err
	}
	go func() {
		<-p.done
		stdout.Close()
	}()
	a := &hostAgent{host: host.Name(), mark: p, in: p.stdin, out: out}
	a.client = agent.NewClient(p.stdin, out, func(err error) {
		out.CloseWithError(err)
		p.stdin.CloseWithError(err)
	})
	return a, nil
}

// explain says on which host something went wrong, and why, if the agent has
// ended.
func (a *hostAgent) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && a.mark != nil && a.mark.ended():
		return a.mark.ending()
	}
	return fmt.Errorf("%s: %w", a.host, err)
}

func (a *hostAgent) close() {
	a.out.Close()
	a.in.Close()
	if a.mark != nil {
		a.mark.stop()
	}
}
