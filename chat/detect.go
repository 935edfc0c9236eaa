package chat

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"time"
	"unicode/utf8"
)

const (
	askAfter    = 300 * time.Millisecond // of silence
	noteQuiet   = 250 * time.Millisecond // after bytes without \n: the note's client
	joinTimeout = time.Minute            // for a name
)

// dialect is what a TCP client speaks.
type dialect int

const (
	undecided dialect = iota
	dialectOwn
	dialectLines // nc, telnet
	dialectNote  // the course note's client.py
	dialectHTTP
	dialectTLS
)

// classify tells a client's dialect from its first bytes, from which telnet's
// negotiation was taken out. quiet says that nothing has followed for noteQuiet.
func classify(b []byte, quiet bool) dialect {
	line := bytes.IndexByte(b, '\n') >= 0
	switch {
	case bytes.HasPrefix(b, []byte("GET ")):
		return dialectHTTP
	case bytes.HasPrefix(b, []byte{0x16, 0x03}):
		return dialectTLS
	case bytes.HasPrefix(b, []byte(greeting)):
		if line {
			return dialectOwn
		}
		return undecided
	case line:
		return dialectLines
	case quiet && len(b) > 0 && runesEnd(b) == len(b):
		return dialectNote
	}
	return undecided
}

// runesEnd returns how many bytes of b precede a rune of which the end is
// missing.
func runesEnd(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// source is the way in from a TCP client: bytes that were looked at before they
// are read, without telnet's negotiation.
type source struct {
	conn   net.Conn
	telnet telnet
	ahead  []byte
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
		if n = s.telnet.strip(b[:n]); n > 0 || err != nil {
			return n, err
		}
	}
}

// more reads once, for at most d, into what is ahead. It returns a timeout
// where nothing came.
func (s *source) more(limitRead func(time.Duration), d time.Duration) error {
	var b [512]byte
	limitRead(d)
	n, err := s.conn.Read(b[:])
	s.ahead = append(s.ahead, b[:s.telnet.strip(b[:n])]...)
	return err
}

// detect reads what a client sends first until it is known what it speaks. A
// client that is silent is asked its name, once, by ask. It gives up when over is
// closed and limitRead has made reading end.
func (s *source) detect(limitRead func(time.Duration), over <-chan struct{}, ask func()) (dialect, error) {
	end := time.Now().Add(joinTimeout)
	asked := false
	for quiet := false; ; {
		if d := classify(s.ahead, quiet); d != undecided {
			return d, nil
		}
		wait := noteQuiet
		switch {
		case len(s.ahead) >= MaxLine:
			return undecided, ErrTooLong
		case quiet || asked && len(s.ahead) == 0:
			wait = time.Until(end)
		case len(s.ahead) == 0:
			wait = askAfter
		}
		err := s.more(limitRead, min(wait, time.Until(end)))
		switch late := errors.Is(err, os.ErrDeadlineExceeded); {
		case late && isOver(over):
			return undecided, err
		case late && !time.Now().Before(end):
			return undecided, err
		case late && len(s.ahead) == 0 && !asked:
			asked = true
			ask()
		case late:
			quiet = true
		case errors.Is(err, io.EOF) && len(s.ahead) > 0 && !bytes.HasPrefix(s.ahead, []byte(greeting)):
			return dialectLines, nil // printf bob | nc
		case err != nil:
			return undecided, err
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

// telnet takes the commands of the telnet protocol (RFC 854) out of a stream.
// None is answered, which refuses every option. The zero value is ready.
type telnet struct {
	state byte // 0: text; IAC, WILL to DONT, SB; SE: IAC within SB
}

const (
	telnetSE   = 240
	telnetSB   = 250
	telnetWILL = 251
	telnetDONT = 254
	telnetIAC  = 255
)

// strip removes commands from b in place and returns how much is left. Bytes of
// 255 do not occur in UTF-8.
func (t *telnet) strip(b []byte) int {
	if t.state == 0 && bytes.IndexByte(b, telnetIAC) < 0 {
		return len(b)
	}
	n := 0
	for _, c := range b {
		switch {
		case t.state == 0 && c == telnetIAC:
			t.state = telnetIAC
		case t.state == 0:
			b[n] = c
			n++
		case t.state == telnetIAC && c >= telnetWILL && c <= telnetDONT:
			t.state = telnetWILL // one byte follows
		case t.state == telnetIAC && c == telnetSB:
			t.state = telnetSB
		case t.state == telnetSB && c == telnetIAC:
			t.state = telnetSE
		case t.state == telnetSB:
		case t.state == telnetSE && c != telnetSE:
			t.state = telnetSB
		default:
			t.state = 0
		}
	}
	return n
}
