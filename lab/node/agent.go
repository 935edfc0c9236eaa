package node

import (
	"context"
	"io"
	"time"

	"wirelab/lab/agent"
)

// Agent answers a lab's questions about a host.
type Agent struct {
	markers  markSockets
	watch    *watch
	programs string // what their ids begin with
}

// OpenAgent opens all that an agent needs of the host in whose network namespace the
// calling thread is. Its markers leave by each of the named devices and name the host. At
// its end it ends the programs whose id begins with a prefix, unless that is empty.
func OpenAgent(devices []string, host, programs string) (*Agent, error) {
	markers, err := openMarkSockets(devices, host, true)
	if err != nil {
		return nil, err
	}
	w, err := openWatch()
	if err != nil {
		markers.Close()
		return nil, err
	}
	return &Agent{markers, w, programs}, nil
}

// Serve answers until in ends, and closes the agent. The thread need not be in the host's
// namespaces.
func (a *Agent) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	defer a.markers.Close()
	defer a.watch.Close()
	if a.programs != "" {
		defer endPrograms(a.programs)
	}
	return agent.Serve(ctx, in, out, hostAgent{a})
}

// hostAgent answers for a host.
type hostAgent struct{ *Agent }

var _ agent.Host = hostAgent{}

// Quiet implements agent.Host.
func (h hostAgent) Quiet(ctx context.Context, limit time.Duration) (string, error) {
	return h.watch.awaitQuiet(ctx, limit)
}

// Mark implements agent.Host: a marker leaves by each of the named devices, or by all.
func (h hostAgent) Mark(label string, devices ...string) error {
	return h.markers.Mark(label, devices...)
}

// Alive implements agent.Host.
func (hostAgent) Alive(id string, pid int) (bool, error) { return alive(id, pid) }

// Left implements agent.Host.
func (hostAgent) Left(id string) (bool, error) { return left(id) }
