package server

import (
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// Allowance is what one session may say: the allowance of its seat and of its address
// (Limits). Its methods may be called from several goroutines at once.
type Allowance struct {
	l  *limiter
	at *address

	seat   *seat
	token  string      // of the member; empty before it has one
	people *int        // where it is counted as a person over UDP or the web; nil over TCP
	gone   func() bool // reports whether the client has closed, with lines on the way
}

// take takes a seat, or a new one for nil. The limiter is locked.
func (l *limiter) take(at *address, s *seat, longest time.Duration, now time.Time) (w *Allowance, wait time.Duration, err error) {
	buckets := []*rate.Limiter{at.lines}
	if s == nil {
		s = l.newSeat()
	} else {
		buckets = append(buckets, s.lines)
	}
	wait, ok := reserve(now, longest, buckets...)
	if !ok {
		return nil, 0, errOften
	}
	s.users++
	w = &Allowance{l: l, at: at, seat: s}
	at.users[w] = true
	return w, wait, nil
}

// Hold ties the seat to the member with a token: the allowance is the member's own when it
// comes back.
func (w *Allowance) Hold(token string) {
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	w.l.seats[token] = w.seat
	w.token = token
}

// Stand ends the allowance of a session. What the session has spent stays spent, for the
// member with its token and for its address.
func (w *Allowance) Stand() {
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	if w.people != nil {
		*w.people--
	}
	delete(w.at.users, w)
	if w.seat.users--; w.seat.users == 0 && w.seat != w.at.machine {
		w.at.idle = append(w.at.idle, w.seat)
	}
}

// Spend takes one line from the allowance and returns how long the session has to wait
// before it says the line. If that is longer than longest, Spend takes nothing and reports
// false.
func (w *Allowance) Spend(longest time.Duration, now time.Time) (wait time.Duration, ok bool) {
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	if w.seat.users > 1 && w.seat != w.at.machine && full(w.seat.lines, now) { // as good as a new one each
		w.seat.users--
		w.seat = w.l.newSeat()
		w.seat.users++
		if w.token != "" {
			w.l.seats[w.token] = w.seat
		}
	}
	return reserve(now, longest, w.seat.lines, w.at.lines)
}

// reserve takes one from each bucket and returns how long to wait until all have it.
// It takes none if that is longer than longest.
func reserve(now time.Time, longest time.Duration, buckets ...*rate.Limiter) (wait time.Duration, ok bool) {
	if !slices.ContainsFunc(buckets, func(b *rate.Limiter) bool { return b.Limit() != rate.Inf && b.TokensAt(now) < 1 }) {
		for _, b := range buckets {
			b.AllowN(now, 1)
		}
		return 0, true // as is usual: no allocation
	}
	var taken []*rate.Reservation
	for _, b := range buckets {
		r := b.ReserveN(now, 1)
		taken = append(taken, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait <= longest {
		return wait, true
	}
	for _, r := range taken {
		r.CancelAt(now)
	}
	return 0, false
}
