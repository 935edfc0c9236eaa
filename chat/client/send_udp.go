package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
)

// askedWithin is how long a server on this network may take to ask for a cookie. It
// asks if it sees the client as somebody from elsewhere, as behind a published port of
// Docker; it answers nothing otherwise.
var askedWithin = 300 * time.Millisecond

// SendUDP says texts over UDP and closes the socket; it does nothing if there are none. To
// a server on this network each text is one datagram. A server elsewhere, or one that asks
// for a cookie, has to answer a /who that follows the texts within Config.Wait, 5 s if that
// is 0. The error wraps a *RefusedError if the server refuses the texts.
func SendUDP(ctx context.Context, config Config, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	config.UDP = true
	conn, err := config.dial(ctx, config.Name, chat.Resume{})
	if err != nil {
		return &DialError{config.Server(), err}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for _, text := range texts {
		if err := conn.Say(text); err != nil {
			return Unsaid(text, err)
		}
	}
	if !conn.udp.remote {
		asked := false
		conn.udp.asked = func() {
			asked = true
			conn.conn.SetReadDeadline(time.Now())
		}
		err := conn.awaitKind(askedWithin, "") // no line ends it, but an error, or a cookie
		switch timedOut := errors.Is(err, os.ErrDeadlineExceeded); {
		case timedOut && !asked:
			return nil
		case !timedOut:
			return Unsaid(texts[0], err)
		}
	}
	if err := conn.Say("/who"); err != nil {
		return i18n.Errmsg("chat.mistake.unasked", "Cause", err)
	}
	if err := conn.awaitKind(config.within(), chat.Who); err != nil {
		return i18n.Errmsg("chat.mistake.unanswered", "Server", config.Server(), "Cause", err)
	}
	return nil
}

// Unsaid returns the error err of a text that was not said, with the beginning of the
// text. It tells apart what a server refuses.
func Unsaid(text string, err error) error {
	text = fmt.Sprintf("%.40s", text)
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return i18n.Errmsg("chat.mistake.answered", "Text", text, "Cause", err)
	}
	return i18n.Errmsg("chat.mistake.say", "Text", text, "Cause", err)
}

// awaitKind receives until there is a line of a kind, or an error.
func (c *Conn) awaitKind(within time.Duration, kind chat.Kind) error {
	if err := c.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	for {
		l, err := c.Receive()
		switch {
		case err != nil:
			return err
		case l.Kind == chat.Error:
			return &RefusedError{l}
		case l.Kind == kind:
			return nil
		}
	}
}
