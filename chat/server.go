package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Server carries a room over TCP and UDP. The fields are set before Serve.
type Server struct {
	Room   *Room
	TCP    net.Listener   // nil: no TCP
	UDP    net.PacketConn // nil: no UDP
	Limits Limits
	// UDPIdle is how long a person may send nothing over UDP before being
	// dropped; 0 means 75 s.
	UDPIdle time.Duration

	near func(netip.Addr, time.Time) bool // nil: on a network of this machine's

	mu       sync.Mutex
	sessions map[*session]bool
	from     map[netip.Addr]int // connections by address
	refusing int                // connections that are being told that they are too many
}

// Serve serves until ctx ends, then closes the room, lets every queue drain for
// at most a second, closes the connections and both sockets, and returns nil.
// It returns an error where a socket fails. A Server serves once.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.sessions, s.from = map[*session]bool{}, map[netip.Addr]int{}

	sweeping, stopSweeping := context.WithCancel(context.Background())
	defer stopSweeping()
	sweep := newSweeper(s.Room.rec)
	var sweeper sync.WaitGroup
	sweeper.Go(func() { sweep.run(sweeping) })

	var all sync.WaitGroup
	var tcpErr, udpErr error
	if s.TCP != nil {
		all.Go(func() {
			defer cancel()
			tcpErr = s.accept(ctx, &all, sweep)
		})
	}
	if s.UDP != nil {
		u := newUDPServer(s.UDP, s.Room, s.Limits, s.UDPIdle)
		if s.near != nil {
			u.near = s.near
		}
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
	stopSweeping()
	sweeper.Wait()
	if err := errors.Join(tcpErr, udpErr); err != nil {
		return fmt.Errorf("chat server: %w", err)
	}
	return nil
}

func (s *Server) accept(ctx context.Context, all *sync.WaitGroup, sweep *sweeper) error {
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
			s.Room.log.Warn("accept", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		case err != nil:
			return err
		default:
			c := newSession(conn, s.Room, s.Limits, sweep)
			cause := s.admit(ctx, c)
			all.Go(func() {
				defer s.dismiss(c, cause)
				c.serve(cause)
			})
		}
	}
}

// maxRefusing is how many connections are told at a time that they are too
// many; others are closed without a word.
const maxRefusing = 64

var (
	errFull    = errors.New("the room has no place for more connections")
	errAddress = errors.New("too many connections from your address")
	errBusy    = errors.New("too many connections")
)

// admit counts a connection in, or returns why it is refused.
func (s *Server) admit(ctx context.Context, c *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil { // endSessions may have been before
		c.out.end()
	}
	cause := s.Room.refuses(c.from)
	switch {
	case cause != nil:
	case s.Limits.Total > 0 && len(s.sessions) >= s.Limits.Total:
		cause = errFull
	case s.Limits.PerAddress > 0 && s.from[c.from] >= s.Limits.PerAddress:
		cause = errAddress
	}
	if cause == nil {
		s.sessions[c] = true
		s.from[c.from]++
		return nil
	}
	if s.refusing++; s.refusing > maxRefusing {
		cause = errBusy
	}
	return refusal{cause}
}

// dismiss counts a connection out.
func (s *Server) dismiss(c *session, refused error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused != nil {
		s.refusing--
		return
	}
	delete(s.sessions, c)
	if s.from[c.from]--; s.from[c.from] == 0 {
		delete(s.from, c.from)
	}
}

func (s *Server) endSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		c.out.end()
	}
}

func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}
