package node

import (
	"context"
	"io"

	"wirelab/lab/agent"
)

// ServeAgent answers a lab's questions about the host in whose network
// namespace the calling thread is, until in ends. Its markers leave by the named
// interface and name the host. At its end it ends the programs whose id begins
// with a prefix, unless that is empty.
func ServeAgent(ctx context.Context, in io.Reader, out io.Writer, name, host, programs string) error {
	s, err := openMarkSocket(name, host, true)
	if err != nil {
		return err
	}
	defer s.Close()
	if programs != "" {
		defer endPrograms(programs)
	}
	return agent.Serve(ctx, in, out, s)
}
