package chat

import (
	"cmp"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// historyLines is how much whoever joins is told of what was before.
const historyLines = 50

// The errors of a room.
var (
	ErrClosed = errors.New("the room is closed")
	ErrNobody = errors.New("nobody of that name is here")
)

// outlet carries the room's lines to one member, who reads the record at its
// own pace. The room calls it while it is locked: no method may block or call
// the room.
type outlet interface {
	// begin says from which position of the record on the member is told
	// everything, and what its name is: a line of kind You. It is called first.
	begin(pos uint64, you Line)
	// tell takes a line for this member alone, to follow what is in the record
	// at this moment.
	tell(Line)
	// end says that nothing follows what is in the record at this moment.
	end()
	// queued is how many bytes wait for the member to read.
	queued() int
}

// Person is what the room knows of a member.
type Person struct {
	Name      string
	Transport string // tcp or udp
	Address   string // where the person is, for logs and the console
	Since     time.Time
	Queued    int    // bytes that wait for the person to read
	Away      string // why the person is away; empty: is not
	Muted     bool   // nobody hears what the person says
}

// member is a person's place in a room.
type member struct {
	room   *Room
	out    outlet
	token  string
	joined uint64 // the number of the line that told of it; 0 for one that resumed
	person Person // its name, Away and Muted are guarded by the room's lock
}

// Room decides who hears what. All methods, and those of its members, may be
// called from several goroutines at once; all see the lines in one order.
type Room struct {
	// Console is the name under which Say speaks, which nobody else can have:
	// set before the room is used, ServerName by NewRoom.
	Console string

	log *slog.Logger
	rec *record

	mu      sync.Mutex
	closed  bool
	members map[string]*member // by token
	names   map[string]*member // by each of the two keys of a name
	absent  absentees
	suffix  map[string]int // the last one given to a name, by its skeleton
	topic   string
	bans    bans
}

// NewRoom returns an empty room that logs who comes and goes; a nil logger
// discards.
func NewRoom(log *slog.Logger) *Room {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Room{Console: ServerName, log: log, rec: newRecord(recordSize), members: map[string]*member{}, names: map[string]*member{}, suffix: map[string]int{}}
}

// join adds a person. Where the name is taken, or the server's, a number is
// appended. Who resumes with a good token is told what it missed, else, over
// TCP, the last lines.
func (r *Room) join(p Person, from Resume, out outlet) (*member, error) {
	name, err := CleanName(p.Name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	if err := r.bans.check(address(p)); err != nil {
		return nil, err
	}
	p.Since = time.Now()
	m := &member{room: r, out: out, token: rand.Text(), person: p}
	old, back := r.members[from.Token], false
	if old != nil {
		name, m.token, back = old.person.Name, old.token, true
		m.person.Away, m.person.Muted = old.person.Away, old.person.Muted
		old.out.tell(r.aside(Error, "", "you are here from elsewhere now"))
		r.forget(old, "resumed from "+p.Address)
	} else if was, ok := r.absent.take(from.Token); ok {
		name, m.token, back = was.name, from.Token, true
		m.person.Away, m.person.Muted = was.away, was.muted
	}
	m.person.Name = r.free(name)
	r.members[m.token] = m
	for _, k := range keys(m.person.Name) {
		r.names[k] = m
	}

	v := r.rec.view()
	pos, first := v.head, v.seq+1
	if p.Transport == "tcp" {
		pos, first = v.last(historyLines)
	}
	missed, resumed := v.find(from.Seq + 1)
	if resumed = resumed && back; resumed {
		pos, first = missed, from.Seq+1
	}
	out.begin(pos, Line{first - 1, p.Since, You, m.person.Name, m.token})
	if old != nil {
		r.log.Info("resumed", "name", m.person.Name, "address", p.Address, "from", from.Seq)
		return m, nil
	}
	r.log.Info("joined", "name", m.person.Name, "transport", p.Transport, "address", p.Address)
	m.joined = r.rec.append(Join, m.person.Name, p.Transport).Seq
	if !resumed && p.Transport == "tcp" {
		r.tellTopic(out)
	}
	return m, nil
}

// taken reports whether a name is too like that of someone who is here, of the
// server, or of someone whose connection was just lost.
func (r *Room) taken(name string) bool {
	server := keys(r.Console)
	for i, k := range keys(name) {
		if r.names[k] != nil || k == serverKeys[i] || k == server[i] || r.absent.holds(k) {
			return true
		}
	}
	return false
}

// free returns the name, with a number where it is taken. So that a thousand of
// one name cost little, it does not begin anew for each after the first few.
func (r *Room) free(name string) string {
	if !r.taken(name) {
		return name
	}
	if len(r.suffix) > maxSuffixes {
		clear(r.suffix)
	}
	key := skeleton(name)
	for n := 2; ; n++ {
		if n == fewSuffixes {
			n = max(n, r.suffix[key])
		}
		if candidate := suffixed(name, n); !r.taken(candidate) {
			r.suffix[key] = n
			return candidate
		}
	}
}

const (
	fewSuffixes = 10
	maxSuffixes = 4096 // names of which it is known how far they have come
)

var serverKeys = keys(ServerName)

// say tells everyone, the member included, what the member says or, for Me,
// does. It does nothing for a member that is no longer in the room.
func (m *member) say(kind Kind, text string) {
	if text = CleanText(text); text == "" {
		return
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	switch {
	case !m.here():
	case m.person.Muted:
		m.out.tell(m.room.aside(Error, "", errMuted.Error()))
	default:
		m.back()
		m.room.rec.append(kind, m.person.Name, text)
	}
}

// tell tells the member alone.
func (m *member) tell(kind Kind, name, text string) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.here() {
		m.out.tell(m.room.aside(kind, name, text))
	}
}

// aside is a line for one person, numbered as the last line for all.
func (r *Room) aside(kind Kind, name, text string) Line {
	return Line{r.rec.view().seq, time.Now(), kind, name, text}
}

// leave removes the member and tells the others. It does nothing for a member
// that is no longer in the room. Of one whose connection was lost, not closed,
// the name is kept for a while.
func (m *member) leave(reason string, lost bool) { m.room.leave(reason, lost, m) }

// leave removes several at once: those who go together do not hear of each
// other's going.
func (r *Room) leave(reason string, lost bool, members ...*member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := slices.DeleteFunc(slices.Clone(members), func(m *member) bool { return !m.here() })
	for _, m := range gone {
		r.forget(m, reason)
		r.absent.add(m, lost)
	}
	for _, m := range gone {
		r.rec.append(Leave, m.person.Name, reason)
	}
}

// Say tells everyone what the server's console says.
func (r *Room) Say(text string) {
	if text = CleanText(text); text == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.rec.append(Say, r.Console, text)
	}
}

// People returns who is in the room, the first to come first.
func (r *Room) People() []Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	people := make([]Person, 0, len(r.members))
	for _, m := range r.members {
		p := m.person
		p.Queued = m.out.queued()
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b Person) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
	return people
}

// Close tells everyone that the server is closing and ends every member. No
// one can join afterwards. It may be called more than once.
func (r *Room) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	r.rec.append(Notice, "", "server is closing")
	for _, m := range r.members {
		r.forget(m, "server is closing")
	}
	r.rec.close()
}

// here reports whether the member is in the room, which is locked.
func (m *member) here() bool { return m.room.members[m.token] == m }

func (r *Room) forget(m *member, reason string) {
	delete(r.members, m.token)
	for _, k := range keys(m.person.Name) {
		delete(r.names, k)
	}
	m.out.end()
	r.log.Info("left", "name", m.person.Name, "transport", m.person.Transport, "address", m.person.Address, "reason", reason)
}

func (m *member) name() string {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.person.Name
}
