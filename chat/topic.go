package chat

// topic shows the room's topic, or sets it and tells everyone.
func (m *member) topic(text string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !m.here():
	case text != "" && m.person.Muted:
		m.out.tell(r.aside(Error, "", errMuted.Error()))
	case text != "":
		r.topic = text
		r.rec.append(Topic, m.person.Name, text)
	case r.topic == "":
		m.out.tell(r.aside(Reply, "", "there is no topic (/topic TEXT sets one)"))
	default:
		r.tellTopic(m.out)
	}
	return nil
}

// tellTopic tells one person the topic, if there is one.
func (r *Room) tellTopic(out outlet) {
	if r.topic != "" {
		out.tell(r.aside(Reply, "", "the topic is: "+r.topic))
	}
}
