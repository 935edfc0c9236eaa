package web

import (
	"net/http"
	"net/netip"

	"wirelab/chat"
	"wirelab/internal/webguard"
)

// The sizes of what a page makes up, in bytes.
const (
	minOnce = 16
	maxOnce = 64
)

// joining is the body of POST join.
type joining struct {
	Once  string `json:"once"` // a random word: the request joins once, however often it is sent
	Name  string `json:"name"`
	Token string `json:"token"` // of an earlier membership; may be empty
	Seq   uint64 `json:"seq"`   // of the last line that was received then
	// Another says that the token is another page's of this browser: it is not taken
	// while that page is open.
	Another bool `json:"another"`
}

// joined answers it.
type joined struct {
	Session string `json:"session"`
	Name    string `json:"name"`
	Token   string `json:"token"`
	Seq     uint64 `json:"seq"`     // of the line before the first that this member is told
	Resumed bool   `json:"resumed"` // the lines after joining.Seq are told, and no other
}

func (s *Site) join(w http.ResponseWriter, r *http.Request) {
	var q joining
	if !read(w, r, &q) {
		return
	}
	if len(q.Once) < minOnce || len(q.Once) > maxOnce || len(q.Token) > maxOnce {
		refuse(w, r, http.StatusBadRequest, errRequest)
		return
	}
	m, first := s.enter(q.Once)
	if first {
		m.failed = s.sit(r, m, &q)
		if m.failed != nil {
			s.remove(m)
		}
		close(m.joined)
	}
	select {
	case <-m.joined:
	case <-r.Context().Done():
		return
	}
	if m.failed != nil {
		status := http.StatusForbidden
		if s.seatProblem(m.failed) {
			status = http.StatusTooManyRequests
		}
		refuse(w, r, status, m.failed)
		return
	}
	m.mu.Lock()
	you := m.you
	m.mu.Unlock()
	answer(w, http.StatusOK, joined{m.session, you.Name, you.Text, you.Seq, q.Token != "" && you.Text == q.Token && you.Seq == q.Seq})
}

// enter returns the member that a request joins as, and whether it is the first of its
// id.
func (s *Site) enter(once string) (m *member, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m = s.joins[once]; m != nil {
		return m, false
	}
	m = newMember(s, webguard.NewToken(), once)
	s.joins[once], s.members[m.session] = m, m
	return m, true
}

// seatError is why nobody sits down: it may help to come later.
type seatError struct{ error }

// Unwrap returns the cause.
func (e seatError) Unwrap() error { return e.error }

func (s *Site) seatProblem(err error) bool { _, ok := err.(seatError); return ok }

// sit makes m a member of the room, as soon as the limits allow it.
func (s *Site) sit(r *http.Request, m *member, q *joining) error {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return err
	}
	p := chat.Person{Name: q.Name, Transport: "web", Address: r.RemoteAddr}
	resume := chat.Resume{Seq: q.Seq, Token: q.Token}
	if q.Another && s.isOpen(q.Token) {
		resume = chat.Resume{}
	}
	token := resume.Token
	if other := s.room.Elsewhere(resume.Token, p); other != nil {
		// Its seat is not this browser's. Nobody answers where no browser has a stream.
		token = ""
		if web, ok := other.Subscriber().(*member); ok && !web.live() {
			resume.Unanswered = true
		}
	}
	if err := s.room.CheckAddress(from.Addr().Unmap()); err != nil {
		return err
	}
	seat, wait, err := s.seats.SitWeb(from.Addr().Unmap(), token)
	if err != nil {
		return seatError{err}
	}
	if !pause(r, wait) {
		seat.Stand()
		return r.Context().Err()
	}
	in, err := s.room.Join(p, resume, m)
	if err != nil {
		seat.Stand()
		return err
	}
	seat.Hold(in.Token())
	m.seat = seat
	s.mu.Lock()
	m.in = in
	s.mu.Unlock()
	m.await()
	return nil
}

// isOpen reports whether a browser has a stream of the member with a token.
func (s *Site) isOpen(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		if m.in != nil && m.in.Token() == token && m.live() {
			return true
		}
	}
	return false
}

// ofSession is the body of a request that says whose it is, and no more.
type ofSession struct {
	Session string `json:"session"`
}

func (s *Site) leave(w http.ResponseWriter, r *http.Request) {
	var q ofSession
	if !read(w, r, &q) {
		return
	}
	if m := s.find(q.Session); m != nil {
		m.in.Leave(chat.ErrLeave.Error(), false)
	}
	answer(w, http.StatusOK, struct{}{}) // who was gone is gone
}
