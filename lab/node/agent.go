package node

import (
	"context"
	"io"
	"time"

	"wirelab/lab/agent"
)

// ServeAgent answers a lab's questions about the host in whose network
// namespace the calling thread is, until in ends. Its markers leave by each of the
// named devices and name the host. At its end it ends the programs whose id begins
// with a prefix, unless that is empty.
func ServeAgent(ctx context.Context, in io.Reader, out io.Writer, devices []string, host, programs string) error {
	s, err := openMarkSockets(devices, host, true)
	if err != nil {
		return err
	}
	defer s.Close()
	if programs != "" {
		defer endPrograms(programs)
	}
	return agent.Serve(ctx, in, out, hostAgent{s})
}

// hostAgent answers for a host.
type hostAgent struct{ sockets markSockets }

var _ agent.Host = hostAgent{}

// Quiet implements agent.Host.
func (hostAgent) Quiet(ctx context.Context, limit time.Duration) (string, error) {
	return awaitQuiet(ctx, limit)
}

// Mark implements agent.Host: a marker leaves by each of the named devices, or by all.
func (h hostAgent) Mark(label string, devices ...string) error {
	return h.sockets.Mark(label, devices...)
}

// Alive implements agent.Host.
func (hostAgent) Alive(id string, pid int) (bool, error) { return alive(id, pid) }

// Left implements agent.Host.
func (hostAgent) Left(id string) (bool, error) { return left(id) }
