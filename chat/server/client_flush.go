package server

import (
	"errors"
	"os"
	"time"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
	"wirelab/internal/i18n"
)

// giveUp makes the own goroutine cut a client that does not read.
func (c *clientWriter) giveUp() {
	if !c.ended {
		c.slow = true
		c.conn.SetWriteDeadline(time.Unix(1, 0))
		c.drive()
	}
}

// cutSlow ends the session of a client that does not read, with a line that tells it
// so. It ends a line that was sent in part: the log may no longer have the rest.
func (c *clientWriter) cutSlow() {
	if c.ended {
		c.fail(errSlow)
		return
	}
	c.rest = nil
	if c.within {
		c.rest = []byte("\n")
	}
	l := chat.NewCoded(chat.Error, i18n.Msg("chat.cut.slow"))
	l.Seq, l.Time = c.log.Snapshot().Seq, time.Now()
	c.private = []privateLine{{c.pos, l}}
	c.cause, c.slow = errSlow, false
	c.finish(c.pos)
}

// fail ends the session at once: the connection is broken.
func (c *clientWriter) fail(err error) {
	if !c.ended {
		c.finish(c.pos)
		c.cause = err
	}
	c.rest, c.private = nil, nil
	c.stop = 0
}

// flush writes what can be written without waiting. The own goroutine writes the
// rest.
func (c *clientWriter) flush(s chat.Snapshot, w *socketWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pos < s.Oldest() && c.begun {
		c.giveUp() // the log no longer has its next line
	}
	for !c.driven {
		b, err := c.next(s)
		if err != nil {
			c.giveUp()
			return
		}
		if len(b) == 0 {
			return
		}
		if c.pace != nil {
			c.drive()
			return
		}
		n, err := w.tryWrite(c.raw, b)
		c.sent(b, n)
		switch {
		case err != nil:
			c.fail(err)
			c.drive()
		case n < len(b):
			c.drive()
		}
	}
}

// drive makes the own goroutine write until there is nothing left.
func (c *clientWriter) drive() {
	if !c.driven {
		c.driven = true
		go c.write()
	}
}

func (c *clientWriter) write() {
	var w socketWriter
	for {
		c.mu.Lock()
		b, err := c.next(c.log.Snapshot())
		if err != nil || c.slow {
			c.cutSlow()
			b, _ = c.next(chat.Snapshot{})
		}
		pace := c.pace
		if len(b) == 0 {
			if c.ended {
				c.mu.Unlock()
				closeWrite(c.conn)
				close(c.done)
				return
			}
			c.driven = false
			c.mu.Unlock()
			c.fanOut.wake.Signal() // it has skipped this client meanwhile
			return
		}
		if !c.ended {
			c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		c.mu.Unlock()

		n, err := w.writeSome(c.conn, c.raw, b)

		c.mu.Lock()
		c.sent(b, n)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && !c.ended:
			c.slow = true
		default:
			c.fail(err)
		}
		if !c.ended {
			c.conn.SetWriteDeadline(time.Time{})
		}
		c.mu.Unlock()
		if pace != nil && err == nil {
			pace(c.raw, c.over)
		}
	}
}

// limitRead sets how long the next reads may take; 0 is without limit. If the
// session has ended, reading ends at once.
func (c *clientWriter) limitRead(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		c.conn.SetReadDeadline(time.Unix(1, 0))
	case d == 0:
		c.conn.SetReadDeadline(time.Time{})
	default:
		c.conn.SetReadDeadline(time.Now().Add(d))
	}
}

// setFormat sets what the client is sent in place of the log as it is.
func (c *clientWriter) setFormat(f dialect.Format, p pacer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.format, c.pace = f, p
}

// start sends a new member the lines that it is due, and from now on every line.
func (c *clientWriter) start(m *chat.Member) {
	c.mu.Lock()
	c.member = m
	if c.format != nil {
		c.format.SetJoined(m.Joined())
	}
	c.mu.Unlock()
	c.flush(c.log.Snapshot(), new(socketWriter))
	c.fanOut.add(c)
}
