package render

import (
	"strings"
	"time"

	"wirelab/sniffer/internal/digits"
)

// The forms of a time without its fraction of a second.
const (
	timeOfDay   = "15:04:05."
	dateAndTime = "2006-01-02 15:04:05."
	rfc3339     = "2006-01-02T15:04:05."
)

// clock writes times in one form. It keeps the text of the last second: frames
// come many a second.
type clock struct {
	form   string
	utc    bool
	kept   bool // second, text and ok are set
	second int64
	text   []byte
	ok     bool // the year has four digits
}

// append appends a time up to the whole second. ok is false for a year outside
// 0 to 9999, which RFC 3339 does not know.
func (c *clock) append(dst []byte, t time.Time) (_ []byte, ok bool) {
	if second := t.Unix(); !c.kept || second != c.second {
		if t = t.Local(); c.utc {
			t = t.UTC()
		}
		c.kept, c.second, c.ok = true, second, t.Year() >= 0 && t.Year() <= 9999
		c.text = t.AppendFormat(c.text[:0], c.form)
	}
	return append(dst, c.text...), c.ok
}

// appendMicroseconds appends a time to the microsecond, of a frame that has no
// time "-" as wide as a time of day.
func (c *clock) appendMicroseconds(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "-              "...)
	}
	dst, _ = c.append(dst, t)
	return digits.AppendPadded(dst, uint32(t.Nanosecond()/1000), 6)
}

// appendTime appends a time in UTC as RFC 3339 with nine digits, without
// quotes.
func (c *clock) appendTime(dst []byte, t time.Time) (_ []byte, ok bool) {
	if dst, ok = c.append(dst, t); !ok {
		return dst, false
	}
	n := uint32(t.Nanosecond())
	dst = digits.AppendPadded(append(dst, '0'+byte(n/1e8)), n%1e8, 8)
	return append(dst, 'Z'), true
}

// Duration writes a duration with three digits: 11.5 ms, 1m30s.
func Duration(d time.Duration) string {
	unit := time.Duration(1)
	for unit < time.Second && d >= 1000*unit {
		unit *= 10
	}
	d = d.Round(unit)
	text := d.String()
	if d >= time.Minute {
		return text
	}
	digits := strings.TrimRight(text, "hmnµs")
	return digits + " " + text[len(digits):]
}
