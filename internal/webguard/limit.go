package webguard

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wirelab/internal/netblock"
)

// What one address may keep open, and all of them. A browser has six connections.
const (
	connsPerAddress = 512
	maxConns        = 4096
	maxAddresses    = 1 << 16 // that are remembered; any others share one allowance
)

// address is what an address has taken of its limits.
type address struct {
	requests *rate.Limiter
	streams  int
}

// allow takes a request from what an address may make.
func (g *Guard) allow(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.address(a).requests.Allow()
}

// address returns what is known of an address. The guard is locked.
func (g *Guard) address(a netip.Addr) *address {
	key := netblock.Of(a)
	if at := g.addresses[key]; at != nil {
		return at
	}
	if len(g.addresses) >= g.sweep {
		now := time.Now()
		for key, at := range g.addresses { // those that are as good as new
			if at.streams == 0 && at.requests.TokensAt(now) >= float64(at.requests.Burst()) {
				delete(g.addresses, key)
			}
		}
		g.sweep = 2*len(g.addresses) + 1024
	}
	if len(g.addresses) >= maxAddresses {
		key = netip.Prefix{}
		if at := g.addresses[key]; at != nil {
			return at
		}
	}
	at := &address{requests: rate.NewLimiter(rate.Limit(g.config.Limits.Rate), g.config.Limits.Burst)}
	g.addresses[key] = at
	return at
}

// begin counts a stream of an address, until end is called, or returns why it is
// refused.
func (g *Guard) begin(a netip.Addr) (end func(), why *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.address(a)
	if at.streams >= g.config.Limits.StreamsPerAddress || g.streams >= g.config.Limits.Streams {
		return nil, refusedStreams
	}
	at.streams++
	g.streams++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		at.streams--
		g.streams--
	}, nil
}

// limitedListener closes connections of which an address, or all of them, have too
// many.
type limitedListener struct {
	net.Listener
	mu    sync.Mutex
	open  map[netip.Prefix]int
	total int
}

func limitConns(l net.Listener) *limitedListener {
	return &limitedListener{Listener: l, open: map[netip.Prefix]int{}}
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		key := netblock.Of(from.Addr())
		if l.take(key) {
			return &limitedConn{Conn: c, closed: sync.OnceFunc(func() { l.release(key) })}, nil
		}
		c.Close()
	}
}

func (l *limitedListener) take(key netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[key] >= connsPerAddress || l.total >= maxConns {
		return false
	}
	l.open[key]++
	l.total++
	return true
}

func (l *limitedListener) release(key netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.open[key]--; l.open[key] == 0 {
		delete(l.open, key)
	}
}

type limitedConn struct {
	net.Conn
	closed func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
