package netns

import (
	"context"
	"net"
	"os"
	"time"

	"wirelab/internal/unixmsg"
	"wirelab/lab"
	"wirelab/sniffer"
)

// link leads to a lab process.
type link interface {
	// connect makes a socket for one request, whose other end the process serves.
	connect() (*net.UnixConn, error)
	// ending returns err, or how the process died where that is behind it.
	ending(err error) error
}

// callVia makes a request over a socket of its own. When ctx ends it waits for
// the reply no more.
func callVia(ctx context.Context, to link, r request, files ...*os.File) (reply, error) {
	c, err := to.connect()
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	answer, err := callWithin(ctx, c, r, files...)
	return answer, to.ending(err)
}

// callWithin is call, which ctx bounds.
func callWithin(ctx context.Context, c *net.UnixConn, r request, files ...*os.File) (reply, error) {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	answer, err := call(c, r, files...)
	if ctx.Err() != nil {
		return reply{}, ctx.Err()
	}
	return answer, err
}

// lan is the hosts and the segments of a lab process.
type lan struct {
	to       link
	hosts    map[string]*remoteHost
	names    []string // of the hosts, in the topology's order
	segments map[string]*remoteSegment
}

// newLAN takes what the lab process says of the lab that is up.
func newLAN(to link, up reply) *lan {
	l := &lan{to: to, hosts: map[string]*remoteHost{}, segments: map[string]*remoteSegment{}}
	for _, s := range up.Segments {
		l.segments[s.Name] = &remoteSegment{to, s.Name, s.Machine}
	}
	for _, h := range up.Hosts {
		l.names = append(l.names, h.Name)
		l.hosts[h.Name] = &remoteHost{to: to, name: h.Name, ports: h.Ports}
	}
	return l
}

// Host implements lab.Network.
func (l *lan) Host(name string) lab.Host {
	if h := l.hosts[name]; h != nil {
		return h
	}
	return nil
}

// Hosts implements lab.Populated.
func (l *lan) Hosts() []string { return l.names }

// Segment implements lab.Network.
func (l *lan) Segment(name string) lab.Segment {
	if s := l.segments[name]; s != nil {
		return s
	}
	return nil
}

// remoteSegment is a bridge of the lab process.
type remoteSegment struct {
	to      link
	name    string
	machine []sniffer.MAC
}

var _ lab.Segment = &remoteSegment{}

// SetMode implements lab.Segment.
func (s *remoteSegment) SetMode(ctx context.Context, mode lab.Mode) error {
	_, err := callVia(ctx, s.to, request{Op: "mode", Segment: s.name, Mode: mode})
	return err
}

// AwaitLearnt implements lab.Segment.
func (s *remoteSegment) AwaitLearnt(ctx context.Context) error {
	_, err := callVia(ctx, s.to, request{Op: "learnt", Segment: s.name})
	return err
}

// MachinePorts implements lab.Segment.
func (s *remoteSegment) MachinePorts() []sniffer.MAC { return s.machine }

// remoteHost is a host of the lab process.
type remoteHost struct {
	to    link
	name  string
	ports []lab.Port
}

var _ lab.Host = &remoteHost{}

// Name implements lab.Host.
func (h *remoteHost) Name() string { return h.name }

// Ports implements lab.Host.
func (h *remoteHost) Ports() []lab.Port { return h.ports }

// FlushNeighbours implements lab.Host.
func (h *remoteHost) FlushNeighbours(ctx context.Context) error {
	_, err := callVia(ctx, h.to, request{Op: "flush", Host: h.name})
	return err
}

// Start implements lab.Host.
func (h *remoteHost) Start(ctx context.Context, cmd lab.Cmd) (lab.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	streams, err := openStreams(cmd)
	if err != nil {
		return nil, err
	}
	c, err := h.to.connect()
	if err != nil {
		streams.close()
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	r := request{Op: "exec", Host: h.name, Args: cmd.Args, Env: cmd.Env, Dir: dir}
	started, err := callWithin(ctx, c, r, streams.theirs[:]...)
	if err != nil {
		c.Close() // the lab process kills what it may have started
		streams.close()
		return nil, h.to.ending(err)
	}
	p := &remoteProcess{to: h.to, socket: c, pid: started.PID, ended: make(chan struct{})}
	streams.begin(cmd)
	go p.watch(streams)
	return p, nil
}

// remoteProcess is a command that runs in the lab process's namespaces.
type remoteProcess struct {
	to     link
	socket *net.UnixConn
	pid    int
	ended  chan struct{} // closed at the end; then code and err are final
	code   int
	err    error
}

var (
	_ lab.Process  = &remoteProcess{}
	_ lab.Numbered = &remoteProcess{}
)

// PID implements lab.Numbered: the agents are in the lab process's namespace.
func (p *remoteProcess) PID() int { return p.pid }

func (p *remoteProcess) watch(s *streams) {
	defer close(p.ended)
	defer p.socket.Close()
	defer s.close()
	var answer reply
	_, err := unixmsg.Receive(p.socket, &answer)
	switch {
	case err != nil:
		p.err = p.to.ending(noAnswer(err))
	case answer.Refused():
		p.err = &answer.Refusal
	}
	p.code = answer.Exit
	s.drain()
}

// Wait implements lab.Process.
func (p *remoteProcess) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.code, p.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Kill implements lab.Process: the end of the socket kills the command's
// process group.
func (p *remoteProcess) Kill() error {
	p.socket.CloseWrite() // an error means that it has ended
	return nil
}
