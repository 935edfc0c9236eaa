package chat

import (
	"errors"
	"fmt"
	"strings"
)

var errMuted = errors.New("you are muted: nobody hears it")

// Kick removes a person, and tells everyone, the person included. What follows
// "kick" on the console is "NAME" or "NAME reason", and names contain spaces:
// it is the longest name that is here. The error is ErrNobody where there is
// none.
func (r *Room) Kick(nameAndReason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, reason := r.findFirst(nameAndReason)
	if m == nil {
		return fmt.Errorf("kick %q: %w", nameAndReason, ErrNobody)
	}
	r.kick(m, CleanText(reason))
	return nil
}

func (r *Room) kick(m *member, reason string) {
	r.rec.append(Kick, m.person.Name, reason)
	r.forget(m, "kicked")
}

// Mute keeps what a person says from everyone, Unmute ends that. It lasts while
// the person is here, or resumes. The error is ErrNobody where there is none.
func (r *Room) Mute(name string) error { return r.mute(name, true) }

// Unmute ends what Mute began.
func (r *Room) Unmute(name string) error { return r.mute(name, false) }

func (r *Room) mute(name string, muted bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.find(strings.TrimSpace(name))
	switch {
	case m == nil:
		return fmt.Errorf("%q: %w", name, ErrNobody)
	case m.person.Muted != muted:
		m.person.Muted = muted
		r.log.Info("muted", "name", m.person.Name, "muted", muted, "address", m.person.Address)
	}
	return nil
}

// findFirst returns the person whose name s begins with, the longest that is
// here, and what follows it; nil for nobody.
func (r *Room) findFirst(s string) (m *member, rest string) {
	s = strings.TrimSpace(s)
	for name := s; ; {
		if m := r.find(name); m != nil {
			return m, strings.TrimSpace(s[len(name):])
		}
		i := strings.LastIndexByte(name, ' ')
		if i < 0 {
			return nil, ""
		}
		name = strings.TrimSpace(name[:i])
	}
}

// find returns the person of that name, in any case.
func (r *Room) find(name string) *member {
	m := r.names[fold(name)]
	if m == nil || fold(m.person.Name) != fold(name) {
		return nil
	}
	return m
}
