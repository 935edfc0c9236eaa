package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// command is a line that begins with "/": it is carried out, not said.
type command struct {
	name, args, help string
	do               func(m *Member, args string) error
}

// ErrLeave says that a member wants to leave. Its text is the reason that others
// are told.
var ErrLeave = errors.New("exit")

const maxWho = 200 // people that /who lists

// MaxAnswer is how many bytes the lines of one answer take at most. A Subscriber
// that holds fewer would lose members that ask.
const MaxAnswer = 36 << 10

// commands is the table that /help prints.
var commands []command

func init() { // /help refers to the table
	commands = []command{
		{"/help", "", "these lines", (*Member).help},
		{"/who", "", "who is here", (*Member).who},
		{"/me", "TEXT", "says what you do", func(m *Member, args string) error {
			if args == "" {
				return errors.New("/me what? (/me TEXT)")
			}
			m.say(Me, args)
			return nil
		}},
		{"/nick", "NAME", "gives you another name", (*Member).rename},
		{"/msg", "NAME TEXT", "says something to one person alone", (*Member).message},
		{"/away", "[TEXT]", "marks you as away until you say something", (*Member).setAway},
		{"/topic", "[TEXT]", "shows or sets the room's topic", (*Member).showOrSetTopic},
		{"/quit", "", "leaves the room; so does the word exit", func(*Member, string) error { return ErrLeave }},
	}
}

// Do carries out a line that the member typed: it says a text or runs a command.
// The error is ErrLeave or nil: the member is sent any other.
func (m *Member) Do(line string) error {
	line = CleanText(line)
	switch {
	case line == "exit":
		return ErrLeave
	case !strings.HasPrefix(line, "/"):
		m.say(Say, line)
		return nil
	case strings.HasPrefix(line, "//"):
		m.say(Say, line[1:])
		return nil
	}
	name, args, _ := strings.Cut(line, " ")
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	err := fmt.Errorf("%s is no command; /help lists them, //%s says it", name, line[1:])
	if i >= 0 {
		err = commands[i].do(m, strings.TrimSpace(args))
	}
	if err != nil && err != ErrLeave {
		m.SendPrivate(Error, "", err.Error())
		return nil
	}
	return err
}

func (m *Member) help(string) error {
	for _, c := range commands {
		m.SendPrivate(Reply, "", strings.TrimSpace(c.name+" "+c.args)+": "+c.help)
	}
	return nil
}

func (m *Member) who(string) error {
	people := m.room.People()
	listed, size := 0, 0
	for _, p := range people[:min(len(people), maxWho)] {
		text := p.whereabouts()
		if size += len(p.Name) + len(text) + MaxHeader; size > MaxAnswer {
			break
		}
		m.SendPrivate(Who, p.Name, text)
		listed++
	}
	if len(people) > listed {
		m.SendPrivate(Reply, "", fmt.Sprintf("%d people, of whom %d are listed", len(people), listed))
		return nil
	}
	m.SendPrivate(Reply, "", fmt.Sprintf("%d people", len(people)))
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
	switch {
	case !m.isMember():
		return nil
	case m.person.Muted: // everyone is told the new name
		return errMuted
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
		return fmt.Errorf("the name %s is taken, or too like another", name)
	case name != old:
		r.log.append(Nick, old, name)
		r.logger.Info("renamed", "name", old, "to", name, "address", m.person.Address)
	}
	return nil
}

func (m *Member) message(args string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.person.Muted {
		return errMuted
	}
	for i := min(len(args), MaxNameBytes+1) - 1; i > 0; i-- {
		if args[i] != ' ' { // names contain blanks: the longest one wins
			continue
		}
		to, text := r.find(strings.TrimSpace(args[:i])), strings.TrimSpace(args[i+1:])
		if to != nil && text != "" {
			m.endAway()
			to.send(Msg, m.person.Name, text)
			m.send(Reply, "", "to "+to.person.Name+": "+text)
			if to.person.Away != "" {
				m.send(Reply, "", to.person.Name+" is away: "+to.person.Away)
			}
			return nil
		}
	}
	return errors.New("nobody of that name is here, or nothing to say (/msg NAME TEXT)")
}
