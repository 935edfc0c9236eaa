package server

import (
	"errors"
	"time"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
)

// refuseTimeout is how long a client that is refused has to show what it speaks.
const refuseTimeout = 5 * time.Second

// refuse tells a client why it is refused, in its own language: client.py has to be
// told that it left, or it spins. A client that is silent is told as client.py
// understands it.
func (s *session) refuse(cause error) error {
	s.joinBy = time.Now().Add(refuseTimeout)
	reason := cause
	d, err := s.in.detect(s.out.limitRead, s.out.over, s.joinBy, func() {
		s.write(chat.ServerName + "\t: " + cause.Error() + "\n")
		reason = told{cause}
	})
	switch {
	case err != nil:
	case d == dialect.None && s.pages != nil && dialect.AsksForPage(s.in.ahead):
		s.write(dialect.NoPage(s.in.ahead, cause, temporarily(cause)))
		return told{cause}
	case d == dialect.None:
		return s.answerForeign()
	case d == dialect.Lines:
		s.out.setFormat(&dialect.Plain{}, nil)
	case d == dialect.ClientPy:
		name, _ := dialect.ClientPyName(string(s.in.ahead))
		s.out.setFormat(dialect.NewClientPy(s.room.Console, name), paceClientPy)
	}
	return reason
}

// temporarily reports whether a client that is refused may be let in soon.
func temporarily(cause error) bool {
	return errors.Is(cause, errFull) || errors.Is(cause, errAddress) || errors.Is(cause, errOften) || errors.Is(cause, errBusy)
}

// told is the reason for an end that the client already knows.
type told struct{ error }

// answerForeign tells someone who is no chat's client what this is.
func (s *session) answerForeign() error {
	p := dialect.Foreign(s.in.ahead)
	if p.Answer() == "" {
		return refusal{p.Error()}
	}
	s.write(p.Answer())
	return told{errors.New("speaks " + p.Name)}
}
