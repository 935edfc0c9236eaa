package chat

import (
	"strings"
	"time"

	"wirelab/internal/i18n"
)

var (
	errMuted  = errorMessage(i18n.Msg("chat.command.muted"))
	errQuiet  = errorMessage(i18n.Msg("chat.command.quiet"))
	errLocked = errorMessage(i18n.Msg("chat.refused.locked"))
)

// longestKick bounds how long Kick keeps someone out.
const longestKick = 24 * time.Hour

// order is what the console asks of everyone. The zero value asks nothing.
type order struct {
	locked bool          // nobody new joins; members resume
	quiet  bool          // only those speak whom the console has named, and itself
	slow   time.Duration // between two lines of one person
}

// Kick removes a member and tells everyone, the member included. args is "NAME", then
// perhaps a duration (10m), then perhaps a reason. With a duration, of at most 24 hours,
// the member is kept out for that time, as by Ban. It is an error if nobody has the name,
// or if the word after it looks like a duration and is none ("10", "10min"): as a reason
// it would let the member come back at once.
//
// Names may contain blanks. The shortest name that is in the room counts, so that nobody
// is safe behind a "bob spam". A name between quotation marks counts whole.
func (r *Room) Kick(args string) (Removal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, reason := r.findFirst(args)
	if m == nil {
		return Removal{}, nobodyError(args)
	}
	word, rest, _ := strings.Cut(reason, " ")
	if mistakenDuration(word, rest) {
		return Removal{}, i18n.Errmsg("chat.mistake.order.kick", "Text", args, "Cause", i18n.Errmsg("chat.mistake.order.duration", "Word", word))
	}
	d, err := time.ParseDuration(word)
	if err == nil && d > 0 {
		reason = rest
	}
	return r.kickFor(m, d, reason)
}

// KickMember is Kick of the member of exactly that name, in upper or lower case. It keeps
// the member out for d, at most 24 hours; with 0 it can come back at once.
func (r *Room) KickMember(name string, d time.Duration, reason string) (Removal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.find(name)
	if m == nil {
		return Removal{}, nobodyError(name)
	}
	return r.kickFor(m, d, reason)
}

// kickFor removes a member and keeps it out for a time, if that is more than 0. The
// room is locked.
func (r *Room) kickFor(m *Member, d time.Duration, reason string) (taken Removal, err error) {
	taken.Names = []string{m.person.Name}
	if d > 0 {
		d = min(d, longestKick)
		if taken.Sanction, taken.Spared, err = r.sanction(m, Sanction{Until: r.now().Add(d)}); err != nil {
			return Removal{}, i18n.Errmsg("chat.mistake.order.kick", "Text", m.person.Name, "Cause", err)
		}
		r.logger.Info("kept out", "name", m.person.Name, "for", d, "address", m.person.Address)
	}
	r.kick(m, CleanText(reason))
	return taken, nil
}

// mistakenDuration reports whether the first word of a reason is probably a duration
// of another form than time.ParseDuration's. "10 bottles" is a reason.
func mistakenDuration(word, rest string) bool {
	unit := strings.TrimLeft(word, "0123456789")
	if unit == word || unit == "" && rest != "" {
		return false
	}
	d, err := time.ParseDuration(word)
	return err != nil || d <= 0
}

func (r *Room) kick(m *Member, reason string) {
	r.append(Kick, m.person.Name, reason, m)
	r.remove(m, RemovedKicked, "kicked")
}

// Mute silences a member until Unmute: nobody is told what it says. Mute outlives the
// connection. It holds for whoever has the member's token or name, and whoever comes from
// its address if nobody else is there. It is an error if nobody has the name.
func (r *Room) Mute(name string) (Sanction, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.findQuoted(name)
	if m == nil {
		return Sanction{}, nobodyError(name)
	}
	if m.person.Muted {
		return Sanction{Name: m.person.Name, Mute: true}, nil
	}
	s, _, err := r.sanction(m, Sanction{Mute: true})
	if err != nil {
		return Sanction{}, i18n.Errmsg("chat.mistake.order.mute", "Name", name, "Cause", err)
	}
	m.person.Muted, m.person.Away = true, ""
	r.logger.Info("muted", "name", m.person.Name, "address", m.person.Address)
	return s, nil
}

