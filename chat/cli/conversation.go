package cli

import (
	"context"
	"os"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/chat/tui"
	"wirelab/internal/exit"
	"wirelab/internal/inline"
)

const maxReceived = 64 // lines that wait to be shown

// conversation is a chat on a terminal. One goroutine, in run, has the room
// and the connection; others read, say and dial for it, and end with it.
type conversation struct {
	connection
	room     *tui.Room
	terminal *inline.Terminal

	say    chan string // to the goroutine that says it; closed, it leaves
	outbox []string    // what is to be said
	failed chan error  // why something was not said
}

// connection is the way to a room, which is made again when it is lost.
type connection struct {
	link
	host  string
	port  uint16
	words words

	client   *client.Conn // nil: not connected
	hangUp   func()       // ends those who read and say for it
	token    string       // of the last connection
	received chan received
	dialed   chan dialed
	others   sync.WaitGroup
}

type received struct {
	line chat.Line
	err  error // nothing follows
}

type dialed struct {
	client  *client.Conn
	waiting error // it is tried again
	err     error // it is not
}

func newConversation(k link, host string, port uint16, w words, t *inline.Terminal, size inline.Size) *conversation {
	c := &conversation{
		connection: newConnection(k, host, port, w), terminal: t,
		room:   &tui.Room{Where: target(host, port), UDP: k.udp},
		failed: make(chan error),
	}
	c.room.Words, c.room.Color = w, os.Getenv("NO_COLOR") == ""
	c.room.Resize(size.Cols, size.Rows, false)
	return c
}

func newConnection(k link, host string, port uint16, w words) connection {
	return connection{link: k, host: host, port: port, words: w, received: make(chan received, maxReceived), dialed: make(chan dialed)}
}

// run chats until the user leaves, is kicked or there never was a server.
func (c *conversation) run(ctx context.Context) error {
	// The others go on while one says goodbye.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	err := c.chat(ctx, own)
	cancel()
	if c.client != nil {
		c.client.Close()
	}
	c.others.Wait()
	c.room.Close()
	c.show()
	if cause := c.terminal.Close(); err == nil {
		err = cause
	}
	return err
}

func (c *conversation) chat(ctx, own context.Context) error {
	if c.name == "" {
		if left := c.askName(ctx); left {
			return nil
		}
	}
	c.room.Start()
	c.others.Go(func() { c.connect(own) })
	for {
		c.outbox = append(c.outbox, c.room.Outgoing()...)
		c.show()
		if word, leaving := c.room.Leaving(); leaving {
			return c.leave(word)
		}
		say, text := c.next()
		select {
		case <-ctx.Done():
			return c.leave("")
		case k, ok := <-c.terminal.Keys:
			if !ok { // the terminal is gone
				return c.leave("")
			}
			c.room.Press(k)
		case change := <-c.terminal.Changes:
			c.room.Resize(change.Cols, change.Rows, change.Attached)
		case <-c.terminal.Behind:
			c.room.Refresh()
		case d := <-c.dialed:
			if err := c.connected(own, d); err != nil {
				return err
			}
		case r := <-c.received:
			if err := c.hear(own, r); err != nil {
				return err
			}
		case say <- text:
			c.outbox = c.outbox[1:]
		case err := <-c.failed:
			c.room.Notice(c.room.Words.NotSaid(err))
		}
	}
}

// hear takes what was received, and what has been since: much at once is shown
// at once.
func (c *conversation) hear(own context.Context, r received) error {
	for n := 1; ; n++ {
		if r.err == nil {
			c.room.Receive(r.line)
		} else if !c.room.Kicked() {
			c.lost(own)
		}
		if c.room.Kicked() && (r.err != nil || c.udp) { // over UDP no end follows
			return exit.Silent(exit.Failed)
		}
		if n == maxReceived { // the user may have typed something
			return nil
		}
		select {
		case r = <-c.received:
		default:
			return nil
		}
	}
}

func (c *conversation) show() { c.terminal.Write(c.room.Output()) }

// next returns what is to be said and where to; a nil channel for nothing.
func (c *conversation) next() (chan<- string, string) {
	if c.client == nil || len(c.outbox) == 0 {
		return nil, ""
	}
	return c.say, c.outbox[0]
}

// askName asks until there is a name.
func (c *conversation) askName(ctx context.Context) (left bool) {
	c.room.Prompt = c.room.Words.AskName()
	for c.name == "" {
		c.show()
		select {
		case <-ctx.Done():
			return true
		case change := <-c.terminal.Changes:
			c.room.Resize(change.Cols, change.Rows, change.Attached)
		case <-c.terminal.Behind:
			c.room.Refresh()
		case k, ok := <-c.terminal.Keys:
			if !ok {
				return true
			}
			lines, leave := c.room.Key(k)
			if leave {
				return true
			}
			for _, line := range lines {
				name, err := chat.CleanName(line)
				if err != nil {
					c.room.Hint(err.Error())
					continue
				}
				c.name = name
			}
		}
	}
	return false
}

func (c *conversation) connected(own context.Context, d dialed) error {
	switch {
	case d.err != nil:
		return d.err
	case d.waiting != nil:
		c.room.Waiting(d.waiting)
		return nil
	}
	say := make(chan string)
	c.say = say
	ctx, resumed := c.take(own, d.client)
	c.room.Joined(d.client.Name(), resumed)
	c.others.Go(func() { c.sayAll(ctx, d.client, say) })
	return nil
}

// lost goes on without a connection.
func (c *conversation) lost(own context.Context) {
	c.outbox = nil
	c.room.Lost()
	c.again(own)
}

// leave says what is still to be said, leaves politely and waits for the server
// to do so, too; neither for long.
func (c *conversation) leave(word string) error {
	if c.client != nil {
		c.client.SetDeadline(time.Now().Add(farewell))
		if c.udp && word != "" { // over TCP it is the FIN that says so
			c.outbox = append(c.outbox, word)
		}
		c.finish()
	}
	c.room.Notice(c.room.Words.Left())
	return nil
}

func (c *conversation) finish() {
	leaving := false
	for {
		c.show()
		say, text := c.next()
		if say == nil && !leaving {
			leaving = true
			close(c.say)
		}
		select {
		case say <- text:
			c.outbox = c.outbox[1:]
		case r := <-c.received:
			if r.err != nil {
				return
			}
			c.room.Receive(r.line)
		case err := <-c.failed:
			c.room.Notice(c.room.Words.NotSaid(err))
		case k, ok := <-c.terminal.Keys:
			if !ok || k.Code == inline.Interrupt { // an impatient one
				return
			}
		}
	}
}
