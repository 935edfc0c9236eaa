package server

import (
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wirelab/internal/netblock"
)

// Limits bound what clients may do. The zero value bounds nothing. Burst and Rate are of
// one person; an address may say 20 times Burst at once and 10 times Rate, if PerAddress
// is not 0.
type Limits struct {
	Burst      int     // lines that a person may say at once; 0: no limit
	Rate       float64 // lines per second after that; 0: no limit
	PerAddress int     // TCP connections, people over UDP, and people in browsers, of each as many from one address, or one IPv6 /64; 0: no limit
	Total      int     // TCP connections to the server; 0: no limit
}

// DefaultLimits are the limits of the command chat serve.
var DefaultLimits = Limits{Burst: 5, Rate: 2, PerAddress: 64}

// What one address may do, in multiples of what one person may. Forty people behind
// one router say a line every two seconds, or two each at once, and wait for nothing.
// It has no limit where Limits.PerAddress is 0.
const (
	addressBurst = 20
	addressRate  = 10
)

const (
	// longestWait is how long someone who comes back too soon waits before joining;
	// whoever had to wait longer is refused. It bounds the connections that wait.
	longestWait = 5 * time.Second

	maxAddresses = 1 << 16 // that are remembered; any others share one allowance
)

// bucket returns a full token bucket for an event that has no limit where a line has
// none.
func (l Limits) bucket(burst, perSecond float64) *rate.Limiter {
	if l.Burst <= 0 || l.Rate <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), int(min(burst, math.MaxInt32)))
}

// full reports whether a bucket is as good as a new one.
func full(b *rate.Limiter, now time.Time) bool {
	return b.Limit() == rate.Inf || b.TokensAt(now) >= float64(b.Burst())
}

// limiter remembers what was spent of the limits after a connection has ended: by
// the token with which a member may resume, and by the address. It forgets what has
// been earned again.
type limiter struct {
	limits Limits

	mu        sync.Mutex
	addresses map[netip.Prefix]*address
	seats     map[string]*seat // by the token of the member who sits there
	sweep     int              // entries of both at which they are looked through
}

// address is a network address, or an IPv6 /64.
type address struct {
	lines, connects *rate.Limiter
	answers         *rate.Limiter // to datagrams that are refused
	idle            []*seat       // nobody sits there
	machine         *seat         // of everyone over UDP who has not proved an address
	users           map[*Allowance]bool
	tcp             int // connections
	udp, unproved   int // people over UDP
	web             int // people in a browser
}

// seat is what one person may say. It is not a connection's: whoever leaves and
// comes back, as the same member or as another from the same address, sits where
// someone has sat.
type seat struct {
	lines *rate.Limiter
	users int
}

func newLimiter(limits Limits) *limiter {
	return &limiter{limits: limits, addresses: map[netip.Prefix]*address{}, seats: map[string]*seat{}, sweep: 1024}
}

func (l *limiter) newSeat() *seat {
	return &seat{lines: l.limits.bucket(float64(l.limits.Burst), l.limits.Rate)}
}

// address returns what is known of an address. The limiter is locked.
func (l *limiter) address(a netip.Addr, now time.Time) *address {
	key := netblock.Of(a)
	if len(l.addresses)+len(l.seats) >= l.sweep {
		l.forget(now)
		l.sweep = 2*(len(l.addresses)+len(l.seats)) + 1024
	}
	at := l.addresses[key]
	if at == nil && len(l.addresses) >= maxAddresses {
		key = netip.Prefix{}
		at = l.addresses[key]
	}
	if at == nil {
		whole := l.limits
		if whole.PerAddress == 0 {
			whole.Rate = 0
		}
		at = &address{
			lines:    whole.bucket(addressBurst*float64(whole.Burst), addressRate*whole.Rate),
			connects: whole.bucket(2*float64(whole.PerAddress), addressRate*whole.Rate),
			answers:  rate.NewLimiter(1, 1),
			users:    map[*Allowance]bool{},
		}
		l.addresses[key] = at
	}
	return at
}

