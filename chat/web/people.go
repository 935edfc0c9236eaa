package web

import (
	"net/http"
	"net/netip"
	"time"
)

// keptOut is how long someone is kept out whom a teacher kicks from the page.
const keptOut = 10 * time.Minute

// person is someone in the room. What is below the line only a teacher is told.
type person struct {
	Name string `json:"name"`
	Via  string `json:"via"`
	Away bool   `json:"away,omitempty"`

	Address string `json:"address,omitempty"`
	Muted   bool   `json:"muted,omitempty"`
}

// here is what the event "here" tells.
type here struct {
	People []person `json:"people"`
	Topic  string   `json:"topic"`
}

// room is the answer to GET people.
type room struct {
	here
	Out []string `json:"out,omitempty"` // who is kept out, for a teacher
}

// persons returns who is there.
func (s *Site) persons(teacher bool) []person {
	all := []person{}
	for _, p := range s.room.People() {
		shown := person{Name: p.Name, Via: p.Transport, Away: p.Away != ""}
		if teacher {
			shown.Muted, shown.Address = p.Muted, p.Address
			if a, err := netip.ParseAddrPort(p.Address); err == nil {
				shown.Address = a.Addr().Unmap().String()
			}
		}
		all = append(all, shown)
	}
	return all
}

func (s *Site) people(w http.ResponseWriter, r *http.Request) {
	if s.find(r.URL.Query().Get("session")) == nil {
		refuse(w, r, http.StatusGone, errSession)
		return
	}
	answer(w, http.StatusOK, s.asIs(r))
}

// asIs returns the room as the one who asks may see it.
func (s *Site) asIs(r *http.Request) room {
	teacher := s.guard.Role(r) == Teacher
	now := room{here: here{s.persons(teacher), s.room.Topic()}}
	if teacher {
		for _, sanction := range s.room.Sanctions() {
			if !sanction.Mute && sanction.Name != "" {
				now.Out = append(now.Out, sanction.Name)
			}
		}
	}
	return now
}

// order is the body of POST teacher.
type order struct {
	Do   string `json:"do"` // mute, unmute, kick or unban
	Name string `json:"name"`
}

// teacher carries out what a teacher orders, and answers with the room as it is then.
func (s *Site) teacher(w http.ResponseWriter, r *http.Request) {
	var q order
	if !read(w, r, &q) {
		return
	}
	if s.guard.Role(r) != Teacher {
		refuse(w, r, http.StatusForbidden, errTeacher)
		return
	}
	var err error
	switch q.Do {
	case "mute":
		_, err = s.room.Mute(q.Name)
	case "unmute":
		err = s.room.Unmute(q.Name)
	case "kick":
		_, err = s.room.KickMember(q.Name, keptOut, "")
	case "unban":
		err = s.room.Unban(q.Name)
	default:
		refuse(w, r, http.StatusBadRequest, errRequest)
		return
	}
	if err != nil {
		refuse(w, r, http.StatusConflict, err)
		return
	}
	answer(w, http.StatusOK, s.asIs(r))
}
