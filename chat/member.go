package chat

import (
	"crypto/rand"
	"net/netip"
	"sync/atomic"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/netblock"
)

// Member is a person's membership of a room. Its methods may be called from several
// goroutines at once.
type Member struct {
	room       *Room
	subscriber Subscriber
	token      string
	joined     uint64
	person     Person // the room's lock guards Name, Away, Muted and Voice
	ignored    atomic.Pointer[ignored]
	spoke      time.Time // when it last said something, or joined; the room's lock guards it
	removed    Removed   // why it is no longer in the room; the room's lock guards it
}

// Join adds a member, whose lines s takes. If its name is taken, it gets a number
// appended. The member is first sent its name; then the last lines of the room
// (Log.History), unless it is over UDP, or exactly those that it missed if it resumes with
// a valid token; then every line. A token that a member has is not valid at another
// address, unless from.Unanswered says that the member does not answer.
//
// The error is ErrClosed, an error of CleanName, or another *MessageError that says why
// the person is kept out.
func (r *Room) Join(p Person, from Resume, s Subscriber) (*Member, error) {
	name, err := CleanName(p.Name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	p.Muted, err = r.checkJoin(p, from.Token, name)
	if err != nil {
		return nil, err
	}
	p.Since = time.Now()
	m := &Member{room: r, subscriber: s, token: rand.Text(), person: p, spoke: r.now()}
	old, known := r.members[from.Token], false
	var before, inUse netip.Addr // where the token was, or is
	if old != nil && isElsewhere(old.person, p) && !from.Unanswered {
		r.logger.Warn("token in use sent from another address", "name", old.person.Name, "address", p.Address, "member", old.person.Address)
		inUse, old = address(old.person), nil
	} else if old != nil {
		name, m.token, known = old.person.Name, old.token, true
		m.person.Away, m.person.Voice, m.spoke = old.person.Away, old.person.Voice, old.spoke
		m.ignored.Store(old.ignored.Load())
		before = address(old.person)
		old.send(NewCoded(Error, i18n.Msg("chat.cut.elsewhere")))
		r.remove(old, RemovedResumed, "resumed from "+p.Address)
	} else if left, ok := r.disconnected.remove(from.Token); ok {
		name, m.token, known = left.name, from.Token, true
		m.person.Away, m.person.Voice, m.spoke = left.away, left.voice, left.spoke
		m.ignored.Store(left.ignored)
		before = left.address
	}
	if r.order.locked && !known {
		return nil, errLocked
	}
	m.person.Name = r.free(name)
	r.members[m.token] = m
	for _, k := range keys(m.person.Name) {
		r.names[k] = m
	}

	snapshot := r.log.Snapshot()
	pos, first := snapshot.Head, snapshot.Seq+1
	if p.Transport != "udp" {
		pos, first = r.log.History()
	}
	missed, resumed := snapshot.Find(from.Seq + 1)
	if resumed = resumed && known; resumed {
		pos, first = missed, from.Seq+1
	}
	s.Begin(pos, Line{first - 1, p.Since, You, m.person.Name, m.token})
	switch now := address(p); {
	case inUse.IsValid():
		m.send(NewCoded(Error, i18n.Msg("chat.token.inuse", "Address", inUse)))
	case before.IsValid() && now.IsValid() && netblock.Of(before) != netblock.Of(now):
		r.logger.Warn("resumed from another address", "name", m.person.Name, "address", p.Address, "before", before)
		m.send(NewCoded(Error, i18n.Msg("chat.token.moved", "Address", before)))
	}
	if old != nil {
		r.logger.Info("resumed", "name", m.person.Name, "address", p.Address, "from", from.Seq)
		return m, nil
	}
	r.logger.Info("joined", "name", m.person.Name, "transport", p.Transport, "address", p.Address)
	m.joined = r.append(Join, m.person.Name, p.Transport, m).Seq
	if !resumed && p.Transport != "udp" {
		m.sendTopic()
	}
	return m, nil
}

// Joined returns the number of the line that told everyone that the member joined, or 0 if
// it took over from a connection that it still had.
func (m *Member) Joined() uint64 { return m.joined }

// isElsewhere reports whether two people are known to be at different addresses.
func isElsewhere(a, b Person) bool {
	at, other := address(a), address(b)
	return at.IsValid() && other.IsValid() && netblock.Of(at) != netblock.Of(other)
}

// Elsewhere returns the member that has a token if it is at another address than p,
// otherwise nil.
func (r *Room) Elsewhere(token string, p Person) *Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.members[token]; m != nil && isElsewhere(m.person, p) {
		return m
	}
	return nil
}

// Subscriber returns the Subscriber that Join was given.
func (m *Member) Subscriber() Subscriber { return m.subscriber }

// Token returns the token with which the member resumes.
func (m *Member) Token() string { return m.token }

// Removed is the reason why a member is no longer in the room.
type Removed int

// The reasons. Zero means that the member is still in the room.
const (
	RemovedLeft    Removed = iota + 1 // by Leave
	RemovedKicked                     // by the console, with Kick or Ban
	RemovedResumed                    // another connection has taken over its token
	RemovedClosed                     // the room is closed
)

// Removed returns why the member is no longer in the room; 0 while it is.
func (m *Member) Removed() Removed {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.removed
}

// Name returns the member's name.
func (m *Member) Name() string {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.person.Name
}

// sayToAll tells everyone, the member included, a line of kind Say or Me. It does
// nothing for a member that has left.
func (m *Member) sayToAll(kind Kind, text string) {
	if text = CleanText(text); text == "" {
		return
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if !m.isMember() {
		return
	}
	if err := m.maySpeak(); err != nil {
		m.send(ErrorLine(err))
		return
	}
	m.endAway()
	m.room.append(kind, m.person.Name, text, m)
}

// SendPrivate sends a line to the member only. It sets the line's number and time. It does
// nothing if the member has left.
func (m *Member) SendPrivate(l Line) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.isMember() {
		m.send(l)
	}
}

// send is SendPrivate for a caller that has locked the room.
func (m *Member) send(l Line) { m.subscriber.SendPrivate(m.room.private(l)) }

// reply sends the member an answer to a command. The room is locked.
func (m *Member) reply(answer i18n.Message) { m.send(NewCoded(Reply, answer)) }

// Leave removes the member and tells the others the reason. It does nothing if the member
// has left. lost says that the connection was lost, and not closed: nobody else can take
// the name for the next minute, unless the member is a guest.
func (m *Member) Leave(reason string, lost bool) { m.room.LeaveTogether(reason, lost, m) }

// isMember reports whether the member is still in the room, which is locked.
func (m *Member) isMember() bool { return m.room.members[m.token] == m }
