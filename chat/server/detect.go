package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"wirelab/chat"
	"wirelab/chat/server/dialect"
)

const (
	askAfter = 300 * time.Millisecond // of silence
	// askLate is askAfter where there are pages: a browser connects before it knows what
	// for, or is slow to ask, and takes the question for an answer.
	askLate     = 3 * time.Second
	joinTimeout = time.Minute // for a name, from the connection on

	maxNegotiation = 512 // bytes of telnet's that count as much as a line
)

// source reads from a TCP client, without telnet's negotiation. The bytes that tell
// its dialect are read ahead.
type source struct {
	conn   net.Conn
	telnet dialect.Telnet
	ahead  []byte
	// pay is called for each maxNegotiation bytes of negotiation; nil before the
	// client has joined: it is cut then.
	pay        func() error
	negotiated int
	askAfter   time.Duration
}

// strip removes telnet's negotiation from b, which was read, and returns how many
// bytes are left.
func (s *source) strip(b []byte) (n int, err error) {
	n = s.telnet.Strip(b)
	s.negotiated += len(b) - n
	switch {
	case s.negotiated < maxNegotiation:
		return n, nil
	case s.pay == nil:
		return n, chat.ErrTooLong
	}
	s.negotiated = 0
	return n, s.pay()
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
	if len(s.ahead) > 0 {
		n := copy(b, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	}
	s.ahead = nil
	for {
		n, err := s.conn.Read(b)
		n, tooMuch := s.strip(b[:n])
		if err == nil {
			err = tooMuch
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// readAhead reads once, for at most d. It returns a timeout if nothing came.
func (s *source) readAhead(limitRead func(time.Duration), d time.Duration) error {
	var b [512]byte
	limitRead(d)
	n, err := s.conn.Read(b[:])
	n, tooMuch := s.strip(b[:n])
	s.ahead = append(s.ahead, b[:n]...)
	if err == nil {
		err = tooMuch
	}
	return err
}

// detect reads ahead until a client's dialect is known. It calls ask once if the
// client is silent. It gives up at the end, and when over is closed and reading has ended.
func (s *source) detect(limitRead func(time.Duration), over <-chan struct{}, end time.Time, ask func()) (dialect.Dialect, error) {
	asked := false
	for quiet := false; ; {
		if d := dialect.Classify(s.ahead, quiet); d != dialect.Undecided {
			return d, nil
		}
		wait := dialect.Quiet
		switch {
		case len(s.ahead) >= chat.MaxLine:
			return dialect.Undecided, chat.ErrTooLong
		case quiet || asked && len(s.ahead) == 0:
			wait = time.Until(end)
		case len(s.ahead) == 0:
			wait = s.askAfter
		}
		err := s.readAhead(limitRead, max(1, min(wait, time.Until(end))))
		switch late := errors.Is(err, os.ErrDeadlineExceeded); {
		case late && isOver(over):
			return dialect.Undecided, err
		case late && !time.Now().Before(end):
			return dialect.Undecided, err
		case late && len(s.ahead) == 0 && !asked:
			asked = true
			ask()
		case late:
			quiet = true
		case errors.Is(err, io.EOF) && len(s.ahead) > 0 && !bytes.HasPrefix(s.ahead, []byte(chat.Greeting)):
			return dialect.Lines, nil // printf bob | nc
		case err != nil:
			return dialect.Undecided, err
		default:
			quiet = false
		}
	}
}

func isOver(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}
