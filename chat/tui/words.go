package tui

import (
	"errors"
	"strings"

	"wirelab/chat"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

// Words are what the client says to its user, in one language. Where the course
// note has words for it, they are the course note's.
type Words struct{ lang.Lang }

func (w Words) text(code string, pairs ...any) string { return i18n.Text(w.Lang, code, pairs...) }

// Tell returns a line of the room as plain text for the user called me, without
// control characters; empty for a line that is not shown.
func (w Words) Tell(l chat.Line, me string) string {
	switch l.Kind {
	case chat.Say, chat.Me:
		return safetext.Strip(l.String())
	}
	if text := w.describe(l, me); text != "" {
		return "* " + safetext.Strip(text)
	}
	return ""
}

func (w Words) describe(l chat.Line, me string) string {
	switch l.Kind {
	case chat.Msg:
		return w.text("chat.line.msg", "Name", l.Name, "Text", l.Text)
	case chat.Join:
		return w.text("chat.line.join", "Name", l.Name)
	case chat.Leave:
		return w.text("chat.line.leave", "Name", l.Name)
	case chat.Kick:
		if l.Name == me {
			return w.text("chat.line.kickedyou") + w.reason(l.Text)
		}
		return w.text("chat.line.kicked", "Name", l.Name) + w.reason(l.Text)
	case chat.Nick:
		return w.text("chat.line.nick", "Name", l.Name, "New", l.Text)
	case chat.You:
		return w.text("chat.line.you", "Name", l.Name)
	case chat.Topic:
		return w.text("chat.line.topic", "Name", l.Name, "Topic", l.Text)
	case chat.Who:
		return w.text("chat.line.who", "Name", l.Name, "Where", w.whereabouts(l.Text))
	case chat.Gap:
		return w.text("chat.line.gap", "Lines", l.Text)
	case chat.Notice, chat.Reply, chat.Error:
		return w.coded(l)
	}
	return ""
}

// coded returns the server's text in the user's language. It is English where the
// server has sent no code, or one that this program does not know.
func (w Words) coded(l chat.Line) string {
	if m := l.Message(); w.Lang != lang.English && i18n.Has(m.Code) {
		return m.In(w.Lang)
	}
	return l.Text
}

// reason returns the reason of a kick between parentheses.
func (w Words) reason(text string) string {
	banned, why, _ := strings.Cut(text, ": ")
	switch {
	case text == "":
		return ""
	case text == "banned":
		text = w.text("chat.line.banned")
	case banned == "banned":
		text = w.text("chat.line.bannedfor", "Reason", why)
	}
	return " (" + text + ")"
}

// whereabouts returns the text of a line of kind Who.
func (w Words) whereabouts(text string) string {
	if transport, why, away := strings.Cut(text, ", away: "); away {
		return w.text("chat.line.awayfor", "Transport", transport, "Reason", why)
	}
	if transport, away := strings.CutSuffix(text, ", away"); away {
		return w.text("chat.line.away", "Transport", transport)
	}
	return text
}

// Cause returns the text of an error.
func (w Words) Cause(err error) string {
	if e, ok := errors.AsType[*chat.MessageError](err); ok {
		return e.Message.In(w.Lang)
	}
	return err.Error()
}

// AskName is the prompt for a name.
func (w Words) AskName() string { return w.text("chat.client.askname") }

// askAgain is the prompt for the name of a user who had one.
func (w Words) askAgain(had string) string { return w.text("chat.client.askagain", "Name", had) }

// outside is the status of a user who has left.
func (w Words) outside(server string) string { return w.text("chat.client.outside", "Server", server) }

// Joined says that a room was joined.
func (w Words) Joined(where, name, transport string) string {
	if transport == "udp" {
		return "* " + w.text("chat.client.joinedudp", "Server", where, "Name", name)
	}
	return "* " + w.text("chat.client.joined", "Server", where, "Name", name)
}

// left says goodbye.
func (w Words) left() string { return "* " + w.text("chat.client.left") }

// Waiting says that the server is tried again.
func (w Words) Waiting(where string, cause error) string {
	return "* " + w.text("chat.client.waiting", "Server", where, "Cause", i18n.Explain(w.Lang, i18n.NetError(cause)))
}

// Gone says that the connection is lost.
func (w Words) Gone(where string) string { return w.text("chat.client.lost", "Server", where) }

// TooLong says that a line was not said.
func (w Words) TooLong(limit int) string {
	return "* " + w.text("chat.client.toolong", "Limit", limit)
}

// NotSaid says why a line was not said.
func (w Words) NotSaid(cause error) string {
	return "* " + w.text("chat.client.notsaid", "Cause", w.Cause(cause))
}

// NobodyListens explains an ICMP port unreachable.
func (w Words) NobodyListens(where string) string {
	return "* " + w.text("chat.client.unreachable", "Server", where)
}

// AskPaste asks what to do with several lines that were pasted, which have so many bytes
// as one line.
func (w Words) AskPaste(lines, bytes int) string {
	return w.text("chat.client.paste", "Lines", lines, "Bytes", bytes, "Limit", chat.MaxLine-1)
}

// Resumed says that the lines that were missed follow.
func (w Words) Resumed() string { return "* " + w.text("chat.client.resumed") }

// NotResumed says that lines that were missed may be lost.
func (w Words) NotResumed() string { return "* " + w.text("chat.client.notresumed") }

func (w Words) howToLeave() string { return w.text("chat.client.howtoleave") }

// NotHeard says that the room has not heard a text.
func (w Words) NotHeard(text string) string {
	return "* " + w.text("chat.client.notheard", "Text", text)
}

// StillUnheard says how many texts leaving waits for.
func (w Words) StillUnheard(texts int) string {
	return "* " + w.text("chat.client.stillunheard", "Count", texts)
}

func (w Words) unheard(texts int) string { return w.text("chat.client.unheard", "Count", texts) }

func (w Words) moreJoined(people int) string {
	return "* " + w.text("chat.client.morejoined", "Count", people)
}

func (w Words) moreLeft(people int) string {
	return "* " + w.text("chat.client.moreleft", "Count", people)
}

func (w Words) offline() string { return w.text("chat.client.offline") }

func (w Words) connecting(where string) string {
	return w.text("chat.client.connecting", "Server", where)
}

func (w Words) reconnecting(where string) string {
	return w.text("chat.client.reconnecting", "Server", where)
}

func (w Words) people(names []string) string {
	return w.text("chat.client.people", "Number", len(names), "Names", w.list(names))
}

// heardOf says who is known in a room that nobody tells of its people.
func (w Words) heardOf(names []string, spoken bool) string {
	switch {
	case len(names) == 0 && !spoken:
		return w.text("chat.client.silent")
	case len(names) == 0:
		return w.text("chat.client.unmet")
	}
	return w.text("chat.client.heardof", "Names", w.list(names))
}

func (w Words) list(names []string) string { return strings.Join(names, w.Pick(", ", "、")) }
