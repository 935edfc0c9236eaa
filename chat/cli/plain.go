package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"wirelab/chat"
	"wirelab/chat/client"
)

// room is a room as its client shows it in plain lines.
type room struct {
	words
	client *client.Conn
	where  string
	udp    bool
	out    io.Writer
}

// chat goes on until either side leaves.
func (r *room) chat(ctx context.Context, in *chat.LineReader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.show(r.Joined(r.where, r.client.Name(), transport(r.udp)))

	received := make(chan error, 1)
	go func() { received <- r.receive() }()
	lines := typed(ctx, in, func() { r.show(r.TooLong(chat.MaxLine)) })
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return r.leave(received)
			}
			if leavingWord(line) {
				if r.udp { // over TCP it is the FIN that says so
					r.say(line)
				}
				return r.leave(received)
			}
			r.say(line)
		case <-ctx.Done():
			return r.leave(received)
		case err := <-received:
			return endOf(err, r.Gone(r.where))
		}
	}
}

// receive shows the room's lines until there are no more.
func (r *room) receive() error {
	kicked := false
	for {
		l, err := r.client.Receive()
		switch {
		case r.udp && errors.Is(err, syscall.ECONNREFUSED):
			r.show(r.NobodyListens(r.where)) // the next datagram may find it
			continue
		case err != nil && kicked:
			return errKicked
		case err != nil:
			return err
		}
		kicked = kicked || l.Kind == chat.Kick && l.Name == r.client.Name()
		if text := plainLine(r.words, l, r.client.Name()); text != "" {
			r.show(text)
		}
		if kicked && r.udp { // over which no end follows
			return errKicked
		}
	}
}

// plainLine returns what is shown of a line to the person who is called me;
// empty for nothing. What was typed here is on the screen already.
func plainLine(w words, l chat.Line, me string) string {
	if l.Name == me && (l.Kind == chat.Say || l.Kind == chat.Join || l.Kind == chat.Leave) {
		return ""
	}
	return w.Tell(l, me)
}

func (r *room) say(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if err := sayOver(r.client, r.udp, line); err != nil {
		r.show(r.NotSaid(err))
	}
}

// sayOver says a line. Over UDP the socket may hand out the answer to the
// datagram before in place of sending this one: then it says it again.
func sayOver(conn *client.Conn, udp bool, line string) error {
	err := conn.Say(line)
	if udp && errors.Is(err, syscall.ECONNREFUSED) {
		err = conn.Say(line)
	}
	return err
}

// leave leaves politely and waits for the server to do so, too.
func (r *room) leave(received <-chan error) error {
	if err := r.client.Leave(farewell); err != nil {
		return endOf(err, r.Gone(r.where))
	}
	if err := <-received; !isEnd(err) {
		return endOf(err, r.Gone(r.where))
	}
	return nil
}

// isEnd reports whether receiving ended because one has left.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) }

func (r *room) show(text string) { fmt.Fprintln(r.out, text) }

func transport(udp bool) string {
	if udp {
		return "udp"
	}
	return "tcp"
}
