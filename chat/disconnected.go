package chat

import (
	"net/netip"
	"slices"
	"time"
)

const (
	maxDisconnected = 1024          // members that are held
	resumableFor    = 2 * time.Hour // a lesson, after which the token is forgotten
	nameKeptFor     = time.Minute   // after the connection was lost
)

// Resume says where a client continues that has lost its connection. The zero value is a
// new client.
type Resume struct {
	Seq   uint64 // number of the last line that the client has received
	Token string // the token that the server gave it
	// Unanswered says that another connection has the token, was asked and does not
	// answer. Only then can a client at another address take the token over. The
	// server sets it: it is not on the wire.
	Unanswered bool
}

// disconnectedMembers holds recently disconnected members that may still resume.
// The zero value is ready; its owner locks.
type disconnectedMembers struct {
	list []disconnectedMember // the first to have left comes first
}

type disconnectedMember struct {
	id, name string    // id is the sessionID of its token
	keys     [2]string // empty: others may take the name
	since    time.Time
	away     string
	voice    bool
	spoke    time.Time
	ignored  *ignored
	address  netip.Addr // may be none
}

func (d *disconnectedMembers) add(m *Member, keepName bool) {
	if m.person.Guest {
		return
	}
	d.expire(maxDisconnected - 1)
	left := disconnectedMember{id: sessionID(m.token), name: m.person.Name, since: time.Now(), away: m.person.Away, voice: m.person.Voice, spoke: m.spoke, ignored: m.ignored.Load(), address: address(m.person)}
	if keepName {
		left.keys = keys(left.name)
	}
	d.list = append(d.list, left)
}

// remove removes and returns the member with that token.
func (d *disconnectedMembers) remove(token string) (left disconnectedMember, ok bool) {
	d.expire(maxDisconnected)
	i := slices.IndexFunc(d.list, func(x disconnectedMember) bool { return x.id == sessionID(token) })
	if i < 0 || token == "" {
		return disconnectedMember{}, false
	}
	left = d.list[i]
	d.list = slices.Delete(d.list, i, i+1)
	return left, true
}

// holds reports whether a name with that key is kept for a member.
func (d *disconnectedMembers) holds(key string) bool {
	return slices.ContainsFunc(d.list, func(x disconnectedMember) bool {
		return (x.keys[0] == key || x.keys[1] == key) && time.Since(x.since) < nameKeptFor
	})
}

// expire forgets the members that left too long ago, and the first of more than most.
func (d *disconnectedMembers) expire(most int) {
	n := max(0, len(d.list)-most)
	for n < len(d.list) && time.Since(d.list[n].since) > resumableFor {
		n++
	}
	d.list = slices.Delete(d.list, 0, n)
}
