package client

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
)

const (
	// farewell is how long the server's FIN may take once everything was heard.
	farewell = 5 * time.Second

	maxEvents = 64 // that wait for the user
)

// The errors with which a session ends.
var (
	ErrKicked   = i18n.Errmsg("chat.line.kickedyou")   // the user was removed from the room
	ErrNotHeard = i18n.Errmsg("chat.mistake.notheard") // the user left before everything was heard (NotHeard)
)

// Session is one user's stay in a room. It connects, connects again when the connection is
// lost, resumes, and keeps the texts that are not said yet. It has no text for people: it
// tells its user events. Its methods may be called from several goroutines at once.
type Session struct {
	config  Config
	events  chan Event
	pending *pending
	cancel  context.CancelFunc
	err     error // after events is closed

	mu      sync.Mutex
	conn    *Conn // nil: not connected
	leaving bool
}

// Start starts a session. It ends with ctx, with Close, after Leave, when the user is
// kicked, when the server is never reached and, without Config.Reconnect, with its
// connection. Read its Events.
func Start(ctx context.Context, config Config) *Session {
	ctx, cancel := context.WithCancel(ctx)
	s := &Session{config: config, events: make(chan Event, maxEvents), pending: newPending(!config.UDP), cancel: cancel}
	go func() {
		defer close(s.events)
		defer cancel()
		s.err = s.stay(ctx)
	}()
	return s
}

// Events returns the channel of the session's events, which is closed when the session has
// ended. Read it to the end or call Close: a session waits for its user.
func (s *Session) Events() <-chan Event { return s.events }

// Err returns, after the channel of Events is closed, why the session has ended. It is nil
// if its user left, ErrNotHeard if its user left and not everything was heard, ErrKicked,
// a *DialError, or the error of its last connection.
func (s *Session) Err() error { return s.err }

// NotHeard returns, after the channel of Events is closed, the texts that were said and
// that the room is not known to have heard. It returns them once.
func (s *Session) NotHeard() []string { return s.pending.notHeard() }

// Say queues a text, and does not block. The error is ErrOffline if there is no
// connection. An error of sending the text later is an event, NotSaid.
func (s *Session) Say(text string) error { return s.pending.add(saying{text: text}) }

// SayAndWait says a text and returns when it is sent, or why it was not. Events must be
// read meanwhile.
func (s *Session) SayAndWait(ctx context.Context, text string) error {
	written := make(chan error, 1)
	return s.sayAnd(ctx, saying{text: text, written: written}, written)
}

// SayAndHear says a text over TCP. It returns when the room has heard the text, or
// answered it if it is a command, or why not: a *RefusedError if the server refuses it.
// Events must be read meanwhile.
func (s *Session) SayAndHear(ctx context.Context, text string) error {
	heard := make(chan error, 2) // that it was not written, or what came of it
	return s.sayAnd(ctx, saying{text: text, heard: heard}, heard)
}

func (s *Session) sayAnd(ctx context.Context, what saying, done <-chan error) error {
	if err := s.pending.add(what); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave says the texts that are queued, and leaves. Over UDP it says word at the end, if
// it is not ""; over TCP the FIN tells the server. It does not wait: the channel of Events
// is closed when the server has answered. The server may take its time for the queued
// texts, because of its limit on lines, but at most 5 s once everything was heard. Close
// gives up at once.
func (s *Session) Leave(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = true
	var last []string
	if s.config.UDP && word != "" {
		last = []string{word}
	}
	if s.conn == nil {
		s.cancel()
		return
	}
	if s.pending.leave(last...) || s.config.UDP {
		s.conn.SetDeadline(time.Now().Add(farewell)) // fails only on a closed connection
	}
}

// Close ends the session at once, and waits until it has ended.
func (s *Session) Close() {
	s.cancel()
	for range s.events {
	}
}

// stay connects and converses until the session ends, and returns why.
func (s *Session) stay(ctx context.Context) error {
	conn, err := s.connect(ctx)
	token := ""
	for again := false; ; again = true {
		if err != nil {
			return s.reason(err)
		}
		resume := conn.Resume()
		resumed := resume.Token != "" && resume.Token == token
		token = resume.Token
		err = s.converse(ctx, conn, Connected{conn.Name(), again, resumed})
		if s.isLeaving() || !s.config.Reconnect || errors.Is(err, ErrKicked) || ctx.Err() != nil {
			return s.reason(err)
		}
		s.emit(ctx, Lost{})
		conn, err = s.reconnect(ctx, conn.Name(), conn.Resume())
	}
}

// reason returns what Err returns of the error that ends the session.
func (s *Session) reason(err error) error {
	if s.isLeaving() && (errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled)) {
		if s.pending.someNotHeard() {
			return ErrNotHeard
		}
		return nil
	}
	return err
}

