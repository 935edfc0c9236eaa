package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"wirelab/internal/poll"
	"wirelab/internal/unixmsg"
	"wirelab/lab/wire"
)

// processVariable marks the environment of the lab process. Its init takes
// over before main, so that any program that imports this package, a test
// binary too, can execute itself as the lab process.
const processVariable = "WIRELAB_NETNS_PROCESS"

func init() {
	if os.Getenv(processVariable) == "" {
		return
	}
	os.Unsetenv(processVariable)
	if err := serveProcess(); err != nil {
		fmt.Fprintln(os.Stderr, "wirelab: lab process:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process is the lab process. Requests are served concurrently.
type process struct {
	mu      sync.Mutex
	lab     *site // nil until up
	program string
	execs   int // that are not yet answered

	children *children
}

// serveProcess serves until the first socket ends. Leaving it ends the
// process, which is PID 1 of its namespace: the kernel kills all others.
func serveProcess() error {
	// A program that was started in the background inherits ignored signals,
	// and so would every command on the hosts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM)
	// It has a few megabytes, most of which live as long as the lab: the rest is not worth
	// looking for often.
	debug.SetGCPercent(400)
	conn, err := net.FileConn(os.NewFile(3, "control"))
	if err != nil {
		return err
	}
	control, ok := conn.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("descriptor 3 is a %T", conn)
	}
	p := &process{children: newChildren()}
	for {
		var ignored struct{}
		files, err := unixmsg.Receive(control, &ignored)
		if err != nil {
			p.end() // the caller is gone, or wants us to be
			return nil
		}
		for _, f := range files {
			conn, err := net.FileConn(f)
			f.Close()
			if c, ok := conn.(*net.UnixConn); err == nil && ok {
				go p.serve(c)
			}
		}
	}
}

// serve takes one request and answers it.
func (p *process) serve(c *net.UnixConn) {
	defer c.Close()
	var r request
	files, err := unixmsg.Receive(c, &r)
	if err != nil {
		return
	}
	defer unixmsg.CloseAll(files)
	switch r.Op {
	case "exec":
		p.countExecs(1)
		p.exec(c, r, files)
		p.countExecs(-1)
		return
	case "agent":
		p.agent(c, r, files)
		return
	case "listen", "listen-packet", "dial":
		p.socket(c, r)
		return
	}
	answer, err := p.do(r)
	if err != nil {
		answer = reply{Refusal: wire.Refuse(err)}
	}
	if unixmsg.Send(c, answer) == nil && r.Op == "down" {
		os.Exit(0)
	}
}

// endTimeout is how long programs may take to end with their lab. Those that
// still run end by the kernel.
const endTimeout = time.Second

// end has every program end by itself, as far as it does: a chat says goodbye,
// a capture file is completed, a terminal is restored.
func (p *process) end() {
	p.children.askToEnd()
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	_ = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.execs == 0, nil
	})
}

func (p *process) countExecs(change int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.execs += change
}

// requestTimeout bounds a request of a lab of some hosts. It is for what never
// comes, not for a machine that is busy.
func requestTimeout(hosts int) time.Duration {
	return 10*time.Second + time.Duration(hosts)*100*time.Millisecond
}

func (p *process) do(r request) (reply, error) {
	switch r.Op {
	case "up":
		return p.up(r)
	case "down":
		p.end()
		return reply{}, nil
	}
	s, err := p.site()
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout(len(s.hosts)))
	defer cancel()
	switch r.Op {
	case "hosts":
		return s.describe()
	case "mode":
		return reply{}, s.SetMode(ctx, r.Segment, r.Mode)
	case "learnt":
		return reply{}, s.AwaitLearnt(ctx, r.Segment)
	case "flush":
		h, err := s.host(r.Host)
		if err != nil {
			return reply{}, err
		}
		return reply{}, h.flushNeighbours()
	case "impair":
		return reply{}, s.Impair(ctx, r.Rule)
	case "mend":
		return reply{}, s.Mend(ctx, r.Rule.Name)
	case "faults":
		report, err := s.Faults(r.After)
		return reply{Faults: report}, err
	}
	return reply{}, fmt.Errorf("request %q is not known", r.Op)
}

func (p *process) up(r request) (reply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lab != nil {
		return reply{}, errors.New("the lab is up already")
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout(len(r.Topology.Hosts)))
	defer cancel()
	s, err := newSite(ctx, r.Topology)
	if err != nil {
		return reply{}, err
	}
	answer, err := s.describe()
	if err != nil {
		return reply{}, err
	}
	p.lab, p.program = s, r.Program
	// Names for every program where the system lets us mount; where it does
	// not, the environment has them for our own.
	_ = s.mountNames()
	return answer, nil
}

// site returns the hosts and segments once the lab is up.
func (p *process) site() (*site, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lab == nil {
		return nil, errors.New("the lab is not up")
	}
	return p.lab, nil
}
