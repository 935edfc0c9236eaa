package chat

import (
	"slices"
	"time"
)

const (
	maxAbsent   = 1024            // people who can resume
	absentFor   = 5 * time.Minute // they can
	nameKeptFor = time.Minute     // of one whose connection was lost
)

// absentees are those who left of late, and may resume. The zero value is
// ready; its owner locks.
type absentees struct {
	list []absentee // the first to have left first
}

type absentee struct {
	token, name string
	keys        [2]string // empty: others may have the name
	since       time.Time
	away        string
	muted       bool
}

func (a *absentees) add(m *member, keepName bool) {
	a.expire()
	was := absentee{token: m.token, name: m.person.Name, since: time.Now(), away: m.person.Away, muted: m.person.Muted}
	if keepName {
		was.keys = keys(was.name)
	}
	a.list = append(a.list, was)
}

// take removes and returns the one with that token.
func (a *absentees) take(token string) (was absentee, ok bool) {
	a.expire()
	i := slices.IndexFunc(a.list, func(x absentee) bool { return x.token == token })
	if i < 0 || token == "" {
		return absentee{}, false
	}
	was = a.list[i]
	a.list = slices.Delete(a.list, i, i+1)
	return was, true
}

// holds reports whether a name with that key is kept for someone.
func (a *absentees) holds(key string) bool {
	return slices.ContainsFunc(a.list, func(x absentee) bool {
		return (x.keys[0] == key || x.keys[1] == key) && time.Since(x.since) < nameKeptFor
	})
}

func (a *absentees) expire() {
	n := max(0, len(a.list)-maxAbsent+1)
	for n < len(a.list) && time.Since(a.list[n].since) > absentFor {
		n++
	}
	a.list = slices.Delete(a.list, 0, n)
}
