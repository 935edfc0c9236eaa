package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/chat/internal/localnet"
)

const (
	defaultMaxPeers = 1024 // members over UDP at a time
	defaultUDPIdle  = 75 * time.Second
)

// udpServer serves a room over a datagram socket. One goroutine reads, one writes.
type udpServer struct {
	conn    net.PacketConn
	room    *chat.Room
	limits  Limits
	idle    time.Duration
	most    int // members
	cookies *cookies
	isLocal func(netip.Addr, time.Time) bool // needs no cookie
	wake    chat.Wake

	mu    sync.Mutex
	peers map[netip.AddrPort]*udpPeer // changed by the reader alone
}

func newUDPServer(conn net.PacketConn, room *chat.Room, limits Limits, idle time.Duration) *udpServer {
	if idle <= 0 {
		idle = defaultUDPIdle
	}
	return &udpServer{conn: conn, room: room, limits: limits, idle: idle, most: defaultMaxPeers, cookies: newCookies(), isLocal: new(localnet.Networks).Contain,
		wake: room.Log().Subscribe(), peers: map[netip.AddrPort]*udpPeer{}}
}

// serve reads until ctx ends and the room is closed, and closes the socket.
func (u *udpServer) serve(ctx context.Context) error {
	defer u.conn.Close()
	defer u.room.Log().Unsubscribe(u.wake)
	var writer sync.WaitGroup
	over := make(chan struct{})
	writer.Go(func() { u.write(over) })
	stop := context.AfterFunc(ctx, func() { u.conn.SetReadDeadline(time.Now()) })
	defer stop()
	err := u.read(ctx)
	u.room.Close() // nobody is told anything from here on
	u.conn.SetWriteDeadline(time.Now().Add(drainTimeout))
	close(over)
	writer.Wait()
	return err
}

// write sends the peers the new lines, and once more after over.
func (u *udpServer) write(over <-chan struct{}) {
	b := make([]byte, 0, chat.MaxLine+chat.MaxHeader)
	for last := false; !last; {
		select {
		case <-u.wake:
		case <-over:
			last = true
		}
		for _, p := range u.all() {
			for {
				d := p.next(b, u.room.Log().Snapshot())
				if len(d) == 0 {
					break
				}
				// A datagram that cannot be sent is lost, as on the way.
				_, _ = u.conn.WriteTo(d, net.UDPAddrFromAddrPort(p.addr))
			}
		}
	}
}

func (u *udpServer) all() []*udpPeer {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]*udpPeer, 0, len(u.peers))
	for _, p := range u.peers {
		all = append(all, p)
	}
	return all
}

func (u *udpServer) read(ctx context.Context) error {
	buf := make([]byte, chat.MaxDatagram+1) // one more shows what is too long
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
			// An ICMP error for an earlier datagram (WSARecvFrom returns it,
			// Linux only if asked to) concerns one client alone.
			u.room.Logger().Debug("udp", "error", err)
		default:
			a, ok := from.(*net.UDPAddr)
			if !ok {
				return fmt.Errorf("a datagram from %v, which is no UDP address", from)
			}
			addr := a.AddrPort()
			now := time.Now()
			u.expire(now) // makes room for the sender
			if cause := u.receive(buf[:n], netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), now); cause != nil {
				u.room.Logger().Debug("datagram ignored", "address", from.String(), "reason", cause)
			}
		}
	}
}

// receive handles one datagram, or returns why it ignores it.
func (u *udpServer) receive(b []byte, addr netip.AddrPort, now time.Time) error {
	d, err := chat.ParseDatagram(b)
	if err != nil {
		return err
	}
	if !u.isLocal(addr.Addr(), now) && !u.cookies.valid(addr, d.Cookie) {
		challenge := append([]byte("\t"), u.cookies.issue(addr)...)
		if len(challenge) <= len(b) {
			_, err = u.conn.WriteTo(challenge, net.UDPAddrFromAddrPort(addr))
		}
		return errors.Join(errors.New("no cookie"), err)
	}
	p := u.peers[addr]
	if p == nil || p.over() {
		if banned := u.room.CheckAddress(addr.Addr()); banned != nil {
			return u.refuse(addr, banned, now)
		}
		if p, err = u.admit(d.Name, addr, now); err != nil {
			return err
		}
	}
	if err := p.receive(d.Text, u.limits, now); err != nil { // "exit" or /quit
		p.member.Leave(err.Error(), false)
	}
	return nil
}

// admit joins a new peer.
func (u *udpServer) admit(name string, addr netip.AddrPort, now time.Time) (*udpPeer, error) {
	switch here, same := u.count(addr.Addr()); {
	case here >= u.most:
		return nil, errors.New("the room is full over udp")
	case u.limits.PerAddress > 0 && same >= u.limits.PerAddress:
		return nil, errAddress
	}
	p := &udpPeer{addr: addr, log: u.room.Log(), wake: u.wake, seen: now}
	m, err := u.room.Join(chat.Person{Name: name, Transport: "udp", Address: addr.String()}, chat.Resume{}, p)
	if err != nil {
		return nil, err
	}
	p.member = m
	u.mu.Lock()
	u.peers[addr] = p
	u.mu.Unlock()
	return p, nil
}

// count returns how many members there are over UDP, and how many of them at an
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

// expire removes the peers that were silent for too long and returns when the next
// one will be; the zero time if there is none.
func (u *udpServer) expire(now time.Time) (next time.Time) {
	var silent []*chat.Member
	u.mu.Lock()
	for addr, p := range u.peers {
		end := p.seen.Add(u.idle)
		switch {
		case p.over() && p.Queued() == 0:
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
		u.room.LeaveTogether("silent", false, silent...)
	}
	return next
}

// refuse tells an address, which is known to be the sender's, why it is refused.
func (u *udpServer) refuse(addr netip.AddrPort, cause error, now time.Time) error {
	if !u.room.AnswerBanned(addr.Addr(), now) {
		return cause
	}
	u.room.Logger().Info("refused", "address", addr.String(), "reason", cause)
	l := chat.ErrorLine(cause)
	l.Time = now
	_, err := u.conn.WriteTo(l.Append(nil), net.UDPAddrFromAddrPort(addr))
	return errors.Join(cause, err)
}
