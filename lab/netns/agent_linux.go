package netns

import (
	"context"
	"io"
	"net"
	"os"

	"wirelab/lab"
	"wirelab/lab/node"
)

// The lab process answers for its hosts itself: a command of their own for each
// would be a third of a run's time, most of it spent before main.
var _ lab.AgentHost = &remoteHost{}

// StartAgent implements lab.AgentHost.
func (h *remoteHost) StartAgent(ctx context.Context, programs string) (in io.WriteCloser, out io.ReadCloser, err error) {
	var ends [4]*os.File // questions: read, write; answers: read, write
	for i := 0; i < len(ends); i += 2 {
		if ends[i], ends[i+1], err = os.Pipe(); err != nil {
			closeEnds(ends[:])
			return nil, nil, err
		}
	}
	_, err = callVia(ctx, h.to, request{Op: "agent", Host: h.name, Programs: programs}, ends[0], ends[3])
	closeEnds([]*os.File{ends[0], ends[3]})
	if err != nil {
		closeEnds([]*os.File{ends[1], ends[2]})
		return nil, nil, err
	}
	return ends[1], ends[2], nil
}

func closeEnds(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// agent answers questions about a host, which come and are answered over the
// two files, until the first ends.
func (p *process) agent(c *net.UnixConn, r request, files []*os.File) {
	w, err := p.wire()
	var h *host
	if err == nil {
		h, err = w.host(r.Host)
	}
	if err != nil || len(files) != 2 {
		send(c, errorReply(err))
		return
	}
	if send(c, reply{}) != nil {
		return
	}
	c.Close()
	// An error is the end of the answers, of which the lab learns thereby.
	_ = h.do(func() error {
		return node.ServeAgent(context.Background(), files[0], files[1], deviceName, h.name, r.Programs)
	})
}
