package netns

import (
	"context"
	"io"
	"net"
	"os"

	"wirelab/internal/unixmsg"
	"wirelab/lab"
	"wirelab/lab/node"
	"wirelab/lab/wire"
)

// The lab process answers for its hosts itself: a command of their own for each
// would be a third of a run's time, most of it spent before main.
var _ lab.AgentHost = &remoteHost{}

// StartAgent implements lab.AgentHost.
func (h *remoteHost) StartAgent(ctx context.Context, programs string) (in io.WriteCloser, out io.ReadCloser, err error) {
	var ends [4]*os.File // questions: read, write; answers: read, write
	for i := 0; i < len(ends); i += 2 {
		if ends[i], ends[i+1], err = os.Pipe(); err != nil {
			unixmsg.CloseAll(ends[:])
			return nil, nil, err
		}
	}
	_, err = callVia(ctx, h.to, request{Op: "agent", Host: h.name, Programs: programs}, ends[0], ends[3])
	unixmsg.CloseAll([]*os.File{ends[0], ends[3]})
	if err != nil {
		unixmsg.CloseAll([]*os.File{ends[1], ends[2]})
		return nil, nil, err
	}
	return agentPipe{ends[1], h.to}, agentPipe{ends[2], h.to}, nil
}

// agentPipe is the lab's end of a pipe to an agent. The end of the lab process
// is told with its cause.
type agentPipe struct {
	*os.File
	to link
}

// Read implements io.Reader.
func (p agentPipe) Read(b []byte) (int, error) { return p.explain(p.File.Read(b)) }

// Write implements io.Writer.
func (p agentPipe) Write(b []byte) (int, error) { return p.explain(p.File.Write(b)) }

func (p agentPipe) explain(n int, err error) (int, error) {
	if err != nil {
		err = p.to.ending(noAnswer(err))
	}
	return n, err
}

// agent answers questions about a host, which come and are answered over the
// two files, until the first ends.
func (p *process) agent(c *net.UnixConn, r request, files []*os.File) {
	s, err := p.site()
	var h *host
	if err == nil {
		h, err = s.host(r.Host)
	}
	if err != nil || len(files) != 2 {
		unixmsg.Send(c, reply{Refusal: wire.Refuse(err)})
		return
	}
	var a *node.Agent
	err = h.do(func() error {
		a, err = node.OpenAgent(h.devices(), h.Name, r.Programs)
		return err
	})
	if err != nil {
		unixmsg.Send(c, reply{Refusal: wire.Refuse(err)})
		return
	}
	// Where the lab is gone, so are the files, and Serve ends.
	unixmsg.Send(c, reply{})
	c.Close()
	// An error ends the answers, and so tells the lab.
	_ = a.Serve(context.Background(), files[0], files[1])
}
