package client

import (
	"bytes"
	"net"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/chat/internal/localnet"
)

const (
	keepAlive      = 30 * time.Second // after the last datagram sent
	maxUncertified = 64               // texts kept to be said again with a cookie
)

// udp is a client's side of UDP. It says texts again when the server asks for a
// cookie, and keeps the membership alive.
type udp struct {
	conn   net.Conn
	remote bool // the server may be on another network and ask for a cookie
	in     []byte

	asked func() // is called for a cookie; may be nil

	mu          sync.Mutex
	name        string
	cookie      string
	uncertified []string // texts said before the server has answered with a line
	alive       *time.Timer
	stopped     bool
}

func newUDP(conn net.Conn, name string) *udp {
	remote := true
	if a, ok := conn.RemoteAddr().(*net.UDPAddr); ok {
		remote = !new(localnet.Networks).Contain(a.AddrPort().Addr(), time.Now())
	}
	return &udp{conn: conn, remote: remote, name: name, in: make([]byte, chat.MaxDatagram+1)}
}

func (u *udp) say(text string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.send(text); err != nil {
		return err
	}
	if len(u.uncertified) == maxUncertified {
		u.uncertified = u.uncertified[1:]
	}
	u.uncertified = append(u.uncertified, text)
	return nil
}

func (u *udp) send(text string) error {
	b, err := chat.Datagram{Cookie: u.cookie, Name: u.name, Text: text}.Append(nil)
	if err != nil {
		return err
	}
	if u.remote && len(b) < chat.CookieSize+1 { // the server sends nothing longer than it received
		b = append(b, bytes.Repeat([]byte("\n"), chat.CookieSize+1-len(b))...)
	}
	switch {
	case u.stopped:
		return net.ErrClosed
	case u.alive == nil:
		u.alive = time.AfterFunc(keepAlive, u.keepAlive)
	default:
		u.alive.Reset(keepAlive)
	}
	_, err = u.conn.Write(b)
	return err
}

// keepAlive tells the server that the client is still there.
func (u *udp) keepAlive() {
	u.mu.Lock()
	defer u.mu.Unlock()
	_ = u.send("") // saying and receiving report a broken socket
}

// receive returns the next line's bytes. It answers a cookie by saying the texts
// again with it.
func (u *udp) receive() (string, error) {
	for {
		n, err := u.conn.Read(u.in)
		if err != nil {
			return "", err
		}
		b := u.in[:n]
		u.mu.Lock()
		if string(b) == "\t" && !u.remote { // a cookie would be longer than what was sent
			u.remote = true
			u.again()
			u.mu.Unlock()
			continue
		}
		if len(b) != chat.CookieSize+1 || b[0] != '\t' {
			u.uncertified = nil // the server knows this address
			u.mu.Unlock()
			return string(b), nil
		}
		if cookie := string(b[1:]); cookie != u.cookie {
			u.cookie = cookie
			if u.asked != nil {
				u.asked()
			}
			u.again()
			u.uncertified = nil
		}
		u.mu.Unlock()
	}
}

// again sends the texts again that the server has not taken. u is locked.
func (u *udp) again() {
	for _, text := range u.uncertified {
		_ = u.send(text)
	}
}

// rename sends another name from now on, with which the client joins anew should the
// server have forgotten it.
func (u *udp) rename(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.name = name
}

func (u *udp) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
	if u.alive != nil {
		u.alive.Stop()
	}
}
