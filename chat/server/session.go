package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"wirelab/chat"
	"wirelab/chat/internal/deadpeer"
	"wirelab/chat/server/dialect"
	"wirelab/internal/i18n"
	"wirelab/internal/poll"
)

const (
	lineTimeout = time.Minute // for the rest of a line
	maxAsked    = 5           // times that a client is asked for a name
)

// session is one TCP connection: its goroutine reads, its clientWriter writes.
type session struct {
	room   *chat.Room
	logger *slog.Logger
	knocks *knocks
	limits *limiter
	pages  *webListener // nil: there are no pages for browsers
	conn   net.Conn
	from   netip.Addr
	at     *address // nil: refused
	in     source
	out    *clientWriter
	joinBy time.Time    // when a client without a name is cut
	own    bool         // it is our own client, which can resume
	member *chat.Member // nil: has not joined
	spends *Allowance   // nil: has not joined
	lines  *chat.LineReader
}

func newSession(conn net.Conn, room *chat.Room, limits *limiter, f *fanOut, k *knocks) *session {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer)
		deadpeer.LimitUnacknowledged(tcp)
	}
	s := &session{room: room, logger: room.Logger(), knocks: k, joinBy: time.Now().Add(joinTimeout), limits: limits, conn: conn, out: newClientWriter(conn, room.Log(), f)}
	s.in.conn, s.in.askAfter = conn, askAfter
	if a, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		s.from = a.Addr().Unmap()
	}
	return s
}

// serve runs the session and closes the connection. A client that is refused is told
// why, or, for errBusy, just cut.
//
// A goroutine spends its life in readDialect, and a thousand goroutines are a
// thousand stacks: end has a frame of its own.
func (s *session) serve(refused error) {
	switch {
	case refused == nil:
		s.end(s.readDialect())
	case errors.Is(refused, errBusy):
		s.conn.Close()
		s.end(refused)
	default:
		s.end(s.refuse(refused))
	}
}

// readDialect finds out what the client speaks and reads until it leaves or is cut.
func (s *session) readDialect() error {
	d, err := s.in.detect(s.out.limitRead, s.out.over, s.joinBy, func() { s.write(chat.AskName + "\n") })
	if err != nil {
		return err
	}
	switch d {
	case dialect.Own:
		return s.readOwn()
	case dialect.ClientPy:
		return s.readClientPy()
	case dialect.None:
		if s.pages != nil && dialect.AsksForPage(s.in.ahead) {
			return s.servePage()
		}
		return s.answerForeign()
	}
	return s.readPlain()
}

func (s *session) readOwn() error {
	line, err := s.readLine()
	if err != nil {
		return err
	}
	s.own = true
	h, err := chat.ParseHello(line)
	if err == nil {
		err = s.join(h.Name, h.Resume)
	}
	if err != nil {
		return refusal{err}
	}
	return s.readLines(chat.Greeting)
}

func (s *session) readPlain() error {
	s.out.setFormat(&dialect.Plain{}, nil)
	for range maxAsked {
		s.limitJoin()
		name, err := s.readLine()
		if err != nil {
			return err
		}
		err = s.join(name, chat.Resume{})
		switch {
		case err == nil:
			return s.readLines("")
		case !badName(err):
			return refusal{err}
		}
		s.write("* " + err.Error() + "\n" + chat.AskName + "\n")
	}
	return refusal{chat.ErrNoName}
}

// limitJoin has reading end when a client without a name is cut.
func (s *session) limitJoin() { s.out.limitRead(s.untilJoin()) }

func (s *session) untilJoin() time.Duration { return max(1, time.Until(s.joinBy)) }

