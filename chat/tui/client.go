package tui

import (
	"context"
	"errors"
	"os"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/inline"
)

// maxAtOnce is how many events are handled before the terminal is looked at again.
const maxAtOnce = 64

// Options are what a user chooses of a terminal client.
type Options struct {
	NoBell bool // else the bell rings, at most once a second, for private messages and where the user is named
	Stay   bool // whoever has left, or was kicked, is asked for a name to join with again
}

// Run chats on a terminal, which it closes at the end, until the user leaves. It
// asks for a name if the config has none. The error is that of a session that has
// ended otherwise (client.Session.Err). When ctx ends, the user leaves. With
// Options.Stay only the end of ctx or of the terminal ends Run.
func Run(ctx context.Context, config client.Config, t *inline.Terminal, size inline.Size, words Words, o Options) error {
	config.Reconnect, config.AskWho = true, true
	c := &terminalClient{terminal: t, view: &view{Words: words, Server: config.Server(), UDP: config.UDP, NoBell: o.NoBell}}
	c.view.Color = os.Getenv("NO_COLOR") == ""
	c.view.Resize(size.Cols, size.Rows, false)
	var err error
	if o.Stay {
		c.chatAgain(ctx, config)
	} else {
		err = c.chat(ctx, config)
	}
	c.view.Close()
	c.show()
	if cause := t.Close(); err == nil {
		err = cause
	}
	return err
}

// terminalClient connects a terminal, a view and a session.
type terminalClient struct {
	terminal *inline.Terminal
	view     *view
	session  *client.Session
	gone     bool // the terminal is
}

// chatAgain chats as one visitor after the other, until ctx or the terminal ends.
func (c *terminalClient) chatAgain(ctx context.Context, config client.Config) {
	for {
		err := c.chat(ctx, config)
		if me := c.view.me; me != "" { // the user may have changed it
			config.Name = me
		}
		switch {
		case err == nil, errors.Is(err, client.ErrKicked), errors.Is(err, client.ErrNotHeard): // the user was told
		default:
			c.view.notice("* " + c.view.Words.Cause(err))
		}
		c.view.again()
		name := ""
		for name == "" { // leaving leads back to the prompt
			if name = c.askName(ctx, config.Name); ctx.Err() != nil || c.gone {
				return
			}
		}
		config.Name = name
	}
}

func (c *terminalClient) chat(ctx context.Context, config client.Config) error {
	if config.Name == "" {
		if config.Name = c.askName(ctx, ""); config.Name == "" {
			return nil
		}
	}
	c.view.start()
	c.session = client.Start(context.WithoutCancel(ctx), config) // leaving takes longer than ctx
	defer c.session.Close()
	for {
		c.say()
		c.show()
		if word, leaving := c.view.wantsToLeave(); leaving {
			return c.leave(word)
		}
		var pause <-chan time.Time
		if c.view.crowd.waits() {
			pause = time.After(crowdPause)
		}
		select {
		case <-ctx.Done():
			return c.leave("")
		case <-pause:
			c.view.tellCrowd()
		case k, ok := <-c.terminal.Keys:
			if !ok { // the terminal is gone
				return c.leave("")
			}
			c.view.press(k)
		case change := <-c.terminal.Changes:
			c.view.Resize(change.Cols, change.Rows, change.Attached)
		case <-c.terminal.Behind:
			c.view.Refresh()
		case e, ok := <-c.session.Events():
			if !ok || !c.handleAll(e) {
				return c.session.Err()
			}
		}
	}
}

// handleAll handles an event and those that are there already, so that they are drawn
// at once. It reports false at the end of the session.
func (c *terminalClient) handleAll(e client.Event) bool {
	for range maxAtOnce {
		c.view.handle(e)
		var ok bool
		select {
		case e, ok = <-c.session.Events():
			if !ok {
				return false
			}
		default:
			return true
		}
	}
	c.view.handle(e)
	return true
}

// say gives the session the lines that the user has entered.
func (c *terminalClient) say() {
	for _, line := range c.view.takeOutgoing() {
		if err := c.session.Say(line); errors.Is(err, client.ErrOffline) {
			c.view.offline(line)
		}
	}
}

func (c *terminalClient) show() { c.terminal.Write(c.view.Output()) }

// askName asks until there is a name; it returns none if the user leaves. An empty
// line chooses the name that the user had, if there was one.
func (c *terminalClient) askName(ctx context.Context, had string) string {
	c.view.Prompt = c.view.Words.AskName()
	if had != "" {
		c.view.Prompt = c.view.Words.askAgain(had)
	}
	for {
		c.show()
		select {
		case <-ctx.Done():
			return ""
		case change := <-c.terminal.Changes:
			c.view.Resize(change.Cols, change.Rows, change.Attached)
		case <-c.terminal.Behind:
			c.view.Refresh()
		case k, ok := <-c.terminal.Keys:
			if !ok {
				c.gone = true
				return ""
			}
			lines, leave := c.view.Key(k)
			if leave {
				return ""
			}
			for _, line := range lines {
				if line == "" && had != "" {
					return had
				}
				name, err := chat.CleanName(line)
				if err == nil {
					return name
				}
				c.view.Hint(c.view.Words.Cause(err))
			}
		}
	}
}

// leave shows the events until the room has heard everything and the server has
// answered, or the user gives up. The error is client.ErrNotHeard if something was not
// heard.
func (c *terminalClient) leave(word string) error {
	c.session.Leave(word)
	defer func() { c.view.notice(c.view.Words.left()) }()
	for {
		c.show()
		select {
		case e, ok := <-c.session.Events():
			if !ok {
				return c.notHeard()
			}
			c.view.handle(e)
		case k, ok := <-c.terminal.Keys:
			if !ok || k.Code == inline.Interrupt {
				c.session.Close()
				return c.notHeard()
			}
		}
	}
}

func (c *terminalClient) notHeard() error {
	texts := c.session.NotHeard()
	for _, text := range texts {
		c.view.notice(c.view.Words.NotHeard(text))
	}
	if len(texts) > 0 {
		return client.ErrNotHeard
	}
	return nil
}
