package chat

import (
	"fmt"
	"strings"

	"wirelab/internal/i18n"
)

var errMuted = errorMessage(i18n.Msg("chat.command.muted"))

// Kick removes a member and tells everyone, the member included. Its argument is
// "NAME" or "NAME reason"; names may contain blanks, and the longest name that is
// here counts. The error is errNobody if there is none.
func (r *Room) Kick(nameAndReason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, reason := r.findFirst(nameAndReason)
	if m == nil {
		return nobodyError(nameAndReason)
	}
	r.kick(m, CleanText(reason))
	return nil
}

func (r *Room) kick(m *Member, reason string) {
	r.log.append(Kick, m.person.Name, reason)
	r.remove(m, "kicked")
}

// Mute keeps everyone from being told what a member says, until Unmute or until
// the member leaves and does not resume. The error is errNobody if there is none.
func (r *Room) Mute(name string) error { return r.mute(name, true) }

// Unmute ends what Mute began. The error is that of Mute.
func (r *Room) Unmute(name string) error { return r.mute(name, false) }

func (r *Room) mute(name string, muted bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.find(strings.TrimSpace(name))
	switch {
	case m == nil:
		return nobodyError(name)
	case m.person.Muted != muted:
		m.person.Muted = muted
		r.logger.Info("muted", "name", m.person.Name, "muted", muted, "address", m.person.Address)
	}
	return nil
}

// nobodyError is an errNobody that says whom.
type nobodyError string

// Error implements error.
func (e nobodyError) Error() string { return fmt.Sprintf("nobody called %q is here", string(e)) }

// Is makes it an errNobody.
func (nobodyError) Is(target error) bool { return target == errNobody }

// findFirst returns the member with the longest name that s begins with, and the
// rest of s; nil for nobody.
func (r *Room) findFirst(s string) (m *Member, rest string) {
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

// find returns the member of that name, in any case; nil for nobody.
func (r *Room) find(name string) *Member {
	m := r.names[fold(name)]
	if m == nil || fold(m.person.Name) != fold(name) {
		return nil
	}
	return m
}