// join joins the room, as soon as the limits allow it.
func (s *session) join(name string, from chat.Resume) error {
	p := chat.Person{Name: name, Transport: "tcp", Address: s.conn.RemoteAddr().String(), Guest: !s.own}
	other := s.room.Elsewhere(from.Token, p)
	if s.spends == nil {
		token := from.Token
		if other != nil { // its seat is not this client's
			token = ""
		}
		spends, wait, err := s.limits.sit(s.at, token, func() bool { return closed(s.out.raw) }, time.Now())
		if err != nil {
			return err
		}
		s.spends = spends
		if err := s.wait(wait); err != nil {
			return err
		}
	}
	if other != nil {
		from.Unanswered = !s.answers(other)
	}
	m, err := s.room.Join(p, from, s.out)
	if err != nil {
		return err
	}
	s.member = m
	s.spends.Hold(m.Token())
	s.in.pay = s.pay
	s.out.start(m)
	return nil
}

// answerTimeout is how long a connection has to acknowledge what it is sent.
const answerTimeout = 3 * time.Second

// answers tells a member that another address has sent its token, and reports whether
// its machine acknowledges that. The token may have been seen on the wire.
func (s *session) answers(m *chat.Member) bool {
	out, ok := m.Subscriber().(*clientWriter)
	if !ok {
		return true
	}
	before := acknowledged(out.raw)
	m.SendPrivate(chat.NewCoded(chat.Error, i18n.Msg("chat.token.asked", "Address", s.from)))
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	return poll.Until(ctx, poll.Kernel, func() (bool, error) {
		switch {
		case isOver(out.over):
			return false, chat.ErrLeave
		case isOver(s.out.over):
			return true, nil
		}
		return acknowledged(out.raw) > before, nil
	}) == nil
}

// badName reports whether another name would help.
func badName(err error) bool {
	e, ok := errors.AsType[*chat.MessageError](err)
	return ok && strings.HasPrefix(e.Message.Code, "chat.name.")
}

// readLines reads lines until there are no more. One that begins with farewell, if
// there is one, leaves: our own client says hello again when it gives up waiting.
func (s *session) readLines(farewell string) error {
	s.out.limitRead(0)
	for {
		line, err := s.readLine()
		switch {
		case err != nil:
		case farewell != "" && strings.HasPrefix(line, farewell):
			err = chat.ErrLeave
		default:
			err = s.carryOut(line)
		}
		if err != nil {
			return err
		}
	}
}

// carryOut carries out a line as soon as the limits allow it; leaving costs nothing.
func (s *session) carryOut(line string) error {
	if chat.Leaves(line) {
		return s.member.Do(line)
	}
	if err := s.pay(); err != nil {
		return err
	}
	return s.member.Do(line)
}

// pay takes a line from what the client may spend, and waits until it is due.
func (s *session) pay() error {
	wait, _ := s.spends.Spend(math.MaxInt64, time.Now())
	return s.wait(wait)
}

// wait waits for a time, unless the session ends.
func (s *session) wait(d time.Duration) error {
	if d == 0 {
		return nil
	}
	due := time.NewTimer(d)
	defer due.Stop()
	select {
	case <-due.C:
		return nil
	case <-s.out.over:
		return os.ErrDeadlineExceeded
	}
}

// readLine reads a line. Once a line has begun, the rest must come in time.
func (s *session) readLine() (string, error) {
	if s.lines == nil {
		s.lines = chat.NewLineReader(&lineSource{s, false}, chat.MaxLine)
	}
	return s.lines.ReadLine()
}

// lineSource is what readLine's LineReader reads from: it sets the deadlines.
type lineSource struct {
	s       *session
	partial bool // a deadline is set
}

// Read implements io.Reader.
func (l *lineSource) Read(b []byte) (int, error) {
	if len(l.s.in.ahead) == 0 && l.s.member != nil {
		switch pending := l.s.lines.Pending(); {
		case pending && !l.partial:
			l.s.out.limitRead(lineTimeout)
			l.partial = true
		case !pending && l.partial:
			l.s.out.limitRead(0)
			l.partial = false
		}
	}
	return l.s.in.Read(b)
}

// write writes to a client that has not joined: nothing else writes to it, and the
// little that it is sent fits the socket.
func (s *session) write(text string) {
	s.conn.SetWriteDeadline(time.Now().Add(drainTimeout))
	_, _ = io.WriteString(s.conn, text) // reading finds a broken connection
	s.conn.SetWriteDeadline(time.Time{})
}
