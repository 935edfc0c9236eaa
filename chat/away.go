package chat

// maxAway bounds a reason, in bytes: /who lists many of them.
const maxAway = 120

// setAway marks the member as away.
func (m *Member) setAway(reason string) error {
	if reason == "" {
		reason = "no reason given"
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.isMember() {
		m.person.Away = string(Truncate([]byte(reason), maxAway))
		m.send(Reply, "", "you are away: "+m.person.Away)
	}
	return nil
}

// endAway marks the member as no longer away. The room is locked.
func (m *Member) endAway() {
	if m.person.Away != "" {
		m.person.Away = ""
		m.send(Reply, "", "you are no longer away")
	}
}

// whereabouts returns the text of a line of kind Who.
func (p Person) whereabouts() string {
	if p.Away == "" {
		return p.Transport
	}
	return p.Transport + ", away: " + p.Away
}
