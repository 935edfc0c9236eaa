package chat

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"wirelab/internal/i18n"
)

// historyLines is how many earlier lines a member that joins is sent, beside those
// that tell who came and went; with these they are at most mostHistory.
const (
	historyLines = 50
	mostHistory  = 500
)

// Errors of a room.
var (
	// ErrClosed is the error of Room.Join after Close.
	ErrClosed = errorMessage(i18n.Msg("chat.refused.closed"))
	errNobody = errors.New("nobody of that name is here")
)

// Subscriber carries the lines of a room to one member. It reads the log at its own pace
// from a position on, and takes the lines for this member only. The room calls its methods
// while it is locked: they must not block, and must not call the room.
type Subscriber interface {
	// Begin is called first. It gives the position in the log from which the member
	// is told everything, and the line of kind You that precedes it.
	Begin(pos uint64, you Line)
	// SendPrivate takes a line for this member only, which follows the lines that are
	// in the log now.
	SendPrivate(Line)
	// End says that nothing follows the lines that are in the log now.
	End()
	// Queued returns how many bytes wait for the member to read them.
	Queued() int
}

// Person is what the room knows about a member. Name, Transport, Address and Guest are
// given to Room.Join; Room.People returns all of it.
type Person struct {
	Name      string
	Transport string // tcp, udp or web
	Address   string // IP address and port, for logs, the console and bans
	Since     time.Time
	Queued    int    // bytes that wait for the member to read them
	Away      string // the reason; empty if not away
	Muted     bool   // nobody is told what the member says
	Voice     bool   // may speak while the room is quiet
	Guest     bool   // was not told its token, and so cannot resume
}

// Room decides who is told what. NewRoom makes one. Its methods, and those of its members,
// may be called from several goroutines at once. All members are told the lines in the
// same order.
type Room struct {
	// Console is the name under which Say speaks. No member can have it. Set it before
	// the room is used; NewRoom sets it to ServerName.
	Console string

	// Record is called with each line that the room tells everyone, in their order,
	// while the room is locked: it must not block, and must not call the room. Set it
	// before the room is used; it may be nil.
	Record func(Record)

	logger *slog.Logger
	log    *Log

	mu           sync.Mutex
	closed       bool
	members      map[string]*Member // by token
	names        map[string]*Member // by each of the two keys of a name
	disconnected disconnectedMembers
	suffix       map[string]int // the last one given to a name, by its skeleton
	topic        string
	sanctions    []Sanction
	order        order
	now          func() time.Time // for what is about time: time.Now
}

// NewRoom returns an empty room. It logs who joins and leaves, and what the console does,
// to logger; nil discards that.
func NewRoom(logger *slog.Logger) *Room {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Room{Console: ServerName, logger: logger, log: newLog(logSize), members: map[string]*Member{}, names: map[string]*Member{}, suffix: map[string]int{}, now: time.Now}
}

// Log returns the log of the lines that the room tells everyone.
func (r *Room) Log() *Log { return r.log }

// Logger returns the logger of NewRoom.
func (r *Room) Logger() *slog.Logger { return r.logger }

// taken reports whether a name is too similar to that of a member, of the server,
// or of someone whose connection was just lost.
func (r *Room) taken(name string) bool {
	server := keys(r.Console)
	for i, k := range keys(name) {
		if r.names[k] != nil || k == serverKeys[i] || k == server[i] || r.disconnected.holds(k) {
			return true
		}
	}
	return false
}

// free returns the name, with a number appended if it is taken. It remembers the
// last number of a name, so that a thousand members of one name cost little.
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
	fewSuffixes = 10   // are tried from 2 on; beyond, from the last one given
	maxSuffixes = 4096 // names whose last number is remembered
)

var serverKeys = keys(ServerName)

// private numbers a line for one member alone as the last line for all.
func (r *Room) private(l Line) Line {
	l.Seq, l.Time = r.log.Snapshot().Seq, time.Now()
	return l
}

// LeaveTogether is Member.Leave for several members at once. None of them is told that the
// others leave.
func (r *Room) LeaveTogether(reason string, lost bool, members ...*Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	leaving := slices.DeleteFunc(slices.Clone(members), func(m *Member) bool { return !m.isMember() })
	for _, m := range leaving {
		r.remove(m, RemovedLeft, reason)
		r.disconnected.add(m, lost)
	}
	for _, m := range leaving {
		r.append(Leave, m.person.Name, reason, m)
	}
}

// Say tells everyone a text from the server's console. It does nothing after Close, or if
// CleanText leaves nothing of the text.
func (r *Room) Say(text string) {
	if text = CleanText(text); text == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.append(Say, r.Console, text, nil)
	}
}

// People returns the members, in the order in which they joined.
func (r *Room) People() []Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	people := make([]Person, 0, len(r.members))
	for _, m := range r.members {
		p := m.person
		p.Queued = m.subscriber.Queued()
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b Person) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
	return people
}

// Close tells everyone that the server is closing, and removes every member. Nobody can
// join after that. It may be called more than once.
func (r *Room) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	closing := NewCoded(Notice, i18n.Msg("chat.closing.server"))
	r.append(closing.Kind, closing.Name, closing.Text, nil)
	for _, m := range r.members {
		r.remove(m, RemovedClosed, "server is closing")
	}
	r.log.close()
}

func (r *Room) remove(m *Member, why Removed, reason string) {
	m.removed = why
	delete(r.members, m.token)
	for _, k := range keys(m.person.Name) {
		delete(r.names, k)
	}
	m.subscriber.End()
	r.logger.Info("left", "name", m.person.Name, "transport", m.person.Transport, "address", m.person.Address, "reason", reason)
}
