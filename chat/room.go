package chat

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// The errors of a room.
var (
	ErrClosed = errors.New("the room is closed")
	ErrNobody = errors.New("nobody of that name is here")
)

// Outlet carries the room's lines to one member. The room calls it while it is
// locked: neither method may block or call the room.
type Outlet interface {
	// Deliver takes a line, the first being You. It reports false when the
	// member has not read what was delivered before and there is no more space;
	// the room then removes the member.
	Deliver(Line) bool
	// End says that no line follows. It is called once.
	End()
}

// Person is what the room knows of a member.
type Person struct {
	Name      string
	Transport string // tcp or udp
	Address   string // where the person is, for logs and the console
	Since     time.Time
}

// Member is a person's place in a room.
type Member struct {
	Person // constant
	room   *Room
	out    Outlet
}

// Room decides who hears what. All methods, and those of its members, may be
// called from several goroutines at once; all see the lines in one order.
type Room struct {
	log *slog.Logger

	mu      sync.Mutex
	seq     uint64
	closed  bool
	members map[string]*Member // by folded name
	watch   func(Line)
}

// NewRoom returns an empty room that logs who comes and goes; a nil logger
// discards.
func NewRoom(log *slog.Logger) *Room {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Room{log: log, members: map[string]*Member{}, watch: func(Line) {}}
}

// Watch makes f see every line from now on, also those that no member hears.
// f must neither block nor call the room.
func (r *Room) Watch(f func(Line)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch = f
}

// Join adds a person. Where the name is taken, or the server's, a number is
// appended; the member has the name that was given.
func (r *Room) Join(p Person, out Outlet) (*Member, error) {
	name, err := CleanName(p.Name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	p.Name = free(name, func(folded string) bool {
		return folded == fold(ServerName) || r.members[folded] != nil
	})
	p.Since = time.Now()
	m := &Member{p, r, out}
	r.members[fold(p.Name)] = m
	out.Deliver(Line{r.seq, p.Since, You, p.Name, ""}) // an empty outlet has space
	r.log.Info("joined", "name", p.Name, "transport", p.Transport, "address", p.Address)
	r.tell(Join, p.Name, p.Transport)
	return m, nil
}

// Say tells everyone, the member included, what the member says. It does
// nothing for a member that is no longer in the room.
func (m *Member) Say(text string) {
	if text = CleanText(text); text == "" {
		return
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.room.has(m) {
		m.room.tell(Say, m.Name, text)
	}
}

// Leave removes the member and tells the others. It does nothing for a member
// that is no longer in the room.
func (m *Member) Leave(reason string) { m.room.leave(reason, m) }

// leave removes several at once: those who go together do not hear of each
// other's going.
func (r *Room) leave(reason string, members ...*Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := slices.DeleteFunc(slices.Clone(members), func(m *Member) bool { return !r.has(m) })
	for _, m := range gone {
		r.remove(m, reason)
	}
	for _, m := range gone {
		r.tell(Leave, m.Name, reason)
	}
}

// Say tells everyone what the server's console says.
func (r *Room) Say(text string) {
	if text = CleanText(text); text == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(Say, ServerName, text)
}

// Kick removes the person of that name, in any case, and tells everyone, the
// person included. The error is ErrNobody where there is none.
func (r *Room) Kick(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[fold(name)]
	if m == nil {
		return fmt.Errorf("kick %q: %w", name, ErrNobody)
	}
	r.tell(Kick, m.Name, "")
	if r.has(m) { // else it did not read even this
		r.remove(m, "kicked")
	}
	return nil
}

// People returns who is in the room, the first to come first.
func (r *Room) People() []Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	people := make([]Person, 0, len(r.members))
	for _, m := range r.members {
		people = append(people, m.Person)
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
	r.tell(Notice, "", "server is closing")
	for _, m := range r.members {
		r.remove(m, "server is closing")
	}
}

func (r *Room) has(m *Member) bool { return r.members[fold(m.Name)] == m }

func (r *Room) remove(m *Member, reason string) {
	delete(r.members, fold(m.Name))
	m.out.End()
	r.log.Info("left", "name", m.Name, "transport", m.Transport, "address", m.Address, "reason", reason)
}

// tell delivers a line to all and removes those who have no space for it.
func (r *Room) tell(kind Kind, name, text string) {
	r.seq++
	l := Line{r.seq, time.Now(), kind, name, text}
	var full []*Member
	for _, m := range r.members {
		if !m.out.Deliver(l) {
			full = append(full, m)
		}
	}
	r.watch(l)
	for _, m := range full {
		if r.has(m) {
			r.remove(m, slow)
			r.tell(Leave, m.Name, slow)
		}
	}
}

const slow = "does not read"
