package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"wirelab/internal/safetext"
)

// Client is one person's end of a chat, over TCP or UDP. One goroutine may
// receive while others say.
type Client struct {
	conn net.Conn
	name string
	in   *LineReader // nil over UDP
	buf  []byte      // over UDP
}

// JoinTCP joins the room at the other end of conn and returns when the server
// has given a name, which may be another than that asked for. When ctx ends
// before that, or the server refuses, it closes conn.
func JoinTCP(ctx context.Context, conn net.Conn, name string) (*Client, error) {
	c := &Client{conn: conn, in: NewLineReader(conn, MaxLine+maxHeader)}
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
	if _, err := c.conn.Write([]byte(greeting + name + "\n")); err != nil {
		return err
	}
	for {
		l, err := c.Receive()
		switch {
		case err != nil:
			return err
		case l.Kind == Notice:
			return fmt.Errorf("the server says: %s", safetext.Strip(l.Text))
		case l.Kind == You:
			if clean, err := CleanName(l.Name); err != nil || clean != l.Name {
				return fmt.Errorf("the server gave %q, which is no name", l.Name)
			}
			c.name = l.Name
			return nil
		}
	}
}

// TalkUDP returns a client that says what it says over conn, a connected
// datagram socket. It sends nothing: the room hears of it with the first text.
func TalkUDP(conn net.Conn, name string) (*Client, error) {
	name, err := CleanName(name)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, name: name, buf: make([]byte, MaxDatagram+1)}, nil
}

// Name returns the client's name: the one that the server gave over TCP, the
// one asked for over UDP.
func (c *Client) Name() string { return c.name }

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
	b := append([]byte(text), '\n')
	if c.in == nil {
		var err error
		if b, err = appendDatagram(nil, c.name, text); err != nil {
			return err
		}
	}
	_, err := c.conn.Write(b)
	return err
}

// Receive returns the room's next line; io.EOF when the server has closed.
func (c *Client) Receive() (Line, error) {
	if c.in != nil {
		s, err := c.in.ReadLine()
		if err != nil {
			return Line{}, err
		}
		return ParseLine(s)
	}
	n, err := c.conn.Read(c.buf)
	if err != nil {
		return Line{}, err
	}
	return ParseLine(string(c.buf[:n]))
}

// Leave says that nothing more will be said: over TCP it sends a FIN, upon
// which the server sends its own after the lines that are still due, and
// Receive returns io.EOF, or a timeout where the server does not within limit.
// Over UDP it closes the socket and sends nothing.
func (c *Client) Leave(limit time.Duration) error {
	if c.in == nil {
		return c.conn.Close()
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
func (c *Client) Close() error { return c.conn.Close() }
