package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	maxPeers       = 1024 // people over UDP at a time
	defaultUDPIdle = 75 * time.Second
)

// udpServer carries a room over a datagram socket. One goroutine reads, one
// writes.
type udpServer struct {
	conn    net.PacketConn
	room    *Room
	limits  Limits
	idle    time.Duration
	cookies *cookies
	near    func(netip.Addr, time.Time) bool
	wake    chan struct{}

	mu    sync.Mutex
	peers map[netip.AddrPort]*peer // changed by the reader alone
}

func newUDPServer(conn net.PacketConn, room *Room, limits Limits, idle time.Duration) *udpServer {
	if idle <= 0 {
		idle = defaultUDPIdle
	}
	return &udpServer{conn: conn, room: room, limits: limits, idle: idle, cookies: newCookies(), near: new(links).near,
		wake: room.rec.subscribe(), peers: map[netip.AddrPort]*peer{}}
}

// serve reads until ctx ends and the room is closed, and closes the socket.
func (u *udpServer) serve(ctx context.Context) error {
	defer u.conn.Close()
	defer u.room.rec.unsubscribe(u.wake)
	var writer sync.WaitGroup
	over := make(chan struct{})
	writer.Go(func() { u.write(over) })
	stop := context.AfterFunc(ctx, func() { u.conn.SetReadDeadline(time.Now()) })
	defer stop()
	err := u.read(ctx)
	u.room.Close() // from here on nobody is told anything
	u.conn.SetWriteDeadline(time.Now().Add(drainTimeout))
	close(over)
	writer.Wait()
	return err
}

// write sends the peers what is new, once more after over.
func (u *udpServer) write(over <-chan struct{}) {
	b := make([]byte, 0, MaxLine+maxHeader+maxNameBytes)
	for last := false; !last; {
		select {
		case <-u.wake:
		case <-over:
			last = true
		}
		for _, p := range u.all() {
			for {
				d := p.next(b, u.room.rec.view())
				if len(d) == 0 {
					break
				}
				// What could not be sent is lost, as on the way: nobody awaits it.
				_, _ = u.conn.WriteTo(d, net.UDPAddrFromAddrPort(p.addr))
			}
		}
	}
}

func (u *udpServer) all() []*peer {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]*peer, 0, len(u.peers))
	for _, p := range u.peers {
		all = append(all, p)
	}
	return all
}

func (u *udpServer) read(ctx context.Context) error {
	buf := make([]byte, MaxDatagram+1) // one more shows what is too long
	for {
		u.conn.SetReadDeadline(u.expire(time.Now()))
		if ctx.Err() != nil { // after the deadline: AfterFunc sets its own only once
			return nil
		}
		n, from, err := u.conn.ReadFrom(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil:
			// An ICMP error for a datagram sent before (WSARecvFrom returns
			// such, Linux only if asked to): no reason to stop for the others.
			u.room.log.Debug("udp", "error", err)
		default:
			a, ok := from.(*net.UDPAddr)
			if !ok {
				return fmt.Errorf("a datagram from %v, which is no UDP address", from)
			}
			addr := a.AddrPort()
			now := time.Now()
			u.expire(now) // whose place the sender may need
			if cause := u.hear(buf[:n], netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), now); cause != nil {
				u.room.log.Debug("datagram ignored", "address", from.String(), "reason", cause)
			}
		}
	}
}

// hear takes one datagram, or returns why it does not.
func (u *udpServer) hear(b []byte, addr netip.AddrPort, now time.Time) error {
	d, err := parseDatagram(b)
	if err != nil {
		return err
	}
	if !u.near(addr.Addr(), now) && !u.cookies.good(addr, d.cookie) {
		challenge := append([]byte("\t"), u.cookies.bake(addr)...)
		if len(challenge) <= len(b) {
			_, err = u.conn.WriteTo(challenge, net.UDPAddrFromAddrPort(addr))
		}
		return errors.Join(errors.New("no cookie"), err)
	}
	p := u.peers[addr]
	if p == nil || p.over() {
		if p, err = u.admit(d.name, addr, now); errors.As(err, new(refused)) {
			return u.refuse(addr, err, now)
		} else if err != nil {
			return err
		}
	}
	if err := p.hear(d.text, u.limits, now); err != nil { // it leaves, by word
		p.member.leave(err.Error(), false)
	}
	return nil
}

// admit lets a new peer in.
func (u *udpServer) admit(name string, addr netip.AddrPort, now time.Time) (*peer, error) {
	switch here, same := u.count(addr.Addr()); {
	case here >= maxPeers:
		return nil, errors.New("the room is full over udp")
	case u.limits.PerAddress > 0 && same >= u.limits.PerAddress:
		return nil, errAddress
	}
	p := &peer{addr: addr, rec: u.room.rec, wake: u.wake, seen: now}
	m, err := u.room.join(Person{Name: name, Transport: "udp", Address: addr.String()}, Resume{}, p)
	if err != nil {
		return nil, err
	}
	p.member = m
	u.mu.Lock()
	u.peers[addr] = p
	u.mu.Unlock()
	return p, nil
}

// count returns how many people there are over UDP, and how many of them at an
// address.
func (u *udpServer) count(a netip.Addr) (here, same int) {
	for addr, p := range u.peers {
		if p.over() {
			continue
		}
		here++
		if addr.Addr() == a {
			same++
		}
	}
	return here, same
}

// expire drops the peers that were silent for long and returns when the next
// one will be; the zero time where there is none.
func (u *udpServer) expire(now time.Time) (next time.Time) {
	var silent []*member
	u.mu.Lock()
	for addr, p := range u.peers {
		end := p.seen.Add(u.idle)
		switch {
		case p.over() && p.queued() == 0:
			delete(u.peers, addr)
		case !end.After(now):
			delete(u.peers, addr)
			silent = append(silent, p.member)
		case next.IsZero() || end.Before(next):
			next = end
		}
	}
	u.mu.Unlock()
	if len(silent) > 0 {
		u.room.leave("silent", false, silent...)
	}
	return next
}
