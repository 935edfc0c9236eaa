package chat

import "wirelab/internal/i18n"

// noReason is what the console shows for a member that gave no reason.
const noReason = "no reason given"

// maxAway bounds a reason, in bytes: /who lists many of them.
const maxAway = 120

// setAway marks the member as away.
func (m *Member) setAway(reason string) error {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if reason == "" {
		reason = noReason
	} else if err := m.maySpeak(); err != nil { // /who tells it
		return err
	}
	if m.isMember() {
		m.person.Away = string(Truncate([]byte(reason), maxAway))
		if m.person.Away == noReason {
			m.reply(i18n.Msg("chat.away.noreason"))
		} else {
			m.reply(i18n.Msg("chat.away.set", "Reason", m.person.Away))
		}
	}
	return nil
}

// endAway marks the member as no longer away. The room is locked.
func (m *Member) endAway() {
	if m.person.Away != "" {
		m.person.Away = ""
		m.reply(i18n.Msg("chat.away.ended"))
	}
}

// whereabouts returns the text of a line of kind Who.
func (p Person) whereabouts() string {
	switch p.Away {
	case "":
		return p.Transport
	case noReason:
		return p.Transport + ", away"
	}
	return p.Transport + ", away: " + p.Away
}
