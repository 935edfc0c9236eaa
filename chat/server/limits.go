package server

import "time"

// Limits are the limits of one client; the zero value has none.
type Limits struct {
	Burst      int     // lines at once
	Rate       float64 // lines a second after that
	PerAddress int     // TCP connections, and people over UDP, from one address
	Total      int     // TCP connections
}

// DefaultLimits are the limits of chat serve.
var DefaultLimits = Limits{Burst: 5, Rate: 2, PerAddress: 64}

// bucket is a token bucket for lines. Its zero value is full.
type bucket struct {
	spent float64
	last  time.Time
}

// spend takes a token and returns how long to wait until it is due.
func (b *bucket) spend(l Limits, now time.Time) time.Duration {
	if l.Burst <= 0 || l.Rate <= 0 {
		return 0
	}
	b.spent = max(0, b.spent-now.Sub(b.last).Seconds()*l.Rate) + 1
	b.last = now
	over := b.spent - float64(l.Burst)
	if over <= 0 {
		return 0
	}
	return time.Duration(over / l.Rate * float64(time.Second))
}

// ready reports whether a token could be taken without waiting.
func (b *bucket) ready(l Limits, now time.Time) bool {
	try := *b
	return try.spend(l, now) == 0
}
