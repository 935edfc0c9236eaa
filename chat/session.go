package chat

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

const (
	lineTimeout = time.Minute // for the rest of a line
	maxAsked    = 5           // times that someone is asked for a name
)

// session is one TCP connection: its goroutine reads, its outbox writes.
type session struct {
	room   *Room
	limits Limits
	conn   net.Conn
	from   netip.Addr
	in     source
	out    *outbox
	member *member // nil: has not joined
	bucket bucket
	lines  *LineReader
}

func newSession(conn net.Conn, room *Room, limits Limits, sweep *sweeper) *session {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer)
		limitUnacknowledged(tcp)
	}
	s := &session{room: room, limits: limits, conn: conn, out: newOutbox(conn, room.rec, sweep)}
	s.in.conn = conn
	if a, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		s.from = a.Addr().Unmap()
	}
	return s
}

// serve talks to the client to the end and closes the connection. Where it is
// refused, the client is told why, or not even that.
//
// A goroutine spends its life in talk, a thousand of them a thousand stacks:
// what comes after it has a frame of its own.
func (s *session) serve(refused error) {
	if refused == nil {
		s.part(s.talk())
		return
	}
	if errors.Is(refused, errBusy) {
		s.conn.Close()
	}
	s.part(refused)
}

// talk reads until there is no more or the client is to be cut.
func (s *session) talk() error {
	d, err := s.in.detect(s.out.limitRead, s.out.over, func() { s.write(askName + "\n") })
	if err != nil {
		return err
	}
	switch d {
	case dialectOwn:
		return s.own()
	case dialectNote:
		return s.note()
	case dialectHTTP:
		s.write("HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n" +
			"This is a chat room. Join it with nc, the course note's client.py or wirelab chat join.\n")
		return errors.New("speaks HTTP")
	case dialectTLS:
		return errors.New("speaks TLS")
	}
	return s.plain()
}

func (s *session) own() error {
	line, err := s.readLine()
	if err != nil {
		return err
	}
	h, err := parseHello(line[len(greeting):])
	if err == nil {
		err = s.join(h.name, h.resume)
	}
	if err != nil {
		return refusal{err}
	}
	return s.read()
}

func (s *session) plain() error {
	f := &plain{}
	s.out.become(f, nil)
	for range maxAsked {
		s.out.limitRead(joinTimeout)
		name, err := s.readLine()
		if err != nil {
			return err
		}
		if err = s.join(name, Resume{}); err == nil {
			return s.read()
		}
		s.write("* " + err.Error() + "\n" + askName + "\n")
	}
	return refusal{errNoName}
}

func (s *session) note() error {
	name, rest := noteName(string(s.in.ahead))
	s.in.ahead = []byte(rest)
	s.out.become(&note{console: s.room.Console, claimed: name}, notePace)
	in := noteInput{name: name}
	if err := s.join(name, Resume{}); err != nil {
		s.write(askName)
	}
	asked := 1
	for {
		texts, err := s.noteTexts(&in)
		for _, text := range texts {
			if s.member != nil {
				if err := s.do(text); err != nil {
					return err
				}
				continue
			}
			if asked++; asked > maxAsked {
				return refusal{errNoName}
			}
			if err := s.join(text, Resume{}); err != nil {
				s.write(askName)
			}
		}
		switch {
		case errors.Is(err, errIsLines):
			return s.read()
		case err != nil:
			return err
		}
	}
}

// errIsLines says that what seemed the note's client has sent a \n.
var errIsLines = errors.New("speaks lines")

// noteTexts reads once.
func (s *session) noteTexts(in *noteInput) ([]string, error) {
	wait := time.Duration(0)
	switch {
	case len(in.buf) > 0:
		wait = noteSettled
	case s.member == nil:
		wait = joinTimeout
	}
	b := make([]byte, minBuffer)
	if len(s.in.ahead) == 0 {
		s.out.limitRead(wait)
	}
	n, err := s.in.Read(b)
	b = b[:n]
	for _, c := range b {
		if c == '\n' && s.member != nil {
			s.in.ahead = append(append(in.buf, b...), s.in.ahead...)
			s.out.become(&plain{name: s.member.name(), since: s.member.joined}, nil)
			return nil, errIsLines
		}
	}
	texts := in.add(b)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded) && !isOver(s.out.over) && len(in.buf) > 0:
		return append(texts, in.settle()...), nil
	default:
		texts = append(texts, in.settle()...)
	}
	return texts, err
}

// join enters the room.
func (s *session) join(name string, from Resume) error {
	p := Person{Name: name, Transport: "tcp", Address: s.conn.RemoteAddr().String()}
	m, err := s.room.join(p, from, s.out)
	if err != nil {
		return err
	}
	s.member = m
	s.out.start(m)
	return nil
}

// read takes lines until there are no more.
func (s *session) read() error {
	s.out.limitRead(0)
	for {
		line, err := s.readLine()
		if err == nil {
			err = s.do(line)
		}
		if err != nil {
			return err
		}
	}
}

// do waits until the client may say a line, and lets it.
func (s *session) do(line string) error {
	if wait := s.bucket.take(s.limits, time.Now()); wait > 0 {
		due := time.NewTimer(wait)
		defer due.Stop()
		select {
		case <-due.C:
		case <-s.out.over:
			return os.ErrDeadlineExceeded
		}
	}
	return s.member.do(line)
}

// readLine reads a line. Of one that has begun the rest must come in time.
func (s *session) readLine() (string, error) {
	if s.lines == nil {
		s.lines = NewLineReader(&lineSource{s, false}, MaxLine)
	}
	return s.lines.ReadLine()
}

// lineSource reads what a LineReader needs.
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

// write writes to a client that has not joined: nothing else does, and the
// little that it is told fits the socket.
func (s *session) write(text string) {
	s.conn.SetWriteDeadline(time.Now().Add(drainTimeout))
	_, _ = io.WriteString(s.conn, text) // who cannot be told is found out by reading
	s.conn.SetWriteDeadline(time.Time{})
}
