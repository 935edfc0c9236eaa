package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// command is a line that begins with "/" and is not said.
type command struct {
	name, args, help string
	run              func(m *member, args string) error
}

var errLeaves = errors.New("exit") // the member wants to leave; the reason that others hear

const maxWho = 200 // people that /who lists

// commands is what /help prints.
var commands []command

func init() { // /help refers to the table
	commands = []command{
		{"/help", "", "these lines", (*member).help},
		{"/who", "", "who is here", (*member).who},
		{"/me", "TEXT", "says what you do", func(m *member, args string) error {
			if args == "" {
				return errors.New("/me what? (/me TEXT)")
			}
			m.say(Me, args)
			return nil
		}},
		{"/nick", "NAME", "gives you another name", (*member).nick},
		{"/msg", "NAME TEXT", "says something to one person alone", (*member).message},
		{"/away", "[TEXT]", "marks you as away until you say something", (*member).away},
		{"/topic", "[TEXT]", "shows or sets the room's topic", (*member).topic},
		{"/quit", "", "leaves the room; so does the word exit", func(*member, string) error { return errLeaves }},
	}
}

// do carries out what a member typed. The error is errLeaves, or nil: any other
// is told to the member.
func (m *member) do(line string) error {
	line = CleanText(line)
	switch {
	case line == "exit":
		return errLeaves
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
		err = commands[i].run(m, strings.TrimSpace(args))
	}
	if err != nil && err != errLeaves {
		m.tell(Error, "", err.Error())
		return nil
	}
	return err
}

func (m *member) help(string) error {
	for _, c := range commands {
		m.tell(Reply, "", strings.TrimSpace(c.name+" "+c.args)+": "+c.help)
	}
	return nil
}

func (m *member) who(string) error {
	people := m.room.People()
	listed, size := 0, 0
	for _, p := range people[:min(len(people), maxWho)] {
		l := Line{Kind: Who, Name: p.Name, Text: p.whereabouts()}
		if size += len(l.Name) + len(l.Text) + maxHeader; size > maxAsides*3/4 {
			break // more than may wait for one client would cut it
		}
		m.tell(l.Kind, l.Name, l.Text)
		listed++
	}
	if len(people) > listed {
		m.tell(Reply, "", fmt.Sprintf("%d people, of whom %d are listed", len(people), listed))
		return nil
	}
	m.tell(Reply, "", fmt.Sprintf("%d people", len(people)))
	return nil
}

func (m *member) nick(name string) error {
	name, err := CleanName(name)
	if err != nil {
		return err
	}
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !m.here():
		return nil
	case m.person.Muted: // a name is told to all
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
		r.rec.append(Nick, old, name)
		r.log.Info("renamed", "name", old, "to", name, "address", m.person.Address)
	}
	return nil
}

func (m *member) message(args string) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.person.Muted {
		return errMuted
	}
	for i := min(len(args), maxNameBytes+1) - 1; i > 0; i-- {
		if args[i] != ' ' { // names contain them: it is the longest that is here
			continue
		}
		to, text := r.find(strings.TrimSpace(args[:i])), strings.TrimSpace(args[i+1:])
		if to != nil && text != "" {
			m.back()
			to.out.tell(r.aside(Msg, m.person.Name, text))
			m.out.tell(r.aside(Reply, "", "to "+to.person.Name+": "+text))
			if to.person.Away != "" {
				m.out.tell(r.aside(Reply, "", to.person.Name+" is away: "+to.person.Away))
			}
			return nil
		}
	}
	return errors.New("nobody of that name is here, or nothing to say (/msg NAME TEXT)")
}
