package cli

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
)

// What the goroutines do that dial, read and say for a conversation. They hand
// over what they have, and end with their context.

const (
	firstPause = 100 * time.Millisecond // between two tries to connect again
	longPause  = 10 * time.Second
)

// take goes on with a connection that was made. What it returns ends with it;
// resumed says that it goes on where the last one was lost.
func (c *connection) take(own context.Context, conn *client.Conn) (ctx context.Context, resumed bool) {
	ctx, c.hangUp = context.WithCancel(own)
	token := conn.Resume().Token
	resumed = token != "" && token == c.token
	c.client, c.token = conn, token
	c.others.Go(func() { c.receive(ctx, conn) })
	return ctx, resumed
}

// again makes a connection in place of the one that was lost.
func (c *connection) again(own context.Context) {
	c.hangUp()
	c.client.Close()
	name, resume := c.client.Name(), c.client.Resume()
	c.client = nil
	c.others.Go(func() { c.reconnect(own, name, resume) })
}

// connect makes the first connection.
func (c *connection) connect(ctx context.Context) {
	client, err := c.dial(ctx, c.host, c.port, func(cause error) { c.tell(ctx, dialed{waiting: cause}) })
	c.tell(ctx, dialed{client: client, err: err})
}

// reconnect tries until there is a connection again, at first soon and then
// less and less often, at times that differ from those of others who have lost
// theirs at the same moment.
func (c *connection) reconnect(ctx context.Context, name string, from chat.Resume) {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
		try, cancel := context.WithTimeout(ctx, c.wait)
		again := c.link
		again.name, again.resume = name, from
		client, err := again.attempt(try, c.host, c.port)
		cancel()
		if err == nil {
			c.tell(ctx, dialed{client: client})
			return
		}
		c.tell(ctx, dialed{waiting: err})
	}
}

// tell hands the result of dialing over, or closes the connection.
func (c *connection) tell(ctx context.Context, d dialed) {
	select {
	case c.dialed <- d:
	case <-ctx.Done():
		if d.client != nil {
			d.client.Close()
		}
	}
}

// receive hands over what the room tells, until there is no more.
func (c *connection) receive(ctx context.Context, conn *client.Conn) {
	for {
		l, err := conn.Receive()
		if c.udp && errors.Is(err, syscall.ECONNREFUSED) {
			l, err = chat.Line{Time: time.Now(), Kind: chat.Notice, Text: c.words.NobodyListens(target(c.host, c.port))}, nil
		}
		select {
		case c.received <- received{l, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// sayAll says what it is given, and leaves when no more is to come.
func (c *conversation) sayAll(ctx context.Context, conn *client.Conn, say <-chan string) {
	for {
		select {
		case <-ctx.Done():
			return
		case text, ok := <-say:
			if !ok {
				conn.Leave(farewell) // who receives hears how it went
				return
			}
			err := sayOver(conn, c.udp, text)
			if _, network := errors.AsType[*net.OpError](err); err == nil || network && !c.udp {
				continue // who receives hears of it, too
			}
			select {
			case c.failed <- err:
			case <-ctx.Done():
				return
			}
		}
	}
}
