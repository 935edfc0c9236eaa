package chat

// showOrSetTopic sends the member the room's topic, or sets it and tells everyone.
func (m *Member) showOrSetTopic(text string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !m.isMember():
	case text != "" && m.person.Muted:
		m.send(Error, "", errMuted.Error())
	case text != "":
		r.topic = text
		r.log.append(Topic, m.person.Name, text)
	case r.topic == "":
		m.send(Reply, "", "there is no topic (/topic TEXT sets one)")
	default:
		r.sendTopic(m.subscriber)
	}
	return nil
}

// sendTopic sends one member the topic, if there is one.
func (r *Room) sendTopic(s Subscriber) {
	if r.topic != "" {
		s.SendPrivate(r.private(Reply, "", "the topic is: "+r.topic))
	}
}
