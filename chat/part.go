package chat

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// part ends a session for a reason: the room and the client are told, and the
// connection is closed.
func (s *session) part(reason error) {
	address := s.conn.RemoteAddr().String()
	if cause := s.out.why(); cause != nil {
		reason = cause
		s.room.log.Warn("cut", "address", address, "reason", why(cause))
	} else if text := complaint(reason); text != "" && !isOver(s.out.over) {
		s.room.log.Warn("cut", "address", address, "reason", why(reason))
		s.out.tell(Line{s.room.rec.view().seq, time.Now(), Error, "", text})
	}
	if s.member != nil {
		clean := errors.Is(reason, io.EOF) || errors.Is(reason, errLeaves)
		s.member.leave(why(reason), !clean)
	} else {
		s.room.log.Info("refused", "address", address, "reason", why(reason))
	}
	s.out.end()
	<-s.out.done
	s.out.sweep.remove(s.out)
	s.finish()
}

// finish closes the connection after the outbox has sent its FIN. Unread data
// would make the kernel send a RST instead (RFC 1122, section 4.2.2.13), so it
// reads to the client's FIN first.
func (s *session) finish() {
	s.conn.SetReadDeadline(s.out.deadline())
	io.Copy(io.Discard, io.LimitReader(s.conn, 1<<20))
	s.conn.Close()
}

// refusal is an error of which the client itself is told the text.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// complaint is what a client is told of why it is cut; empty where it is not to
// blame, or has gone.
func complaint(err error) string {
	var system net.Error
	var no refusal
	switch {
	case errors.As(err, &no):
		return no.Error()
	case errors.Is(err, ErrTooLong):
		return fmt.Sprintf("a line has at most %d bytes", MaxLine)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "that took too long"
	case errors.Is(err, io.EOF), errors.Is(err, errLeaves), errors.Is(err, ErrClosed), errors.As(err, &system):
		return ""
	}
	return err.Error()
}

// why says in the log's words why reading ended.
func why(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "closed"
	case errors.Is(err, ErrTooLong):
		return "line too long"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // without the addresses
	}
	return err.Error()
}

// closeWrite sends a FIN and leaves the way in open, where the connection can.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}