// forget forgets what is as good as new.
func (l *limiter) forget(now time.Time) {
	for token, s := range l.seats {
		if s.users == 0 && full(s.lines, now) {
			delete(l.seats, token)
		}
	}
	for key, at := range l.addresses {
		at.rest(now)
		if len(at.users)+at.tcp+len(at.idle) == 0 && (at.machine == nil || full(at.machine.lines, now)) && full(at.lines, now) && full(at.connects, now) && full(at.answers, now) {
			delete(l.addresses, key)
		}
	}
}

// rest removes the idle seats that are full again, or that someone has taken.
func (at *address) rest(now time.Time) {
	at.idle = slices.DeleteFunc(at.idle, func(s *seat) bool { return s.users > 0 || full(s.lines, now) })
}

// connect counts a TCP connection of an address, or returns why it is refused.
func (l *limiter) connect(a netip.Addr, now time.Time) (*address, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.address(a, now)
	switch {
	case l.limits.PerAddress > 0 && at.tcp >= l.limits.PerAddress:
		return nil, errAddress
	case !at.connects.AllowN(now, 1):
		return nil, errOften
	}
	at.tcp++
	return at, nil
}

// disconnect ends what connect counted.
func (l *limiter) disconnect(at *address) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at.tcp--
}

// sit gives a seat to someone who is about to join over TCP: that of the member with
// the token; else one of the address where nobody is connected any more, the one that
// was spent most; else a new one. wait is how long to wait before joining: coming back
// costs as much as a line. Stand ends it.
func (l *limiter) sit(at *address, token string, gone func() bool, now time.Time) (w *Allowance, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.seats[token]
	if s == nil {
		s = at.left(now)
	}
	w, wait, err = l.take(at, s, longestWait, now)
	if err == nil {
		w.gone = gone
	}
	return w, wait, err
}

// left returns the seat that was spent most of those that a client has left; nil if
// there is none.
func (at *address) left(now time.Time) (s *seat) {
	at.rest(now)
	seats := slices.Clone(at.idle)
	for w := range at.users {
		if w.gone != nil && !full(w.seat.lines, now) && w.gone() {
			seats = append(seats, w.seat)
		}
	}
	for _, other := range seats {
		if s == nil || other.lines.TokensAt(now) < s.lines.TokensAt(now) {
			s = other
		}
	}
	return s
}

// sitUDP is sit for someone over UDP, who does not wait.
//
// People who have not proved that they are at the address are counted apart, and
// share a seat: they are on this machine's networks, where an address is a machine,
// and whoever closes a socket there tells nobody.
func (l *limiter) sitUDP(a netip.Addr, proved bool, now time.Time) (*Allowance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.address(a, now)
	people, s := &at.udp, at.left(now)
	if !proved {
		people, s = &at.unproved, at.machine
	}
	if l.limits.PerAddress > 0 && *people >= l.limits.PerAddress {
		return nil, errAddress
	}
	w, _, err := l.take(at, s, 0, now)
	if err == nil {
		*people++
		w.people = people
		if !proved {
			at.machine = w.seat
		}
	}
	return w, err
}

// sitWeb is sit for someone in a browser, who is counted as long as the membership
// lasts: it outlives its connections.
func (l *limiter) sitWeb(a netip.Addr, token string, now time.Time) (w *Allowance, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.address(a, now)
	if l.limits.PerAddress > 0 && at.web >= l.limits.PerAddress {
		return nil, 0, errAddress
	}
	s := l.seats[token]
	if s == nil {
		s = at.left(now)
	}
	w, wait, err = l.take(at, s, longestWait, now)
	if err == nil {
		at.web++
		w.people = &at.web
	}
	return w, wait, err
}

// tell reports whether to answer a datagram from an address that is refused.
func (l *limiter) tell(a netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.address(a, now).answers.AllowN(now, 1)
}
