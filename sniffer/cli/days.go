package cli

import (
	"time"

	"wirelab/sniffer/render"
)

// day is a day of the calendar, from one second to another of Unix time.
type day struct {
	from, to int64
	date     time.Time
}

func (d *day) has(t time.Time) bool { s := t.Unix(); return s >= d.from && s < d.to }

// dayOf returns the day that a time is shown in.
func (s *session) dayOf(t time.Time) day {
	if t = t.Local(); s.options.utc {
		t = t.UTC()
	}
	date := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	return day{date.Unix(), date.AddDate(0, 0, 1).Unix(), date}
}

// dayMark is a place in a batch's text where a day begins.
type dayMark struct {
	at int
	day
}

// dated reports whether a line tells the time of day without the day.
func (s *session) dated() bool {
	return s.options.output == "line" && s.options.lines.stamp == int(render.TimeOfDay)
}

// withDates returns a batch's text with a line where another day begins than that
// of the line before.
func (s *session) withDates(b *batch) []byte {
	var text []byte
	done := 0
	for _, mark := range b.days {
		if s.day.to != 0 && s.day.from != mark.from {
			text = append(text, b.text[done:mark.at]...)
			text = mark.date.AppendFormat(text, "-- 2006-01-02 --\n")
			done = mark.at
		}
		s.day = mark.day
	}
	if done == 0 && text == nil {
		return b.text
	}
	return append(text, b.text[done:]...)
}
