package labtest_test

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"wirelab/lab/labtest"
)

// cachedResolver asks once for each name. Its zero value is not ready: it needs a Dial.
type cachedResolver struct {
	net.Resolver
	mu    sync.Mutex
	known map[string][]netip.Addr
}

func (r *cachedResolver) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if addrs, ok := r.known[name]; ok {
		return addrs, nil
	}
	addrs, err := r.LookupNetIP(ctx, "ip4", name)
	if err == nil {
		if r.known == nil {
			r.known = map[string][]netip.Addr{}
		}
		r.known[name] = addrs
	}
	return addrs, err
}

// A name that is known is not asked for again; another one is.
func TestLookupIsCached(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "resolver")
	go serveNames(l.ListenPacket("resolver", "udp", ":53"), map[string][4]byte{"shop.example.": {192, 0, 2, 7}, "bank.example.": {192, 0, 2, 8}})
	dial := l.DialContext("client")
	resolver := &cachedResolver{Resolver: net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dial(ctx, "udp", "resolver:53") // whatever server this machine has
	}}}
	for _, name := range []string{"shop.example.", "shop.example.", "bank.example.", "shop.example."} {
		if addrs, err := resolver.lookup(t.Context(), name); err != nil || len(addrs) != 1 {
			t.Fatalf("%s is %v, %v", name, addrs, err)
		}
	}
	l.Run("client", "ping", "-c", "1", "resolver") // what was answered has arrived
	l.Settle("asked")
	l.Exactly(2, "udp dst port 53", labtest.In("asked"), labtest.From("client"))
	l.Exactly(1, `bytes "\x04shop\x07example"`, labtest.In("asked"), labtest.From("client"))
	l.Exactly(1, `bytes "\x04bank\x07example"`, labtest.In("asked"), labtest.From("client"))
}

// serveNames answers who asks for the address of a name, until the socket is closed.
func serveNames(socket net.PacketConn, names map[string][4]byte) {
	for {
		b := make([]byte, 512)
		n, from, err := socket.ReadFrom(b)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Additionals, m.RCode = true, nil, dnsmessage.RCodeNameError
		if a, ok := names[q.Name.String()]; ok {
			m.RCode = dnsmessage.RCodeSuccess
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 60},
				Body:   &dnsmessage.AResource{A: a},
			}}
		}
		if answer, err := m.Pack(); err == nil {
			socket.WriteTo(answer, from)
		}
	}
}
