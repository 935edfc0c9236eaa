package chat

// maxAway bounds a reason, in bytes: /who has many of them.
const maxAway = 120

// away marks the member as away.
func (m *member) away(reason string) error {
	if reason == "" {
		reason = "no reason given"
	}
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.here() {
		m.person.Away = string(fit([]byte(reason), maxAway))
		m.out.tell(r.aside(Reply, "", "you are away: "+m.person.Away))
	}
	return nil
}

// back ends the member's being away. The room is locked.
func (m *member) back() {
	if m.person.Away != "" {
		m.person.Away = ""
		m.out.tell(m.room.aside(Reply, "", "you are no longer away"))
	}
}

// whereabouts is the text of a line of kind Who.
func (p Person) whereabouts() string {
	if p.Away == "" {
		return p.Transport
	}
	return p.Transport + ", away: " + p.Away
}
