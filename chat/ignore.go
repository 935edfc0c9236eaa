package chat

import (
	"maps"
	"slices"

	"wirelab/internal/i18n"
)

// maxIgnored is how many people one member ignores at most.
const maxIgnored = 100

// ignored are the names of those whom a member ignores, by fold. It is never changed
// in place: whoever writes to the member reads it without the room's lock.
type ignored map[string]string

// Ignores reports whether the member ignores a line, because it ignores its sender. A
// server sends a line of kind Ignored in its place to a client that reads numbers, so that
// they have no gap.
func (m *Member) Ignores(l Line) bool {
	if l.Kind != Say && l.Kind != Me && l.Kind != Msg {
		return false
	}
	set := m.ignored.Load()
	if set == nil || len(*set) == 0 {
		return false
	}
	_, ok := (*set)[fold(l.Name)]
	return ok
}

// IgnoresAnyone reports whether the member ignores anybody at all.
func (m *Member) IgnoresAnyone() bool {
	set := m.ignored.Load()
	return set != nil && len(*set) > 0
}

// ignore hides what someone says, or shows it again, or lists who is ignored. The
// server hides it: nc and client.py cannot.
func (m *Member) ignore(name string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	set := ignored{}
	if old := m.ignored.Load(); old != nil {
		set = maps.Clone(*old)
	}
	key := fold(name)
	other := r.find(name)
	switch before, ok := set[key]; {
	case name == "" && len(set) == 0:
		m.reply(i18n.Msg("chat.ignore.nobody"))
		return nil
	case name == "":
		m.reply(i18n.Msg("chat.ignore.list", "Names", slices.Sorted(maps.Values(set))))
		return nil
	case ok:
		delete(set, key)
		m.reply(i18n.Msg("chat.ignore.ended", "Name", before))
	case other == nil || other == m:
		return errorMessage(i18n.Msg("chat.ignore.whom"))
	case len(set) >= maxIgnored:
		return errorMessage(i18n.Msg("chat.ignore.most", "Most", maxIgnored))
	default:
		set[key] = other.person.Name
		m.reply(i18n.Msg("chat.ignore.begun", "Name", other.person.Name))
	}
	m.ignored.Store(&set)
	return nil
}

// followIgnored keeps ignoring someone under another name. The room is locked.
func (m *Member) followIgnored(old, name string) {
	set := m.ignored.Load()
	if set == nil {
		return
	}
	if _, ok := (*set)[fold(old)]; ok {
		now := maps.Clone(*set)
		delete(now, fold(old))
		now[fold(name)] = name
		m.ignored.Store(&now)
	}
}
