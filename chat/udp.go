package chat

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxPeers       = 256  // people over UDP at a time
	maxDatagrams   = 1024 // that wait for the socket
	defaultUDPIdle = 75 * time.Second
)

// udpServer carries a room over a datagram socket. One goroutine reads and
// owns the peers, one writes.
type udpServer struct {
	conn  net.PacketConn
	room  *Room
	idle  time.Duration
	peers map[string]*peer // by address
	out   chan datagram
}

type datagram struct {
	data []byte
	to   net.Addr
}

func newUDPServer(conn net.PacketConn, room *Room, idle time.Duration) *udpServer {
	if idle <= 0 {
		idle = defaultUDPIdle
	}
	return &udpServer{conn, room, idle, map[string]*peer{}, make(chan datagram, maxDatagrams)}
}

// peer is a person over UDP: an address from which something was said.
type peer struct {
	addr   net.Addr
	out    chan<- datagram
	member *Member
	seen   time.Time
	name   string      // set by You, guarded by the room's lock
	ended  atomic.Bool // the room has removed it
}

// Deliver implements Outlet. A datagram for which there is no space is lost, as
// datagrams are; it is no reason to remove anyone. What the peer itself said,
// or that it has joined, it is not told: a datagram sent is answered by others
// or by nothing.
func (p *peer) Deliver(l Line) bool {
	if l.Kind == You {
		p.name = l.Name
	}
	if l.Name == p.name && l.Kind != Kick {
		return true
	}
	select {
	case p.out <- datagram{fit(l.Append(nil), MaxDatagram), p.addr}:
	default:
	}
	return true
}

// End implements Outlet.
func (p *peer) End() { p.ended.Store(true) }

// serve reads until ctx ends and the room is closed, and closes the socket.
func (u *udpServer) serve(ctx context.Context) error {
	defer u.conn.Close()
	var writer sync.WaitGroup
	writer.Go(u.write)
	stop := context.AfterFunc(ctx, func() { u.conn.SetReadDeadline(time.Now()) })
	defer stop()
	err := u.read(ctx)
	u.room.Close() // from here on nobody delivers
	u.conn.SetWriteDeadline(time.Now().Add(drainTimeout))
	close(u.out)
	writer.Wait()
	return err
}

func (u *udpServer) write() {
	for d := range u.out {
		// What could not be sent is lost, as on the way: nobody awaits it.
		_, _ = u.conn.WriteTo(d.data, d.to)
	}
}

func (u *udpServer) read(ctx context.Context) error {
	buf := make([]byte, MaxDatagram+1) // one more shows what is too long
	for {
		u.conn.SetReadDeadline(u.expire(time.Now()))
		if ctx.Err() != nil { // after the deadline: AfterFunc sets its own only once
			return nil
		}
		n, addr, err := u.conn.ReadFrom(buf)
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
			u.expire(time.Now()) // whose place the sender may need
			u.hear(buf[:n], addr)
		}
	}
}

// hear takes one datagram.
func (u *udpServer) hear(b []byte, addr net.Addr) {
	name, text, err := parseDatagram(b)
	if err != nil {
		u.room.log.Debug("datagram ignored", "address", addr.String(), "reason", err)
		return
	}
	key := addr.String()
	p := u.peers[key]
	if p == nil || p.ended.Load() {
		if p == nil && len(u.peers) >= maxPeers {
			u.room.log.Debug("datagram ignored", "address", key, "reason", "the room is full over udp")
			return
		}
		p = &peer{addr: addr, out: u.out}
		m, err := u.room.Join(Person{Name: name, Transport: "udp", Address: key}, p)
		if err != nil {
			return // the room is closed, and its owner ends us
		}
		p.member = m
		u.peers[key] = p
	}
	p.seen = time.Now()
	p.member.Say(text)
}

// expire drops the peers that were silent for long and returns when the next
// one will be; the zero time where there is none.
func (u *udpServer) expire(now time.Time) (next time.Time) {
	var silent []*Member
	for key, p := range u.peers {
		end := p.seen.Add(u.idle)
		switch {
		case p.ended.Load():
			delete(u.peers, key)
		case !end.After(now):
			delete(u.peers, key)
			silent = append(silent, p.member)
		case next.IsZero() || end.Before(next):
			next = end
		}
	}
	if len(silent) > 0 {
		u.room.leave("silent", silent...)
	}
	return next
}
