package server

import (
	"container/list"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"wirelab/chat"
	"wirelab/chat/internal/localnet"
)

const (
	defaultMaxPeers = 1024 // members over UDP at a time
	maxUnproved     = 64   // members over UDP at a time whose address may be forged
	defaultUDPIdle  = 75 * time.Second
)

// udpServer serves a room over a datagram socket. One goroutine reads, one writes.
type udpServer struct {
	conn     *udpSocket
	room     *chat.Room
	limits   *limiter
	knocks   *knocks
	idle     time.Duration
	most     int // members
	cookies  *cookies
	isLocal  func(netip.Addr, time.Time) bool // needs no cookie
	wake     chat.Wake
	here     atomic.Int64 // members
	unproved atomic.Int64 // members who have not proved that they receive at their address

	mu    sync.Mutex
	peers map[netip.AddrPort]*udpPeer // members, and those who are still sent something
	seen  *list.List                  // of the peers; the one that was silent longest is first
}

func newUDPServer(conn *udpSocket, room *chat.Room, limits *limiter, idle time.Duration) *udpServer {
	if idle <= 0 {
		idle = defaultUDPIdle
	}
	return &udpServer{conn: conn, room: room, limits: limits, idle: idle, most: defaultMaxPeers, cookies: newCookies(), isLocal: new(localnet.Networks).Contain,
		wake: room.Log().Subscribe(), peers: map[netip.AddrPort]*udpPeer{}, seen: list.New()}
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
				_ = u.conn.write(d, p.addr)
			}
			if p.over() {
				u.forget(p)
			}
		}
	}
}

func (u *udpServer) all() []*udpPeer {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]*udpPeer, 0, u.seen.Len())
	for e := u.seen.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*udpPeer))
	}
	return all
}

// forget removes a peer that is sent nothing more.
func (u *udpServer) forget(p *udpPeer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.remove(p)
}

// remove removes a peer; u is locked.
func (u *udpServer) remove(p *udpPeer) {
	u.seen.Remove(p.place)
	if u.peers[p.addr.AddrPort] == p { // else another has come from there
		delete(u.peers, p.addr.AddrPort)
	}
}

func (u *udpServer) read(ctx context.Context) error {
	buf := make([]byte, chat.MaxDatagram+1) // one more shows what is too long
	for {
		u.conn.SetReadDeadline(u.expire(time.Now()))
		if ctx.Err() != nil { // after the deadline: AfterFunc sets its own only once
			return nil
		}
		n, from, err := u.conn.read(buf)
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
			now := time.Now()
			u.expire(now) // makes room for the sender
			if cause := u.receive(buf[:n], from, now); cause != nil {
				u.room.Logger().Debug("datagram ignored", "address", from, "reason", cause)
			}
		}
	}
}

// receive handles one datagram, or returns why it ignores it. What it costs does not
// depend on how many peers there are.
func (u *udpServer) receive(b []byte, addr udpAddr, now time.Time) error {
	d, err := chat.ParseDatagram(b)
	if err != nil {
		return err
	}
	proved := u.cookies.valid(addr.AddrPort, d.Cookie)
	if !proved && !u.isLocal(addr.Addr(), now) {
		return u.challenge(b, addr)
	}
	u.mu.Lock()
	p := u.peers[addr.AddrPort]
	u.mu.Unlock()
	if p == nil || p.over() {
		err := u.room.CheckAddress(addr.Addr())
		if err == nil && !proved && u.unproved.Load() >= int64(min(u.most, maxUnproved)) {
			return u.challenge(b, addr)
		}
		if err == nil {
			p, err = u.admit(d.Name, addr, proved, now)
		}
		switch {
		case err != nil && !proved: // the answer is longer than the question
			return errors.Join(err, u.challenge(b, addr))
		case err != nil:
			return u.refuse(addr, err, now)
		}
	}
	u.mu.Lock()
	p.seen = now
	u.seen.MoveToBack(p.place)
	u.mu.Unlock()
	if err := p.receive(d.Text, u.limits.limits, now); err != nil { // "exit" or /quit
		p.member.Leave(err.Error(), false)
	}
	return nil
}

// challenge asks an address to prove that it receives: by its cookie, or, if the
// datagram b from there was shorter than that, by a single tab, which asks to pad it.
func (u *udpServer) challenge(b []byte, addr udpAddr) error {
	answer := append([]byte("\t"), u.cookies.issue(addr.AddrPort)...)
	if len(answer) > len(b) {
		answer = answer[:1]
	}
	return errors.Join(errors.New("no cookie"), u.conn.write(answer, addr))
}

// admit joins a new peer.
func (u *udpServer) admit(name string, addr udpAddr, proved bool, now time.Time) (*udpPeer, error) {
	if u.here.Load() >= int64(u.most) {
		return nil, errFull
	}
	spends, err := u.limits.sitUDP(addr.Addr(), proved, now)
	if err != nil {
		return nil, err
	}
	p := &udpPeer{addr: addr, asked: name, log: u.room.Log(), wake: u.wake, spends: spends, seen: now}
	p.left = func() {
		spends.Stand()
		u.here.Add(-1)
		if !proved {
			u.unproved.Add(-1)
		}
	}
	u.here.Add(1)
	if !proved {
		u.unproved.Add(1)
	}
	m, err := u.room.Join(chat.Person{Name: name, Transport: "udp", Address: addr.String(), Guest: true}, chat.Resume{}, p)
	if err != nil {
		p.left()
		return nil, err
	}
	p.member = m
	u.mu.Lock()
	defer u.mu.Unlock()
	u.peers[addr.AddrPort] = p
	p.place = u.seen.PushBack(p)
	return p, nil
}

// expire removes the peers that were silent for too long and returns when the next
// one will be; the zero time if there is none.
func (u *udpServer) expire(now time.Time) (next time.Time) {
	var silent []*chat.Member
	u.mu.Lock()
	for e := u.seen.Front(); e != nil; e = u.seen.Front() {
		p := e.Value.(*udpPeer)
		if next = p.seen.Add(u.idle); next.After(now) {
			break
		}
		next = time.Time{}
		u.remove(p)
		silent = append(silent, p.member)
	}
	u.mu.Unlock()
	if len(silent) > 0 {
		u.room.LeaveTogether("silent", false, silent...)
	}
	return next
}

// refuse tells an address why it is refused, at most once a second: what the limits
// keep a flood from, its answers would do.
func (u *udpServer) refuse(addr udpAddr, cause error, now time.Time) error {
	if !u.limits.tell(addr.Addr(), now) {
		return cause
	}
	u.knocks.refused(addr.String(), cause.Error())
	l := chat.ErrorLine(cause)
	l.Time = now
	return errors.Join(cause, u.conn.write(l.Append(nil), addr))
}
