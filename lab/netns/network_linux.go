package netns

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"wirelab/lab"
	"wirelab/sniffer"
)

// network is a lab process as its caller sees it.
type network struct {
	process *exec.Cmd
	words   *lastWords // of the process
	control *net.UnixConn
	mu      sync.Mutex // of control's writes
	hosts   map[string]*remoteHost
	lan     *remoteSegment

	ended chan struct{} // closed when the lab process is gone
}

var _ lab.Network = &network{}

func newNetwork(process *exec.Cmd, control *net.UnixConn, words *lastWords) *network {
	n := &network{process: process, words: words, control: control, hosts: map[string]*remoteHost{}, ended: make(chan struct{})}
	go func() {
		process.Wait()
		close(n.ended)
	}()
	return n
}

// found takes what the lab process says of the lab that is up.
func (n *network) found(up reply) {
	n.lan = &remoteSegment{n, up.Machine}
	for _, h := range up.Hosts {
		n.hosts[h.Name] = &remoteHost{network: n, name: h.Name, ports: h.Ports}
	}
}

// connect hands the lab process a socket for one request.
func (n *network) connect() (*net.UnixConn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	if err := n.handOver(theirs); err != nil {
		ours.Close()
		return nil, err
	}
	return ours, nil
}

func (n *network) handOver(socket *os.File) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if send(n.control, struct{}{}, socket) != nil {
		return n.ending(errEnded)
	}
	return nil
}

// ending returns err, or how the lab process died where that is behind it: with
// an exit code, and not because Close or Down ended it.
func (n *network) ending(err error) error {
	if !errors.Is(err, errEnded) {
		return err
	}
	select {
	case <-n.ended:
	case <-time.After(closeTimeout):
		return err
	}
	if n.process.ProcessState.Success() || n.process.ProcessState.String() == "signal: killed" && n.words.String() == "" {
		return err
	}
	return &diedError{n.process.ProcessState.String(), n.words.String()}
}

// call makes a request over a socket of its own. When ctx ends it waits for
// the reply no more.
func (n *network) call(ctx context.Context, r request) (reply, error) {
	c, err := n.connect()
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	answer, err := callWithin(ctx, c, r)
	return answer, n.ending(err)
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

// Host implements lab.Network.
func (n *network) Host(name string) lab.Host {
	if h := n.hosts[name]; h != nil {
		return h
	}
	return nil
}

// Segment implements lab.Network.
func (n *network) Segment(name string) lab.Segment {
	if name == lab.DefaultSegment {
		return n.lan
	}
	return nil
}

// closeTimeout bounds the wait for the lab process after its socket is closed;
// then it is killed.
const closeTimeout = 5 * time.Second

// Close implements lab.Network. The kernel ends every process of the lab with
// the lab process, and frees the namespaces with their last process.
func (n *network) Close() error {
	n.end()
	<-n.ended
	return nil
}

// end makes the lab process end and does not wait for it.
func (n *network) end() {
	n.control.Close()
	go func() {
		select {
		case <-n.ended:
		case <-time.After(closeTimeout):
			n.process.Process.Kill()
		}
	}()
}

// remoteSegment is the bridge of the lab process.
type remoteSegment struct {
	network *network
	machine []sniffer.MAC
}

var _ lab.Segment = &remoteSegment{}

// SetMode implements lab.Segment.
func (s *remoteSegment) SetMode(ctx context.Context, mode lab.Mode) error {
	_, err := s.network.call(ctx, request{Op: "mode", Mode: mode})
	return err
}

// AwaitLearnt implements lab.Segment.
func (s *remoteSegment) AwaitLearnt(ctx context.Context) error {
	_, err := s.network.call(ctx, request{Op: "learnt"})
	return err
}

// MachinePorts implements lab.Segment.
func (s *remoteSegment) MachinePorts() []sniffer.MAC { return s.machine }

// remoteHost is a host of the lab process.
type remoteHost struct {
	network *network
	name    string
	ports   []lab.Port
}

var _ lab.Host = &remoteHost{}

// Name implements lab.Host.
func (h *remoteHost) Name() string { return h.name }

// Ports implements lab.Host.
func (h *remoteHost) Ports() []lab.Port { return h.ports }

// FlushNeighbours implements lab.Host.
func (h *remoteHost) FlushNeighbours(ctx context.Context) error {
	_, err := h.network.call(ctx, request{Op: "flush", Host: h.name})
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
	c, err := h.network.connect()
	if err != nil {
		streams.close()
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	r := request{Op: "exec", Host: h.name, Args: cmd.Args, Env: cmd.Env, Dir: dir}
	if _, err := callWithin(ctx, c, r, streams.theirs[:]...); err != nil {
		c.Close() // the lab process kills what it may have started
		streams.close()
		return nil, h.network.ending(err)
	}
	p := &remoteProcess{network: h.network, socket: c, ended: make(chan struct{})}
	streams.begin(cmd)
	go p.watch(streams)
	return p, nil
}

// remoteProcess is a command that runs in the lab process's namespaces.
type remoteProcess struct {
	network *network
	socket  *net.UnixConn
	ended   chan struct{} // closed at the end; then code and err are final
	code    int
	err     error
}

var _ lab.Process = &remoteProcess{}

func (p *remoteProcess) watch(s *streams) {
	defer close(p.ended)
	defer p.socket.Close()
	defer s.close()
	var answer reply
	_, err := receive(p.socket, &answer)
	switch {
	case err != nil:
		p.err = p.network.ending(noAnswer(err))
	case answer.Error != "":
		p.err = &remoteError{answer}
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
