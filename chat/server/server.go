// Package server serves a chat room over TCP and UDP. It has the sessions, sends lines
// to all of them, and keeps the limits; the room decides who is told what (package
// chat). The caller opens the sockets.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"wirelab/chat"
)

// Server serves a room over TCP and UDP. Set its fields before Serve.
type Server struct {
	Room   *chat.Room
	TCP    net.Listener   // nil: no TCP
	UDP    net.PacketConn // a *net.UDPConn; nil: no UDP
	Limits Limits
	// UDPIdle is how long a member over UDP may be silent before it is removed; 0 is
	// 75 s.
	UDPIdle time.Duration
	// Web serves browsers that connect to the TCP port, until ctx ends. l accepts
	// their connections, which count as TCP connections. If Web is nil, browsers are
	// told what kind of server this is.
	Web func(ctx context.Context, l net.Listener) error
	// Proxied serves browsers that come through a proxy, on sockets of its own, until
	// ctx ends. It may be nil.
	Proxied func(ctx context.Context) error

	maxPeers int                              // members over UDP; 0: 1024
	isLocal  func(netip.Addr, time.Time) bool // needs no cookie; nil: on a network of this machine

	mu       sync.Mutex
	sessions map[*session]bool
	limiter  *limiter
	refusing map[*session]bool // connections that are being told why they are refused
	pages    *webListener      // nil: there are no pages
}

// Serve serves until ctx ends. Then it closes the room, gives clients at most a second to
// take what is queued for them, closes the connections and both sockets, and returns nil.
// It returns an error if a socket, Web or Proxied fails. Call it once.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var socket *udpSocket
	if s.UDP != nil {
		var err error
		if socket, err = newUDPSocket(s.UDP); err != nil {
			return fmt.Errorf("chat server: %w", err)
		}
	}
	s.sessions, s.refusing, s.limiter = map[*session]bool{}, map[*session]bool{}, newLimiter(s.Limits)
	k := &knocks{logger: s.Room.Logger()}
	defer k.sumUp()

	writing, stopWriting := context.WithCancel(context.Background())
	defer stopWriting()
	f := newFanOut(s.Room.Log())
	var writer sync.WaitGroup
	writer.Go(func() { f.serve(writing) })

	var all sync.WaitGroup
	var tcpErr, udpErr, webErr, proxiedErr error
	if s.Proxied != nil {
		all.Go(func() {
			defer cancel()
			proxiedErr = s.Proxied(ctx)
		})
	}
	if s.TCP != nil && s.Web != nil {
		s.pages = newWebListener(s.TCP.Addr())
		all.Go(func() {
			defer cancel()
			defer s.pages.Close()
			webErr = s.Web(ctx, s.pages)
		})
	}
	if s.TCP != nil {
		all.Go(func() {
			defer cancel()
			tcpErr = s.accept(ctx, &all, f, k)
		})
	}
	if s.UDP != nil {
		u := newUDPServer(socket, s.Room, s.limiter, s.UDPIdle)
		u.knocks = k
		u.most = cmp.Or(s.maxPeers, u.most)
		if s.isLocal != nil {
			u.isLocal = s.isLocal
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
	stopWriting()
	writer.Wait()
	if err := errors.Join(tcpErr, udpErr, webErr, proxiedErr); err != nil {
		return fmt.Errorf("chat server: %w", err)
	}
	return nil
}

func (s *Server) accept(ctx context.Context, all *sync.WaitGroup, f *fanOut, k *knocks) error {
	for {
		conn, err := s.TCP.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case temporary(err):
			// Out of file descriptors, for example: only time helps.
			s.Room.Logger().Warn("accept", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		case err != nil:
			return err
		default:
			c := newSession(conn, s.Room, s.limiter, f, k)
			if c.pages = s.pages; c.pages != nil {
				c.in.askAfter = askLate
			}
			cause := s.admit(ctx, c)
			all.Go(func() {
				defer s.dismiss(c, cause)
				c.serve(cause)
			})
		}
	}
}

func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}
