package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"wirelab/internal/unixmsg"
	"wirelab/lab"
)

// server makes a wire, and answers questions about it.
type server struct {
	socket string // at which hosts join
	wire   *Wire

	joining net.Listener
	mu      sync.Mutex
	joined  map[string]bool
	failed  error
	changed chan struct{} // closed when one of these has changed
}

// Serve makes a wire in the network namespace of this process and answers a Client until
// the end of in. Hosts join at a unix socket of the given name (Join), which this user's
// processes alone may open, until all have.
func Serve(in io.Reader, out io.Writer, socket string) error {
	s := &server{socket: socket, joined: map[string]bool{}, changed: make(chan struct{})}
	defer s.close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var r request
		a, err := answer{}, json.Unmarshal(lines.Bytes(), &r)
		if err == nil {
			a, err = s.do(r)
		}
		if err != nil {
			a = answer{Refusal: Refuse(err)}
		}
		if err := json.NewEncoder(out).Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (s *server) close() {
	if s.joining != nil {
		s.joining.Close() // and removes its file
		s.joining = nil
	}
}

// patience is how long a question may take whose caller does not say that.
const patience = time.Minute

func (s *server) do(r request) (a answer, err error) {
	if r.Within <= 0 {
		r.Within = patience
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.Within)
	defer cancel()
	if r.Op == "make" {
		return a, s.make(ctx, r.Topology)
	}
	if s.wire == nil {
		return a, errors.New("no wire is made")
	}
	switch r.Op {
	case "segments":
		if err := s.awaitHosts(ctx); err != nil {
			return a, err
		}
		a.Segments, err = s.wire.Segments()
		return a, err
	case "mode":
		return a, s.wire.SetMode(ctx, r.Segment, r.Mode)
	case "learnt":
		return a, s.wire.AwaitLearnt(ctx, r.Segment)
	case "impair":
		return a, s.wire.Impair(ctx, r.Rule)
	case "mend":
		return a, s.wire.Mend(ctx, r.Name)
	case "faults":
		a.Faults, err = s.wire.Faults(r.After)
		return a, err
	}
	return a, fmt.Errorf("request %q is not known", r.Op)
}

// make makes the segments, and lets hosts join.
func (s *server) make(ctx context.Context, t lab.Topology) (err error) {
	if s.wire != nil {
		return errors.New("the wire is made already")
	}
	w, err := New(ctx, t)
	if err != nil {
		return err
	}
	if s.joining, err = net.Listen("unixpacket", s.socket); err != nil {
		return err
	}
	if err := os.Chmod(s.socket, 0o600); err != nil {
		return err
	}
	s.wire = w
	go s.accept(s.joining)
	return nil
}

// accept lets hosts join until the listener is closed.
func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			host, err := s.join(c.(*net.UnixConn))
			s.mu.Lock()
			defer s.mu.Unlock()
			s.joined[host] = err == nil
			if err != nil {
				s.failed = errors.Join(s.failed, fmt.Errorf("host %q: %w", host, err))
			}
			close(s.changed)
			s.changed = make(chan struct{})
		}()
	}
}

// The messages between a host and the wire: the host says its name; it is told the
// topology, and gets the wire's network namespace; it says that its devices are made, and
// is told that they are plugged in.
type joinMessage struct {
	Refusal
	Host     string       `json:"host,omitempty"`
	Topology lab.Topology `json:"topology,omitzero"`
}

// join plugs a host in.
func (s *server) join(c *net.UnixConn) (host string, err error) {
	var m joinMessage
	files, err := unixmsg.Receive(c, &m)
	unixmsg.CloseAll(files)
	if err != nil {
		return "", err
	}
	host = m.Host
	if !slices.Contains(s.wire.topology.Hosts, host) {
		return host, errors.New("the topology has no such host")
	}
	own, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return host, err
	}
	defer own.Close()
	if err := unixmsg.Send(c, joinMessage{Topology: s.wire.topology}, own); err != nil {
		return host, err
	}
	m = joinMessage{}
	files, err = unixmsg.Receive(c, &m)
	unixmsg.CloseAll(files)
	if err == nil && m.Refused() {
		err = &m.Refusal
	}
	if err != nil {
		return host, err
	}
	done := joinMessage{}
	if err = s.wire.PlugIn(host); err != nil {
		done.Refusal = Refuse(err)
	}
	return host, errors.Join(err, unixmsg.Send(c, done))
}

// awaitHosts waits until every host has joined and every port forwards.
func (s *server) awaitHosts(ctx context.Context) error {
	for {
		s.mu.Lock()
		missing := slices.DeleteFunc(slices.Clone(s.wire.topology.Hosts), func(h string) bool { return s.joined[h] })
		failed, changed := s.failed, s.changed
		s.mu.Unlock()
		if failed != nil {
			return failed
		}
		if len(missing) == 0 {
			s.close()
			return s.wire.AwaitPorts(ctx)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%v did not join: %w", missing, ctx.Err())
		}
	}
}

// Join makes the devices of a host in the network namespace of this process, plugs them in
// where Serve serves the socket, and waits until the host sends nothing more by itself.
func Join(ctx context.Context, socket, host string) error {
	c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: socket, Net: "unixpacket"})
	if err != nil {
		return fmt.Errorf("join the wire: %w", err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if err := unixmsg.Send(c, joinMessage{Host: host}); err != nil {
		return fmt.Errorf("join the wire: %w", err)
	}
	var told joinMessage
	files, err := unixmsg.Receive(c, &told)
	defer unixmsg.CloseAll(files)
	if err == nil && len(files) != 1 {
		err = fmt.Errorf("%d descriptors, want that of its network namespace", len(files))
	}
	if err != nil {
		return fmt.Errorf("join the wire: %w", err)
	}
	h := NewHost(told.Topology, host)
	made := joinMessage{}
	if err = h.Make(int(files[0].Fd())); err != nil {
		made.Refusal = Refuse(err)
	}
	if err := errors.Join(err, unixmsg.Send(c, made)); err != nil {
		return err
	}
	var plugged joinMessage
	more, err := unixmsg.Receive(c, &plugged)
	unixmsg.CloseAll(more)
	switch {
	case err != nil:
		return fmt.Errorf("join the wire: %w", err)
	case plugged.Refused():
		return &plugged.Refusal
	}
	return h.AwaitReports(ctx)
}
