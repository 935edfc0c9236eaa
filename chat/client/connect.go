package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"

	"wirelab/chat"
	"wirelab/chat/internal/deadpeer"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
)

const (
	retryAfter   = 100 * time.Millisecond // between two attempts at the first connection
	onceWithin   = 5 * time.Second        // what the only attempt may take
	firstPause   = 100 * time.Millisecond // before the first attempt to reconnect
	longestPause = 10 * time.Second
)

// Config says which room a Session joins, and how.
type Config struct {
	Host string // name or IP address of the server
	Port uint16
	UDP  bool          // over UDP; otherwise over TCP
	Name string        // as chat.CleanName returns it
	Wait time.Duration // how long to try the first connection over TCP; 0 tries once, for at most 5 s

	// Reconnect makes the session connect again when its connection is lost.
	Reconnect bool
	// AskWho makes the session send /who each time it is connected over TCP. The
	// answer follows the lines that were missed: a text that was said before the
	// connection was lost, and not heard by then, was lost as well (NotHeard).
	AskWho bool
}

// Server returns the server as HOST:PORT.
func (c Config) Server() string { return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) }

// DialError says that the server was never reached, or did not let the client in.
type DialError struct {
	Server string
	Err    error // of the last attempt
}

// Error implements error.
func (e *DialError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated, which wraps Err.
func (e *DialError) Unwrap() error {
	return i18n.Errmsg("chat.mistake.nochat", "Server", e.Server, "Cause", i18n.NetError(e.Err))
}

// within is how long an attempt, or an answer, may take.
func (c Config) within() time.Duration {
	if c.Wait == 0 {
		return onceWithin
	}
	return c.Wait
}

// dial connects once.
func (c Config) dial(ctx context.Context, name string, from chat.Resume) (*Conn, error) {
	ip, err := hostnames.Lookup(ctx, c.Host)
	if err != nil {
		return nil, err
	}
	network := "tcp"
	if c.UDP {
		network = "udp"
	}
	// Multipath TCP would add to what a lab's wire shows.
	dialer := net.Dialer{KeepAliveConfig: deadpeer.KeepAlive}
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(ip, c.Port).String())
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return NewUDP(conn, name)
	}
	deadpeer.LimitUnacknowledged(tcp)
	return JoinTCP(ctx, conn, name, from)
}

// connect makes the first connection.
func (s *Session) connect(ctx context.Context) (*Conn, error) {
	try, cancel := context.WithTimeout(ctx, s.config.within())
	defer cancel()
	once := s.config.UDP || s.config.Wait == 0
	var cause error
	for told := false; ; told = true {
		conn, err := s.config.dial(try, s.config.Name, chat.Resume{})
		if err == nil {
			return conn, nil
		}
		if _, refused := errors.AsType[*RefusedError](err); refused {
			return nil, &DialError{s.config.Server(), err}
		}
		if cause == nil || try.Err() == nil { // an attempt that ran out of time knows no cause
			cause = err
		}
		if once && ctx.Err() == nil {
			return nil, &DialError{s.config.Server(), cause}
		}
		if !told && try.Err() == nil {
			s.emit(ctx, Waiting{err})
		}
		select {
		case <-time.After(retryAfter):
		case <-try.Done():
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case try.Err() != nil:
			return nil, &DialError{s.config.Server(), cause}
		}
	}
}

// reconnect tries until there is a connection again, soon at first and then less and
// less often, at times that differ from those of other clients that have lost theirs
// at the same moment. A server that refuses is asked seldom.
func (s *Session) reconnect(ctx context.Context, name string, from chat.Resume) (*Conn, error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause/2 + rand.N(pause)):
		}
		try, cancel := context.WithTimeout(ctx, s.config.within())
		conn, err := s.config.dial(try, name, from)
		cancel()
		if err == nil {
			return conn, nil
		}
		if _, refused := errors.AsType[*RefusedError](err); refused {
			pause = longestPause
		}
		s.emit(ctx, Waiting{err})
	}
}