func (s *Session) isLeaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaving
}

// converse uses a connection until it ends, and closes it.
func (s *Session) converse(ctx context.Context, conn *Conn, connected Connected) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if !s.attach(conn) {
		return context.Canceled
	}
	s.emit(ctx, connected)
	writing, stopWriting := context.WithCancel(ctx)
	var others sync.WaitGroup
	var leaveErr error
	others.Go(func() { leaveErr = s.write(writing, conn) })
	others.Go(func() { s.watchUnheard(writing) })
	err := s.receive(ctx, conn)
	conn.Close() // a write that blocks ends
	stopWriting()
	others.Wait()
	s.detach()
	if leaveErr != nil {
		return leaveErr
	}
	return err
}

// attach makes the connection the session's, unless its user has left.
func (s *Session) attach(conn *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving {
		return false
	}
	s.conn = conn
	var first []string
	if s.config.AskWho && !s.config.UDP {
		first = []string{"/who"}
	}
	s.pending.connected(first...)
	return true
}

func (s *Session) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = nil
	s.pending.disconnected()
}

// receive tells the user what the room tells, until the connection ends.
func (s *Session) receive(ctx context.Context, conn *Conn) error {
	kicked := false
	for {
		l, err := conn.Receive()
		switch {
		case s.config.UDP && errors.Is(err, syscall.ECONNREFUSED):
			s.emit(ctx, PortUnreachable{}) // the next datagram may find a server
			continue
		case err != nil && kicked:
			return ErrKicked
		case err != nil:
			return err
		}
		me := conn.Name()
		if l.Kind == chat.Who { // everything that was missed precedes it
			for _, text := range s.pending.notHeard() {
				s.emit(ctx, NotHeard{text})
			}
		}
		s.settle(conn, l, me)
		kicked = kicked || l.Kind == chat.Kick && l.Name == me
		s.emit(ctx, Received{l, me})
		if kicked && s.config.UDP { // over which no end follows
			return ErrKicked
		}
	}
}

// settle finds out what a line says of the texts that are on their way.
func (s *Session) settle(conn *Conn, l chat.Line, me string) {
	switch {
	case l.Kind == chat.Say && l.Name == me:
		s.pending.heard(l.Text, l.Time.Before(conn.since))
	case l.Kind == chat.Error:
		s.pending.refused(&RefusedError{l})
	case l.Private(), l.Name == me && (l.Kind == chat.Me || l.Kind == chat.Topic), l.Text == me && l.Kind == chat.Nick:
		s.pending.answered()
	}
	if s.isLeaving() && s.pending.allHeard() {
		conn.SetDeadline(time.Now().Add(farewell))
	}
}

// watchUnheard tells the user how many texts are not heard, whenever that changes.
func (s *Session) watchUnheard(ctx context.Context) {
	told := Unheard{}
	for {
		n, next := s.pending.unheard(time.Now())
		if now := (Unheard{n, s.isLeaving()}); now.Texts != told.Texts || now.Leaving && n > 0 && !told.Leaving {
			s.emit(ctx, now)
			told = now
		}
		var late <-chan time.Time
		if !next.IsZero() {
			late = time.After(time.Until(next))
		}
		select {
		case <-s.pending.changed:
		case <-late:
		case <-ctx.Done():
			return
		}
	}
}

// write says the texts that are queued, and leaves when the user does. The error is
// that of leaving.
func (s *Session) write(ctx context.Context, conn *Conn) error {
	for {
		next, ok := s.pending.next(ctx)
		if !ok {
			break
		}
		err := conn.Say(next.text)
		if s.config.UDP && errors.Is(err, syscall.ECONNREFUSED) {
			err = conn.Say(next.text) // the socket reported the answer to an earlier datagram
		}
		_, broken := errors.AsType[*net.OpError](err)
		broken = broken && !s.config.UDP
		if err != nil && !broken {
			s.pending.failed(next)
		}
		switch {
		case next.written != nil:
			next.written <- err
		case err == nil || broken: // receiving reports a connection that is broken
		case next.heard != nil:
			next.heard <- err
		default:
			s.emit(ctx, NotSaid{err})
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	limit := farewell
	if !s.pending.allHeard() {
		limit = 0
	}
	err := conn.Leave(limit)
	if err != nil {
		conn.Close()
	}
	return err
}

// emit tells the user an event, unless the session ends.
func (s *Session) emit(ctx context.Context, e Event) {
	select {
	case s.events <- e:
	case <-ctx.Done():
	}
}
