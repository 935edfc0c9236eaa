// Package web is the page by which people chat in a browser, made for a phone. It is
// served on the chat's own port (chat/server), behind internal/webguard.
//
// Lines come down by Server-Sent Events, texts go up by POST with an id each, so that
// a text that is sent again is not said again. Someone in a browser is a member of the
// room as everybody; the membership is not a connection's: a phone that is locked
// loses its connection, comes back, and is sent exactly what it has missed. Whoever
// does not come back for 75 s has left, and may still resume with the token.
//
// Paths are relative, so that the page works below any other path:
//
//	GET  .               the page
//	GET  static/FILE     its parts
//	POST join            {once, name, token, seq}: joins the room
//	GET  events          ?session&after: the lines after that one, and all that follow
//	POST say             {session, id, text}: says a text, or carries out a command
//	POST leave           {session}: leaves the room
//	GET  people          ?session: who is there; more for a teacher
//	POST teacher         {do, name}: a teacher mutes, kicks, and lifts both
package web

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/chat/server"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/webguard"
)

// Teacher is the role, of a guard's token, that may mute and kick.
const Teacher = "teacher"

// graceFor is how long someone without a connection is still in the room: as long as
// someone over UDP who is silent.
const graceFor = 75 * time.Second

// Seats gives people their places among the limits of everybody.
type Seats interface {
	SitWeb(from netip.Addr, token string) (w *server.Allowance, wait time.Duration, err error)
}

// Site serves the page of one room.
type Site struct {
	room  *chat.Room
	seats Seats
	guard *webguard.Guard
	mux   *http.ServeMux
	grace time.Duration // graceFor

	mu      sync.Mutex
	members map[string]*member // by session
	joins   map[string]*member // by the id of the request that joined
}

// New returns the site of a room, whose people sit where seats says, behind a guard.
func New(room *chat.Room, seats Seats, guard *webguard.Guard) *Site {
	s := &Site{room: room, seats: seats, guard: guard, mux: http.NewServeMux(), grace: graceFor, members: map[string]*member{}, joins: map[string]*member{}}
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("GET /static/{file}", s.static)
	s.mux.HandleFunc("GET /favicon.ico", s.icon)
	s.mux.HandleFunc("POST /join", s.join)
	s.mux.HandleFunc("GET /events", s.events)
	s.mux.HandleFunc("POST /say", s.say)
	s.mux.HandleFunc("POST /leave", s.leave)
	s.mux.HandleFunc("GET /people", s.people)
	s.mux.HandleFunc("POST /teacher", s.teacher)
	return s
}

// ServeHTTP implements http.Handler. It is for requests that the guard has admitted.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Serve serves the site, behind its guard, until ctx ends: it is what
// server.Server.Web wants.
func (s *Site) Serve(ctx context.Context, l net.Listener) error {
	err := s.guard.Serve(ctx, l, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		m.stopTimer()
	}
	return err
}

// language returns the one that a request's page is in, or else its browser prefers.
func language(r *http.Request) lang.Lang {
	if l := lang.Lang(r.URL.Query().Get("lang")); l == lang.English || l == lang.Chinese {
		return l
	}
	return lang.Accepted(r.Header.Get("Accept-Language"))
}

// problem is an answer that says what is wrong.
type problem struct {
	Error string `json:"error"` // in the reader's language
	Code  string `json:"code"`
}

// The problems of requests that no page of ours makes, or makes too late.
var (
	errRequest = errors.New("the request is not one of the page's")
	errSession = &chat.MessageError{Message: i18n.Msg("chat.page.gone")}
	errTeacher = &chat.MessageError{Message: i18n.Msg("chat.page.noteacher")}
	errBusy    = &chat.MessageError{Message: i18n.Msg("chat.page.fast")}
	errLong    = &chat.MessageError{Message: i18n.Msg("chat.client.toolong", "Limit", maxText)}
)

// refuse answers with an error.
func refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	m := i18n.FromError(err)
	answer(w, status, problem{m.In(language(r)), m.Code})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a reader who has gone misses it
}

// read reads a request's JSON, which the guard has bounded, and reports whether it could.
// Otherwise it has answered.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(r.Body)
	err := d.Decode(v)
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		refuse(w, r, http.StatusRequestEntityTooLarge, errLong)
		return false
	}
	if err != nil || d.More() {
		refuse(w, r, http.StatusBadRequest, errRequest)
		return false
	}
	return true
}

// find returns the member of a session; nil if there is none.
func (s *Site) find(session string) *member {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.members[session]
	if m == nil || m.in == nil {
		return nil
	}
	return m
}

// remove forgets a member's session.
func (s *Site) remove(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.members, m.session)
	delete(s.joins, m.once)
}

// pause waits for what a limit asks, and reports whether the client still waits for the
// answer.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	due := time.NewTimer(d)
	defer due.Stop()
	select {
	case <-due.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// tryLater answers that a limit is spent.
func tryLater(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
	refuse(w, r, http.StatusTooManyRequests, errBusy)
}