// Unmute ends a Mute, also of someone who has left. It is an error if nobody of that name
// is muted.
func (r *Room) Unmute(name string) error {
	if r.lift(name, true) != nil {
		return i18n.Errmsg("chat.mistake.order.notmuted", "Name", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		muted, err := r.checkJoin(m.person, m.token, m.person.Name)
		m.person.Muted = muted && err == nil
	}
	return nil
}

// Lock keeps out everyone who is new until it is called with false. Members who have lost
// their connection can still resume.
func (r *Room) Lock(locked bool) { r.setOrder(func(o *order) { o.locked = locked }) }

// Slow sets how long everyone has to wait between two lines; 0 ends it.
func (r *Room) Slow(d time.Duration) { r.setOrder(func(o *order) { o.slow = d }) }

// Quiet lets only the console speak, and the members that it has named, until Unquiet.
// name is one more of them, or "". It is an error if nobody has the name.
func (r *Room) Quiet(name string) error {
	r.mu.Lock()
	m := r.findQuoted(name)
	if m != nil {
		m.person.Voice = true
	}
	r.mu.Unlock()
	if name != "" && m == nil {
		return nobodyError(name)
	}
	r.setOrder(func(o *order) { o.quiet = true })
	return nil
}

// Unquiet ends Quiet, and forgets the members that it was given.
func (r *Room) Unquiet() {
	r.setOrder(func(o *order) { o.quiet = false })
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		m.person.Voice = false
	}
}

// setOrder changes the room's order and tells everyone what is new.
func (r *Room) setOrder(change func(*order)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.order
	change(&r.order)
	now := r.order
	tell := func(changed, on bool, begun, ended i18n.Message) {
		if on {
			ended = begun
		}
		if changed && !r.closed {
			l := NewCoded(Notice, ended)
			r.append(l.Kind, l.Name, l.Text, nil)
		}
	}
	tell(now.locked != before.locked, now.locked, i18n.Msg("chat.order.locked"), i18n.Msg("chat.order.unlocked"))
	tell(now.quiet != before.quiet, now.quiet, i18n.Msg("chat.order.quiet"), i18n.Msg("chat.order.unquiet"))
	tell(now.slow != before.slow, now.slow > 0, i18n.Msg("chat.order.slow", "Seconds", now.slow.Seconds()), i18n.Msg("chat.order.unslow"))
	r.logger.Info("order", "locked", now.locked, "quiet", now.quiet, "slow", now.slow)
}

// Order returns what Lock, Quiet and Slow have in force, for the console: a message for
// each, none if there is nothing.
func (r *Room) Order() []i18n.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var said []i18n.Message
	if r.order.locked {
		said = append(said, i18n.Msg("chat.order.locked"))
	}
	if r.order.quiet {
		said = append(said, i18n.Msg("chat.order.quiet"))
	}
	if r.order.slow > 0 {
		said = append(said, i18n.Msg("chat.order.slow", "Seconds", r.order.slow.Seconds()))
	}
	return said
}

// maySpeak returns why a member is not told to others, or nil, and counts what it says
// now. The room is locked.
func (m *Member) maySpeak() error {
	r := m.room
	switch {
	case m.person.Muted:
		return errMuted
	case r.order.quiet && !m.person.Voice:
		return errQuiet
	}
	now := r.now()
	if wait := m.spoke.Add(r.order.slow).Sub(now); r.order.slow > 0 && wait > 0 {
		return errorMessage(i18n.Msg("chat.command.slow", "Seconds", int(r.order.slow.Seconds()), "Wait", int(wait.Seconds())+1))
	}
	m.spoke = now
	return nil
}

// nobodyError is an errNobody that says whom.
type nobodyError string

// Error implements error.
func (e nobodyError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated.
func (e nobodyError) Unwrap() error {
	return i18n.Errmsg("chat.mistake.order.nobody", "Name", string(e))
}

// Is makes it an errNobody.
func (nobodyError) Is(target error) bool { return target == errNobody }

// findFirst returns the member with the shortest name that s begins with, or with the
// one between quotation marks, and the rest of s; nil for nobody.
func (r *Room) findFirst(s string) (m *Member, rest string) {
	s = strings.TrimSpace(s)
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		if name, rest, ok := strings.Cut(quoted, `"`); ok {
			if m := r.find(name); m != nil {
				return m, strings.TrimSpace(rest)
			}
		}
	}
	for i := 0; i < len(s); {
		end := len(s)
		if n := strings.IndexByte(s[i+1:], ' '); n >= 0 {
			end = i + 1 + n
		}
		if m := r.find(s[:end]); m != nil {
			return m, strings.TrimSpace(s[end:])
		}
		i = end
	}
	return nil, ""
}

// findQuoted returns the member of a name, which quotation marks may surround.
func (r *Room) findQuoted(name string) *Member {
	if m := r.find(strings.TrimSpace(name)); m != nil {
		return m
	}
	return r.find(strings.Trim(strings.TrimSpace(name), `"`))
}

// find returns the member of that name, in any case; nil for nobody.
func (r *Room) find(name string) *Member {
	m := r.names[fold(name)]
	if m == nil || fold(m.person.Name) != fold(name) {
		return nil
	}
	return m
}
