package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"wirelab/chat"
	"wirelab/chat/client"
)

// plainClient chats without a terminal: it says the lines that it reads and prints
// those of others.
type plainClient struct {
	words
	config  client.Config
	session *client.Session
	out     io.Writer // does not block
	errs    io.Writer // does not block
}

// chat chats until either side leaves. A signal makes the user leave; another gives
// up waiting until the room has heard everything.
func (p *plainClient) chat(ctx context.Context, in *chat.LineReader, signals <-chan os.Signal) error {
	p.session = client.Start(context.WithoutCancel(ctx), p.config)
	defer p.session.Close()
	connected, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		p.show(connected)
	}()
	select {
	case <-connected:
	case <-ended:
		return sessionError(p.session.Err(), p.Gone(p.config.Server()))
	case <-signals:
		return interrupted(p.session)
	}
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	lines := typed(reading, in, func() { p.print(p.TooLong(chat.MaxLine)) })
	word, left := "", false
	for !left {
		select {
		case line, ok := <-lines:
			switch {
			case !ok:
				left = true
			case leavingWord(line):
				word, left = line, true
			default:
				p.say(ctx, line)
			}
		case <-signals:
			left = true
		case <-ended:
			left = true
		}
	}
	p.session.Leave(word)
	select {
	case <-ended:
	case <-signals:
		p.session.Close()
		<-ended
	}
	for _, text := range p.session.NotHeard() {
		fmt.Fprintln(p.errs, p.NotHeard(text))
	}
	return sessionError(p.session.Err(), p.Gone(p.config.Server()))
}

// show prints what happens until the session ends.
func (p *plainClient) show(connected chan<- struct{}) {
	told := 0 // of texts that are not heard
	for e := range p.session.Events() {
		switch e := e.(type) {
		case client.Waiting:
			fmt.Fprintln(p.errs, p.Waiting(p.config.Server(), e.Cause))
		case client.Connected:
			p.print(p.Joined(p.config.Server(), e.Name, transport(p.config.UDP)))
			close(connected)
		case client.PortUnreachable:
			p.print(p.NobodyListens(p.config.Server()))
		case client.Unheard:
			// A countdown that halves: few lines, however long it takes.
			if e.Leaving && (told == 0 || e.Texts > 0 && e.Texts <= told/2) {
				told = e.Texts
				fmt.Fprintln(p.errs, p.StillUnheard(e.Texts))
			}
		case client.Received:
			if text := plainLine(p.words, e.Line, e.Me); text != "" {
				p.print(text)
			}
		}
	}
}

// plainLine returns a line as it is printed for the user called me; empty for one
// that is not printed. The lines typed here are on the screen already.
func plainLine(w words, l chat.Line, me string) string {
	if l.Name == me && (l.Kind == chat.Say || l.Kind == chat.Join || l.Kind == chat.Leave) {
		return ""
	}
	return w.Tell(l, me)
}

// say waits until a line was sent: input is read no faster than the server takes it.
func (p *plainClient) say(ctx context.Context, line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if err := p.session.SayAndWait(ctx, line); err != nil && !errors.Is(err, context.Canceled) {
		p.print(p.NotSaid(err))
	}
}

func (p *plainClient) print(text string) { fmt.Fprintln(p.out, text) }

func transport(udp bool) string {
	if udp {
		return "udp"
	}
	return "tcp"
}
