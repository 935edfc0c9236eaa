package chat

import (
	"bytes"
	"net"
	"sync"
	"time"
)

const (
	keepAlive  = 30 * time.Second // after the last datagram sent
	cookieSize = 11               // of 64 bits, base64
	maxUnheard = 8                // texts kept to be said again with a cookie
)

// talk is a client's side of UDP: what it says may have to be said again with
// a cookie, and it says now and then that it is there.
type talk struct {
	conn net.Conn
	far  bool // the server may be on another network, and want a cookie
	in   []byte

	mu      sync.Mutex
	name    string
	cookie  string
	unheard []string // said, and not known to have been heard
	alive   *time.Timer
	stopped bool
}

func newTalk(conn net.Conn, name string) *talk {
	far := true
	if a, ok := conn.RemoteAddr().(*net.UDPAddr); ok {
		far = !new(links).near(a.AddrPort().Addr(), time.Now())
	}
	return &talk{conn: conn, far: far, name: name, in: make([]byte, MaxDatagram+1)}
}

func (t *talk) say(text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.send(text); err != nil {
		return err
	}
	if len(t.unheard) == maxUnheard {
		t.unheard = t.unheard[1:]
	}
	t.unheard = append(t.unheard, text)
	return nil
}

func (t *talk) send(text string) error {
	b, err := datagram{t.cookie, t.name, text}.append(nil)
	if err != nil {
		return err
	}
	if t.far && len(b) < cookieSize+1 { // else the cookie would be longer than this
		b = append(b, bytes.Repeat([]byte("\n"), cookieSize+1-len(b))...)
	}
	switch {
	case t.stopped:
		return net.ErrClosed
	case t.alive == nil:
		t.alive = time.AfterFunc(keepAlive, t.stay)
	default:
		t.alive.Reset(keepAlive)
	}
	_, err = t.conn.Write(b)
	return err
}

// stay says that the client is still there.
func (t *talk) stay() {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.send("") // what fails is noticed by who says or receives something
}

// receive returns the next line's bytes, after answering for cookies.
func (t *talk) receive() (string, error) {
	for {
		n, err := t.conn.Read(t.in)
		if err != nil {
			return "", err
		}
		b := t.in[:n]
		t.mu.Lock()
		if len(b) != cookieSize+1 || b[0] != '\t' {
			t.unheard = nil // the server knows this address
			t.mu.Unlock()
			return string(b), nil
		}
		if cookie := string(b[1:]); cookie != t.cookie {
			t.cookie = cookie
			again := t.unheard
			t.unheard = nil
			for _, text := range again {
				_ = t.send(text)
			}
		}
		t.mu.Unlock()
	}
}

func (t *talk) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	if t.alive != nil {
		t.alive.Stop()
	}
}
