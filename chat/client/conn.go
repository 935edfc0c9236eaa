// Package client is the client's side of a chat room. A Session is one user's stay in the
// room: it connects, over TCP or UDP, and again when its connection is lost. A Conn is
// one connection, for programs that need no more.
package client

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// maxReordered is how many datagrams late one may arrive.
const maxReordered = 64

// Conn is one connection to a room, over TCP or UDP. One goroutine may call Receive while
// others call the other methods.
type Conn struct {
	conn net.Conn
	in   *chat.LineReader // nil over UDP
	udp  *udp             // nil over TCP
	held *chat.Line       // was read, but a Gap precedes it

	since time.Time // over TCP: when this client joined, by the server's clock

	mu     sync.Mutex
	name   string
	resume chat.Resume
}

// RefusedError says that the server does not let someone in, or refuses what a member sent.
// Line is what the server said, of kind Error or Notice.
type RefusedError struct{ Line chat.Line } // of kind Error or Notice

// Error implements error.
func (e *RefusedError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated if Line has a code.
func (e *RefusedError) Unwrap() error {
	said := e.Line.Message()
	if !i18n.Has(said.Code) {
		said = i18n.Verbatim(safetext.Strip(e.Line.Text))
	}
	return i18n.Errmsg("chat.mistake.refused", "Text", said)
}

// JoinTCP joins the room at the other end of conn. It returns when the server has given
// the client a name, which may differ from the one asked for. For a client whose
// connection was lost, from is what Conn.Resume returned: Receive then returns the lines
// that the client missed first, or a Gap if the server no longer has them.
//
// JoinTCP closes conn if it returns an error, as when ctx ends. The error wraps a
// *RefusedError if the server refuses, and may wrap ErrNoteServer.
func JoinTCP(ctx context.Context, conn net.Conn, name string, from chat.Resume) (*Conn, error) {
	c := &Conn{conn: conn, in: chat.NewLineReader(conn, chat.MaxLine+chat.MaxHeader), resume: from}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	err := c.greet(name)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && c.leavesNote(name) {
		err = ErrNoteServer
	}
	if err != nil {
		conn.Close()
		return nil, i18n.Errmsg("chat.mistake.join", "Name", name, "Cause", err)
	}
	return c, nil
}

func (c *Conn) greet(name string) error {
	name, err := chat.CleanName(name)
	if err != nil {
		return err
	}
	hello := chat.Hello{Name: name, Resume: c.resume}
	if _, err := c.conn.Write(append(hello.Append(nil), '\n')); err != nil {
		return err
	}
	for {
		s, err := c.in.ReadLine()
		if err != nil {
			return err
		}
		l, err := chat.ParseLine(s)
		switch {
		case s == chat.AskName: // the server asked before the hello arrived
		case err != nil:
			return err
		case l.Kind == chat.Error || l.Kind == chat.Notice:
			return &RefusedError{l}
		case l.Kind == chat.You:
			return c.joined(l)
		}
	}
}

// ErrNoteServer says that the server is the course note's own server.py.
var ErrNoteServer = i18n.Errmsg("chat.mistake.note")

// leavesNote leaves a server that has answered nothing, in the words of the course
// note's client.py, and reports whether it is the note's server.py: that takes the
// hello for a name, and would keep it for ever. Our own server takes a second hello
// for the end.
func (c *Conn) leavesNote(name string) bool {
	hello := string(append(chat.Hello{Name: name, Resume: c.resume}.Append(nil), '\n'))
	c.conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.conn.Write([]byte(hello + "\t: exit")); err != nil {
		return false
	}
	line, err := c.in.ReadLine()
	return err == nil && line == strings.TrimSuffix("exit "+hello, "\n")
}

// joined handles the line of kind You.
func (c *Conn) joined(l chat.Line) error {
	if clean, err := chat.CleanName(l.Name); err != nil || clean != l.Name {
		return i18n.Errmsg("chat.mistake.given", "Name", l.Name)
	}
	missed := uint64(0)
	if c.resume.Token == l.Text && l.Seq > c.resume.Seq {
		missed = l.Seq - c.resume.Seq
	}
	if missed > 0 {
		c.held = &chat.Line{Seq: l.Seq, Time: l.Time, Kind: chat.Gap, Text: strconv.FormatUint(missed, 10)}
	}
	c.name, c.resume, c.since = l.Name, chat.Resume{Seq: l.Seq, Token: l.Text}, l.Time
	return nil
}

// NewUDP returns a Conn over conn, a connected datagram socket. It sends nothing: the
// client joins the room with its first text.
func NewUDP(conn net.Conn, name string) (*Conn, error) {
	name, err := chat.CleanName(name)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, name: name, udp: newUDP(conn, name)}, nil
}

