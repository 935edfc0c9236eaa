package chat

import "wirelab/internal/i18n"

// showOrSetTopic sends the member the room's topic, or sets it and tells everyone.
func (m *Member) showOrSetTopic(text string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !m.isMember():
	case text != "":
		if err := m.maySpeak(); err != nil {
			return err
		}
		r.topic = text
		r.append(Topic, m.person.Name, text, m)
	case r.topic == "":
		m.reply(i18n.Msg("chat.topic.unset"))
	default:
		m.sendTopic()
	}
	return nil
}

// Topic returns the topic of the room, "" if it has none.
func (r *Room) Topic() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.topic
}

// sendTopic sends the member the topic, if there is one.
func (m *Member) sendTopic() {
	if m.room.topic != "" {
		m.reply(i18n.Msg("chat.topic.is", "Topic", m.room.topic))
	}
}
