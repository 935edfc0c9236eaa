package netns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"wirelab/internal/forks"
	"wirelab/internal/unixmsg"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// dialTimeout bounds the connecting of a socket whose client has gone away.
const dialTimeout = time.Minute

// socket makes a socket on a host and hands it to the client of c.
func (p *process) socket(c *net.UnixConn, r request) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	f, err := p.makeSocket(ctx, r)
	if err != nil {
		unixmsg.Send(c, reply{Refusal: wire.Refuse(err)})
		return
	}
	unixmsg.Send(c, reply{}, f)
	f.Close()
	_ = forks.Wait(ctx) // the client takes the end of c for that of the descriptor
}

func (p *process) makeSocket(ctx context.Context, r request) (f *os.File, err error) {
	if err := forks.Watch(); err != nil {
		return nil, err
	}
	s, err := p.site()
	if err != nil {
		return nil, err
	}
	h, err := s.host(r.Host)
	if err != nil {
		return nil, err
	}
	// A socket belongs to the namespace of the thread that makes it. Package net
	// makes those of a literal address in the calling goroutine.
	err = h.do(func() error {
		s, err := openSocket(ctx, r)
		if err != nil {
			return err
		}
		defer s.Close()
		f, err = s.(interface{ File() (*os.File, error) }).File()
		return err
	})
	return f, err
}

// openSocket listens or dials as package net does. MPTCP is off: it is another
// protocol on the wire.
func openSocket(ctx context.Context, r request) (interface{ Close() error }, error) {
	switch r.Op {
	case "dial":
		var d net.Dialer
		d.SetMultipathTCP(false)
		return d.DialContext(ctx, r.Network, r.Address)
	case "listen-packet":
		return (&net.ListenConfig{}).ListenPacket(ctx, r.Network, r.Address)
	}
	var l net.ListenConfig
	l.SetMultipathTCP(false)
	return l.Listen(ctx, r.Network, r.Address)
}

var _ lab.SocketHost = &remoteHost{}

// Listen implements lab.SocketHost.
func (h *remoteHost) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return socketOf(ctx, h, request{Op: "listen", Network: network, Address: address}, net.FileListener)
}

// ListenPacket implements lab.SocketHost.
func (h *remoteHost) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return socketOf(ctx, h, request{Op: "listen-packet", Network: network, Address: address}, net.FilePacketConn)
}

// Dial implements lab.SocketHost.
func (h *remoteHost) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return socketOf(ctx, h, request{Op: "dial", Network: network, Address: address}, net.FileConn)
}

// networks are those whose sockets are on the lab's wire.
var networks = map[string]bool{"tcp": true, "tcp4": true, "tcp6": true, "udp": true, "udp4": true, "udp6": true}

// socketOf has the lab process make a socket and makes it one of package net.
func socketOf[S any](ctx context.Context, h *remoteHost, r request, of func(*os.File) (S, error)) (s S, err error) {
	if !networks[r.Network] && (r.Network != "unix" || r.Op != "dial") {
		return s, net.UnknownNetworkError(r.Network)
	}
	r.Host = h.name
	c, err := h.to.connect()
	if err != nil {
		return s, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := unixmsg.Send(c, r); err != nil {
		return s, h.to.ending(err)
	}
	var answer reply
	files, err := unixmsg.Receive(c, &answer)
	defer unixmsg.CloseAll(files)
	switch {
	case err != nil && ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil:
		return s, h.to.ending(noAnswer(err))
	case answer.Refused():
		return s, fmt.Errorf("%s: %w", h.name, &answer.Refusal)
	case len(files) != 1:
		return s, errors.New("the lab process sent no socket")
	}
	// The lab process closes its own descriptor and then c. Until it has, to close the
	// socket here sends nothing.
	more, err := unixmsg.Receive(c, &answer)
	unixmsg.CloseAll(more)
	switch {
	case errors.Is(err, io.EOF):
		return of(files[0])
	case err != nil && ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil:
		return s, h.to.ending(noAnswer(err))
	}
	return s, fmt.Errorf("%s: the lab process keeps the socket", h.name)
}
