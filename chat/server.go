package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Server carries a room over TCP and UDP. The fields are set before Serve.
type Server struct {
	Room *Room
	TCP  net.Listener   // nil: no TCP
	UDP  net.PacketConn // nil: no UDP
	// UDPIdle is how long a person may say nothing over UDP before being
	// dropped; 0 means 75 s.
	UDPIdle time.Duration

	mu       sync.Mutex
	sessions map[*session]bool
}

// Serve serves until ctx ends, then closes the room, lets every queue drain for
// at most a second, closes the connections and both sockets, and returns nil.
// It returns an error where a socket fails. A Server serves once.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.sessions = map[*session]bool{}
	var all sync.WaitGroup
	var tcpErr, udpErr error
	if s.TCP != nil {
		all.Go(func() {
			defer cancel()
			tcpErr = s.accept(ctx, &all)
		})
	}
	if s.UDP != nil {
		u := newUDPServer(s.UDP, s.Room, s.UDPIdle)
		all.Go(func() {
			defer cancel()
			udpErr = u.serve(ctx)
		})
	}
	<-ctx.Done()
	s.Room.Close()
	if s.TCP != nil {
		s.TCP.Close()
	}
	s.endSessions()
	all.Wait()
	if err := errors.Join(tcpErr, udpErr); err != nil {
		return fmt.Errorf("chat server: %w", err)
	}
	return nil
}

func (s *Server) accept(ctx context.Context, all *sync.WaitGroup) error {
	for {
		conn, err := s.TCP.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case temporary(err):
			// Out of file descriptors, say: there is nothing to await but time.
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		case err != nil:
			return err
		default:
			all.Go(func() { s.talk(ctx, newSession(conn)) })
		}
	}
}

// talk serves one connection to its end.
func (s *Server) talk(ctx context.Context, c *session) {
	s.track(ctx, c)
	defer s.untrack(c)
	written := make(chan struct{})
	go func() { defer close(written); c.run() }()

	in := NewLineReader(c.conn, MaxLine)
	c.limitRead(joinTimeout)
	name, err := c.hello(in)
	var m *Member
	if err == nil {
		m, err = s.Room.Join(Person{Name: name, Transport: "tcp", Address: c.conn.RemoteAddr().String()}, c)
	}
	if m != nil {
		c.limitRead(0)
		var text string
		for err == nil {
			if text, err = in.ReadLine(); err == nil {
				m.Say(text)
			}
		}
	}
	c.refuse(err)
	if m != nil {
		m.Leave(why(err))
	} else {
		s.Room.log.Info("refused", "address", c.conn.RemoteAddr().String(), "reason", why(err))
	}
	c.End()
	<-written
	c.finish()
}

// track makes the session one that ends with the server, joined or not.
func (s *Server) track(ctx context.Context, c *session) {
	s.mu.Lock()
	s.sessions[c] = true
	s.mu.Unlock()
	if ctx.Err() != nil { // endSessions may have been before
		c.End()
	}
}

func (s *Server) untrack(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
}

func (s *Server) endSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		c.End()
	}
}

func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}
