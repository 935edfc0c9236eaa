package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"wirelab/internal/safetext"
)

// maxReordered is by how many datagrams one may come late.
const maxReordered = 64

// Client is one person's end of a chat, over TCP or UDP. One goroutine may
// receive while others say.
type Client struct {
	conn net.Conn
	in   *LineReader // nil over UDP
	talk *talk       // nil over TCP
	held *Line       // was read, but a Gap comes before it

	mu     sync.Mutex
	name   string
	resume Resume
}

// Resume is what a client that has lost its connection goes on from.
type Resume struct {
	Seq   uint64 // of the last line that was received
	Token string // as the server gave it
}

// JoinTCP joins the room at the other end of conn and returns when the server
// has given a name, which may be another than that asked for. When ctx ends
// before that, or the server refuses, it closes conn.
func JoinTCP(ctx context.Context, conn net.Conn, name string) (*Client, error) {
	return ResumeTCP(ctx, conn, name, Resume{})
}

// ResumeTCP is JoinTCP for a client whose last connection was lost: the first
// lines received are those that it missed, or a Gap if they are not to be had.
func ResumeTCP(ctx context.Context, conn net.Conn, name string, from Resume) (*Client, error) {
	c := &Client{conn: conn, in: NewLineReader(conn, MaxLine+maxHeader), resume: from}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	err := c.greet(name)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("join as %q: %w", name, err)
	}
	return c, nil
}

func (c *Client) greet(name string) error {
	name, err := CleanName(name)
	if err != nil {
		return err
	}
	hello := hello{name: name, resume: c.resume}
	if _, err := c.conn.Write(append(hello.append(nil), '\n')); err != nil {
		return err
	}
	for {
		s, err := c.in.ReadLine()
		if err != nil {
			return err
		}
		l, err := ParseLine(s)
		switch {
		case s == askName: // it was waiting
		case err != nil:
			return err
		case l.Kind == Error || l.Kind == Notice:
			return fmt.Errorf("the server says: %s", safetext.Strip(l.Text))
		case l.Kind == You:
			return c.given(l)
		}
	}
}

// given takes the server's first line.
func (c *Client) given(l Line) error {
	if clean, err := CleanName(l.Name); err != nil || clean != l.Name {
		return fmt.Errorf("the server gave %q, which is no name", l.Name)
	}
	missed := uint64(0)
	if c.resume.Token == l.Text && l.Seq > c.resume.Seq {
		missed = l.Seq - c.resume.Seq
	}
	if missed > 0 {
		c.held = &Line{Seq: l.Seq, Time: l.Time, Kind: Gap, Text: strconv.FormatUint(missed, 10)}
	}
	c.name, c.resume = l.Name, Resume{l.Seq, l.Text}
	return nil
}

// TalkUDP returns a client that says what it says over conn, a connected
// datagram socket. It sends nothing: the room hears of it with the first text.
func TalkUDP(conn net.Conn, name string) (*Client, error) {
	name, err := CleanName(name)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, name: name, talk: newTalk(conn, name)}, nil
}

// Name returns the client's name: the one that the server gave over TCP, the
// one asked for over UDP.
func (c *Client) Name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

// Resume returns what ResumeTCP goes on from if the connection is lost now.
func (c *Client) Resume() Resume {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resume
}

// Say says one line. What CleanText leaves nothing of is not sent. The error is
// ErrTooLong above MaxLine or MaxDatagram; nothing is sent then either.
func (c *Client) Say(text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return errors.New("a text is one line")
	}
	if len(text) >= MaxLine {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(text), MaxLine-1)
	}
	if text = CleanText(text); text == "" {
		return nil
	}
	if c.talk != nil {
		return c.talk.say(text)
	}
	_, err := c.conn.Write(append([]byte(text), '\n'))
	return err
}

// Receive returns the room's next line, or a Gap where lines are missing
// before it; io.EOF when the server has closed.
func (c *Client) Receive() (Line, error) {
	if c.held != nil {
		l := *c.held
		c.held = nil
		return l, nil
	}
	for {
		var s string
		var err error
		if c.talk != nil {
			s, err = c.talk.receive()
		} else {
			s, err = c.in.ReadLine()
		}
		if err != nil {
			return Line{}, err
		}
		l, err := ParseLine(s)
		if err != nil && c.talk != nil {
			continue // anyone may send a datagram
		}
		if err != nil {
			return Line{}, err
		}
		return c.take(l), nil
	}
}

// take notes what a line changes, and returns it or the Gap before it.
func (c *Client) take(l Line) Line {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.Kind == Nick && l.Name == c.name {
		if clean, err := CleanName(l.Text); err == nil && clean == l.Text {
			c.name = clean
		}
	}
	last := c.resume.Seq
	missed := uint64(0)
	if l.Seq > last {
		missed = l.Seq - last
		if !l.Private() {
			missed-- // for a private one the line with its number is missing, too
		}
	}
	switch {
	case l.Seq > last:
		c.resume.Seq = l.Seq
	case c.talk != nil && (l.Seq == 1 || l.Seq+maxReordered < last):
		c.resume.Seq = l.Seq // the server counts anew
	}
	if missed == 0 {
		return l
	}
	c.held = &l
	return Line{Seq: last, Time: l.Time, Kind: Gap, Text: strconv.FormatUint(missed, 10)}
}

// Leave says that nothing more will be said: over TCP it sends a FIN, upon
// which the server sends its own after the lines that are still due, and
// Receive returns io.EOF, or a timeout where the server does not within limit.
// Over UDP it closes the socket and sends nothing.
func (c *Client) Leave(limit time.Duration) error {
	if c.talk != nil {
		return c.Close()
	}
	if err := c.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	return closeWrite(c.conn)
}

// SetDeadline sets when Say and Receive give up, the zero time for never.
func (c *Client) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// Close closes the connection. Over TCP, Leave and receiving to the end come
// first, lest the kernel send a RST for lines not read.
func (c *Client) Close() error {
	if c.talk != nil {
		c.talk.stop()
	}
	err := c.conn.Close()
	if errors.Is(err, os.ErrClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
