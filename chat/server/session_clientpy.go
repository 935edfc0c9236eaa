package server

import (
	"bytes"
	"errors"
	"os"
	"time"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
)

// settleTime is how long client.py sends nothing after a whole message.
const settleTime = 50 * time.Millisecond

// readClientPy reads from the course note's client.py.
func (s *session) readClientPy() error {
	name, rest := dialect.ClientPyName(string(s.in.ahead))
	s.in.ahead = []byte(rest)
	s.out.setFormat(dialect.NewClientPy(s.room.Console, name), paceClientPy)
	in := dialect.ClientPyInput{Name: name}
	if err := s.joinOrAsk(name); err != nil {
		return err
	}
	asked := 1
	for {
		texts, err := s.clientPyTexts(&in)
		for _, text := range texts {
			if s.member != nil {
				if err := s.carryOut(text); err != nil {
					return err
				}
				continue
			}
			if asked++; asked > maxAsked {
				return refusal{chat.ErrNoName}
			}
			if err := s.joinOrAsk(text); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, errSpeaksLines):
			return s.readLines("")
		case err != nil:
			return err
		}
	}
}

// joinOrAsk joins the room, or asks for another name.
func (s *session) joinOrAsk(name string) error {
	err := s.join(name, chat.Resume{})
	switch {
	case err == nil:
		return nil
	case !badName(err):
		return refusal{err}
	}
	s.write(chat.AskName)
	return nil
}

// errSpeaksLines says that a client taken for client.py has sent a \n.
var errSpeaksLines = errors.New("speaks lines")

// clientPyTexts reads once and returns the texts that are complete.
func (s *session) clientPyTexts(in *dialect.ClientPyInput) ([]string, error) {
	b := make([]byte, 512)
	switch {
	case len(s.in.ahead) > 0:
	case len(in.Pending()) > 0 && !in.Half():
		settle := settleTime
		if s.member == nil { // bytes that keep coming do not put the deadline off
			settle = min(settle, s.untilJoin())
		}
		s.out.limitRead(settle)
	case s.member == nil:
		s.limitJoin()
	default:
		s.out.limitRead(0)
	}
	n, err := s.in.Read(b)
	b = b[:n]
	if bytes.IndexByte(b, '\n') >= 0 && s.member != nil {
		s.in.ahead = append(append(in.Pending(), b...), s.in.ahead...)
		s.out.setFormat(dialect.NewPlain(s.member.Name(), s.member.Joined()), nil)
		return nil, errSpeaksLines
	}
	texts := in.Add(b)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded) && !isOver(s.out.over) && len(in.Pending()) > 0 && !in.Half():
		return append(texts, in.Settle()...), nil
	default:
		texts = append(texts, in.Settle()...)
	}
	return texts, err
}
