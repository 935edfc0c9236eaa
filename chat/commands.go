package chat

import (
	"errors"
	"slices"
	"strings"

	"wirelab/internal/i18n"
)

// command is a line that begins with "/": it is carried out, not said.
type command struct {
	name string
	help i18n.Message
	do   func(m *Member, args string) error
}

// ErrLeave is what Member.Do returns for a member that leaves. Its text is the reason that
// others are told.
var ErrLeave = errors.New("exit")

// MaxAnswer is the greatest size of the lines that answer a command, in bytes: /who lists
// a thousand people with short names. A Subscriber must be able to queue that many.
const MaxAnswer = 64 << 10

// IsCommand reports whether a line that a member types is a command, which is carried out
// and not said.
func IsCommand(line string) bool {
	line = CleanText(line)
	return strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "//")
}

// commands is the table that /help prints.
var commands []command

func init() { // /help refers to the table
	commands = []command{
		{"/help", i18n.Msg("chat.help.help"), (*Member).help},
		{"/who", i18n.Msg("chat.help.who"), (*Member).who},
		{"/me", i18n.Msg("chat.help.me"), func(m *Member, args string) error {
			if args == "" {
				return errorMessage(i18n.Msg("chat.command.me"))
			}
			m.sayToAll(Me, args)
			return nil
		}},
		{"/nick", i18n.Msg("chat.help.nick"), (*Member).rename},
		{"/msg", i18n.Msg("chat.help.msg"), (*Member).message},
		{"/ignore", i18n.Msg("chat.help.ignore"), (*Member).ignore},
		{"/away", i18n.Msg("chat.help.away"), (*Member).setAway},
		{"/topic", i18n.Msg("chat.help.topic"), (*Member).showOrSetTopic},
		{"/quit", i18n.Msg("chat.help.quit"), func(*Member, string) error { return ErrLeave }},
	}
}

// Leaves reports whether a text makes its sender leave: "exit" or "/quit".
func Leaves(text string) bool { return text == "exit" || text == "/quit" }

// Do carries out a line that the member typed: it says a text or runs a command. It
// returns ErrLeave if the member wants to leave; the caller then calls Leave. It returns
// no other error: the member is sent those.
func (m *Member) Do(line string) error {
	line = CleanText(line)
	switch {
	case Leaves(line):
		return ErrLeave
	case !strings.HasPrefix(line, "/"):
		m.sayToAll(Say, line)
		return nil
	case strings.HasPrefix(line, "//"):
		m.sayToAll(Say, line[1:])
		return nil
	}
	name, args, _ := strings.Cut(line, " ")
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	err := errorMessage(i18n.Msg("chat.command.unknown", "Command", brief(name), "Line", brief(line)))
	if i >= 0 {
		err = commands[i].do(m, strings.TrimSpace(args))
	}
	if err != nil && err != ErrLeave {
		m.SendPrivate(ErrorLine(err))
		return nil
	}
	return err
}

// brief returns what an answer repeats of a line.
func brief(s string) string { return string(Truncate([]byte(s), 100)) }

func (m *Member) help(string) error {
	for _, c := range commands {
		m.SendPrivate(NewCoded(Reply, c.help))
	}
	return nil
}

// who lists who is here. The one who asks is in the list even if that is cut.
func (m *Member) who(string) error {
	people, me := m.room.People(), m.Name()
	own := slices.IndexFunc(people, func(p Person) bool { return p.Name == me })
	if len(people)*(fewHeader+maxNameBytes+maxAway) > MaxAnswer && own > 0 {
		mine := people[own]
		people = slices.Insert(slices.Delete(people, own, own+1), 0, mine)
	}
	listed, size := 0, 0
	for _, p := range people {
		l := Line{Kind: Who, Name: p.Name, Text: p.whereabouts()}
		if size += l.Size(); size > MaxAnswer {
			break
		}
		m.SendPrivate(l)
		listed++
	}
	count := i18n.Msg("chat.who.count", "Count", len(people))
	if len(people) > listed {
		count = i18n.Msg("chat.who.listed", "Count", len(people), "Listed", listed)
	}
	m.SendPrivate(NewCoded(Reply, count))
	return nil
}

func (m *Member) rename(name string) error {
	name, err := CleanName(name)
	if err != nil {
		return err
	}
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !m.isMember() {
		return nil
	}
	if err := m.maySpeak(); err != nil { // everyone is told the new name
		return err
	}
	old := m.person.Name
	for _, k := range keys(old) {
		delete(r.names, k)
	}
	taken := r.taken(name)
	if !taken {
		m.person.Name = name
	}
	for _, k := range keys(m.person.Name) {
		r.names[k] = m
	}
	switch {
	case taken:
		return errorMessage(i18n.Msg("chat.name.taken", "Name", name))
	case name != old:
		for _, other := range r.members {
			other.followIgnored(old, name)
		}
		r.append(Nick, old, name, m)
		r.logger.Info("renamed", "name", old, "to", name, "address", m.person.Address)
	}
	return nil
}

func (m *Member) message(args string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !m.isMember() {
		return nil
	}
	if err := m.maySpeak(); err != nil {
		return err
	}
	for i := min(len(args), maxNameBytes+1) - 1; i > 0; i-- {
		if args[i] != ' ' { // names contain blanks: the longest one wins
			continue
		}
		to, text := r.find(strings.TrimSpace(args[:i])), strings.TrimSpace(args[i+1:])
		if to != nil && text != "" {
			m.endAway()
			if l := (Line{Kind: Msg, Name: m.person.Name, Text: text}); !to.Ignores(l) {
				to.send(l)
			}
			m.reply(i18n.Msg("chat.msg.sent", "Name", to.person.Name, "Text", text))
			switch to.person.Away {
			case "":
			case noReason:
				m.reply(i18n.Msg("chat.msg.noreason", "Name", to.person.Name))
			default:
				m.reply(i18n.Msg("chat.msg.away", "Name", to.person.Name, "Reason", to.person.Away))
			}
			return nil
		}
	}
	return errorMessage(i18n.Msg("chat.msg.nobody"))
}
