package labtest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
)

// Addr returns the address of a host, or the first one if it has several.
func (l *Lab) Addr(host string) netip.Addr {
	l.t.Helper()
	h := l.network.Host(host)
	if h == nil {
		l.t.Fatal(l.noHost(host))
	}
	return h.Ports()[0].Addrs[0].Addr()
}

func (l *Lab) noHost(name string) error {
	known := l.lab.Topology.Hosts
	return i18n.Errmsg("lab.nohost", "Host", name, "Hint", suggest.Hint(name, known), "Known", known)
}

// sockets returns what makes sockets on a host, or skips the test where the backend
// cannot: a container's network is out of the test's reach.
func (l *Lab) sockets(host string) lab.SocketHost {
	l.t.Helper()
	h := l.network.Host(host)
	if h == nil {
		l.t.Fatal(l.noHost(host))
	}
	s, ok := h.(lab.SocketHost)
	if !ok {
		l.t.Skip("a test's own sockets on a host need namespaces; this machine's lab is in containers (wirelab doctor)")
	}
	return s
}

// Listen listens on a host, as net.Listen does. The test's goroutines accept connections
// that come over the lab's wire. The host part of the address may be empty or the name of
// a host. The listener is closed when the test ends. If the lab is in containers, the test
// is skipped.
func (l *Lab) Listen(host, network, address string) net.Listener {
	l.t.Helper()
	s := l.sockets(host)
	a, err := l.resolve(host, address)
	if err != nil {
		l.t.Fatal(err)
	}
	listener, err := s.Listen(l.t.Context(), network, a)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { listener.Close() })
	return listener
}

// ListenPacket is Listen for datagrams, as net.ListenPacket is.
func (l *Lab) ListenPacket(host, network, address string) net.PacketConn {
	l.t.Helper()
	s := l.sockets(host)
	a, err := l.resolve(host, address)
	if err != nil {
		l.t.Fatal(err)
	}
	c, err := s.ListenPacket(l.t.Context(), network, a)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() })
	return c
}

// Dial connects from a host, as net.Dial does. The host part of the address may be the
// name of a host. The connection is closed when the test ends. If the lab is in
// containers, the test is skipped.
func (l *Lab) Dial(host, network, address string) net.Conn {
	l.t.Helper()
	c, err := l.DialContext(host)(l.t.Context(), network, address)
	if err != nil {
		l.t.Fatal(err)
	}
	if strings.HasPrefix(network, "tcp") {
		l.acted.Store(true)
	}
	l.t.Cleanup(func() { c.Close() })
	return c
}

// DialContext returns a function that connects from a host, for http.Transport.DialContext
// and the like. It may be called from several goroutines at once. The caller closes the
// connections. If the lab is in containers, the test is skipped.
func (l *Lab) DialContext(host string) func(ctx context.Context, network, address string) (net.Conn, error) {
	l.t.Helper()
	s := l.sockets(host)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		a, err := l.resolve(host, address)
		if err != nil {
			return nil, err
		}
		c, err := s.Dial(ctx, network, a)
		// To dial UDP sends nothing.
		if err == nil && strings.HasPrefix(network, "tcp") {
			l.stimulated.Store(true)
		}
		return c, err
	}
}

// resolve puts a host's address in the place of its name: one on a segment that the
// host is on which asks, else the first.
func (l *Lab) resolve(asks, address string) (string, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if name == "" {
		return address, nil
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return address, nil
	}
	h := l.network.Host(name)
	if h == nil {
		return "", fmt.Errorf("address %q: %w", address, l.noHost(name))
	}
	at := h.Ports()[0]
	for _, p := range slices.Backward(h.Ports()) {
		if slices.ContainsFunc(l.network.Host(asks).Ports(), func(own lab.Port) bool { return own.Segment == p.Segment }) {
			at = p
		}
	}
	return net.JoinHostPort(at.Addrs[0].Addr().String(), port), nil
}
