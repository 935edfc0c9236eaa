package server

import (
	"context"
	"errors"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
)

// maxRefusing is how many connections at a time are told why they are refused;
// others are just closed.
const maxRefusing = 64

var (
	errFull    error = &chat.MessageError{Message: i18n.Msg("chat.refused.full")}
	errAddress error = &chat.MessageError{Message: i18n.Msg("chat.refused.address")}
	errOften   error = &chat.MessageError{Message: i18n.Msg("chat.refused.often")}
	errBusy          = errors.New("too many connections") // is told nobody
)

// admit counts a connection, or returns why it is refused.
func (s *Server) admit(ctx context.Context, c *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil { // endSessions may have run already
		c.out.End()
	}
	cause := s.Room.CheckAddress(c.from)
	switch {
	case cause != nil:
	case s.Limits.Total > 0 && len(s.sessions) >= s.Limits.Total:
		cause = errFull
	default:
		c.at, cause = s.limiter.connect(c.from, time.Now())
	}
	if cause == nil {
		s.sessions[c] = true
		return nil
	}
	if len(s.refusing) >= maxRefusing {
		cause = errBusy
	}
	s.refusing[c] = true
	return refusal{cause}
}

// dismiss ends what admit began.
func (s *Server) dismiss(c *session, refused error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused != nil {
		delete(s.refusing, c)
		return
	}
	delete(s.sessions, c)
	s.limiter.disconnect(c.at)
}

func (s *Server) endSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		c.out.End()
	}
	for c := range s.refusing {
		c.out.End()
	}
}