// Name returns the client's name in the room: the one that the server gave. Over UDP it is
// the one asked for until the server tells of another.
func (c *Conn) Name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

// Resume returns what JoinTCP needs to continue if the connection is lost now.
func (c *Conn) Resume() chat.Resume {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resume
}

// Say says a text of one line. It sends nothing, and returns nil, if chat.CleanText leaves
// nothing of the text. The error wraps chat.ErrTooLong if the text does not fit
// chat.MaxLine or chat.MaxDatagram.
func (c *Conn) Say(text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return i18n.Errmsg("chat.mistake.oneline")
	}
	if len(text) >= chat.MaxLine {
		return i18n.Errmsg("chat.mistake.long", "Number", len(text), "Most", chat.MaxLine-1, "Cause", chat.ErrTooLong)
	}
	if text = chat.CleanText(text); text == "" {
		return nil
	}
	if c.udp != nil {
		return c.udp.say(text)
	}
	_, err := c.conn.Write(append([]byte(text), '\n'))
	return err
}

// Receive waits for the next line of the room and returns it. If lines before it are
// missing, it returns a Gap first. The error is io.EOF when the server has closed the
// connection.
func (c *Conn) Receive() (chat.Line, error) {
	if c.held != nil {
		l := *c.held
		c.held = nil
		return l, nil
	}
	for {
		var s string
		var err error
		if c.udp != nil {
			s, err = c.udp.receive()
		} else {
			s, err = c.in.ReadLine()
		}
		if err != nil {
			return chat.Line{}, err
		}
		l, err := chat.ParseLine(s)
		if err != nil && c.udp != nil {
			continue // anyone may send a datagram
		}
		if err != nil {
			return chat.Line{}, err
		}
		return c.number(l), nil
	}
}

// number compares a line's number with the last, and returns the line or the Gap that
// precedes it. It follows the client's own change of name, and over UDP the name that the
// server tells.
func (c *Conn) number(l chat.Line) chat.Line {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case l.Kind == chat.Nick && l.Name == c.name:
		c.rename(l.Text)
	case l.Kind == chat.You && c.udp != nil:
		c.rename(l.Name)
	}
	last := c.resume.Seq
	missed := uint64(0)
	if l.Seq > last {
		missed = l.Seq - last
		if !l.Private() {
			missed-- // the line itself; a private one has the number of a line that is missing, too
		}
	}
	switch {
	case l.Seq > last:
		c.resume.Seq = l.Seq
	case c.udp != nil && (l.Seq == 1 || l.Seq+maxReordered < last):
		c.resume.Seq = l.Seq // the server counts anew
	}
	if missed == 0 {
		return l
	}
	c.held = &l
	return chat.Line{Seq: last, Time: l.Time, Kind: chat.Gap, Text: strconv.FormatUint(missed, 10)}
}

// rename takes the name that the server has given. c is locked.
func (c *Conn) rename(name string) {
	if clean, err := chat.CleanName(name); err != nil || clean != name {
		return
	}
	c.name = name
	if c.udp != nil {
		c.udp.rename(name)
	}
}

// Leave ends what the client says. Over TCP it sends a FIN. The server then sends the
// lines that are still due and its own FIN, after which Receive returns io.EOF; with a
// limit above 0, Receive returns a timeout when that is over. Over UDP it closes the
// socket and sends nothing.
func (c *Conn) Leave(limit time.Duration) error {
	if c.udp != nil {
		return c.Close()
	}
	if limit > 0 {
		if err := c.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
			return err
		}
	}
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.conn.Close()
}

// SetDeadline sets when Say and Receive give up. The zero time means never.
func (c *Conn) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// Close closes the connection. Over TCP, call Leave first and Receive until io.EOF: with
// lines that are not read, the kernel sends a RST in place of a FIN.
func (c *Conn) Close() error {
	if c.udp != nil {
		c.udp.stop()
	}
	err := c.conn.Close()
	if errors.Is(err, os.ErrClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
