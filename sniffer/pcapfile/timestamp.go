package pcapfile

import (
	"math/bits"
	"time"
)

// resolution is a unit of time as if_tsresol has it: a negative power of ten,
// or of two where the highest bit is set.
type resolution uint8

const (
	microseconds resolution = 6 // what an interface without if_tsresol has
	nanoseconds  resolution = 9
)

// maxSeconds and minSeconds keep times where the time package can format them, also as
// JSON, which has no year before 0.
const (
	maxSeconds = 1 << 36
	minSeconds = -62_000_000_000 // in the year 5
)

// pow10 holds the powers of ten that fit an uint64.
var pow10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// split returns the whole seconds of so many units, and the nanoseconds that
// are left, rounded down.
func (r resolution) split(units uint64) (seconds, nanos uint64) {
	n := int(r & 0x7f)
	if r&0x80 == 0 {
		switch {
		case n <= 9:
			return units / pow10[n], units % pow10[n] * pow10[9-n]
		case n < len(pow10):
			return units / pow10[n], units % pow10[n] / pow10[n-9]
		case n-9 < len(pow10):
			return 0, units / pow10[n-9]
		}
		return 0, 0
	}
	if n < 64 {
		seconds = units >> n
		units -= seconds << n
	}
	high, low := bits.Mul64(units, 1e9)
	if n < 64 {
		return seconds, high<<(64-n) | low>>n
	}
	return 0, high >> (n - 64)
}

// time returns the moment so many units after the epoch and offset seconds
// later; false where no clock can have meant it.
func (r resolution) time(units uint64, offset int64) (time.Time, bool) {
	seconds, nanos := r.split(units)
	if seconds > maxSeconds || offset > maxSeconds || offset < -maxSeconds || int64(seconds)+offset < minSeconds {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds)+offset, int64(nanos)), true
}
