package server

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
)

// end ends the session for a reason: it tells the room and the client, and closes
// the connection.
func (s *session) end(reason error) {
	address := s.conn.RemoteAddr().String()
	cut := s.out.cutCause()
	if cut != nil {
		reason = cut
	} else if l := complaint(reason); l.Text != "" && !isOver(s.out.over) {
		cut = reason
		l.Seq, l.Time = s.room.Log().Snapshot().Seq, time.Now()
		s.out.SendPrivate(l)
	}
	switch clean := errors.Is(reason, io.EOF) || errors.Is(reason, chat.ErrLeave); {
	case errors.Is(reason, errPage): // the people in browsers are members by themselves
	case s.member == nil:
		s.knocks.refused(address, logReason(reason))
	case cut != nil:
		s.logger.Warn("cut", "address", address, "reason", logReason(cut))
		fallthrough
	default: // who cannot resume comes back under the same name as someone new
		s.member.Leave(logReason(reason), s.own && !clean)
	}
	if s.spends != nil {
		s.spends.Stand()
	}
	s.out.End()
	<-s.out.done
	s.out.fanOut.remove(s.out)
	s.closeConn()
}

// closeConn closes the connection after the FIN was sent. It reads to the client's
// FIN first: with unread data the kernel would send a RST (RFC 1122, section
// 4.2.2.13).
func (s *session) closeConn() {
	s.conn.SetReadDeadline(s.out.deadline())
	io.Copy(io.Discard, io.LimitReader(s.conn, 1<<20))
	s.conn.Close()
}

// refusal is an error whose text the client is sent.
type refusal struct{ error }

// Unwrap returns the cause.
func (r refusal) Unwrap() error { return r.error }

// complaint returns the line sent to a client being disconnected, without a text if
// it left on its own.
func complaint(err error) chat.Line {
	var system net.Error
	var no refusal
	switch {
	case errors.As(err, &told{}):
		return chat.Line{}
	case errors.As(err, &no):
		return chat.ErrorLine(no.error)
	case errors.Is(err, chat.ErrTooLong):
		return chat.NewCoded(chat.Error, i18n.Msg("chat.cut.long", "Limit", chat.MaxLine))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return chat.NewCoded(chat.Error, i18n.Msg("chat.cut.late"))
	case errors.Is(err, io.EOF), errors.Is(err, errPage), errors.Is(err, chat.ErrLeave), errors.Is(err, chat.ErrClosed), errors.As(err, &system):
		return chat.Line{}
	}
	return chat.ErrorLine(err)
}

// logReason returns why reading ended, for the server's log.
func logReason(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "closed"
	case errors.Is(err, chat.ErrTooLong):
		return "line too long"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // without the addresses
	}
	return err.Error()
}

// closeWrite sends a FIN and still reads, if the connection can do that.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}
