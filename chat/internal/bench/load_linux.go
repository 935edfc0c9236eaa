package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	inFlight  = 16
	textSize  = 80
	maxSlots  = 100
	bucket    = 10 * time.Microsecond // of the histogram
	maxBucket = 200_000
	patience  = 3 * time.Minute // for joining
)

// load is the clients of one measurement. One goroutine serves them all from
// an epoll set: it must cost little, since it shares the machine.
type load struct {
	server server
	row    row
	epoll  int
	timer  int
	began  time.Time
	conns  []*client
	slots  []slot // in a closed loop those under way, paced one a client
	turn   int
	buf    []byte

	received  int // bytes
	delivered int
	faults    int
	histogram []int
}

type slot struct {
	sent    uint64 // messages
	waiting int    // clients that do not have the last
}

type client struct {
	fd     int
	rest   []byte // the beginning of a line
	joined bool
	seq    uint64   // of the last line
	last   []uint64 // by slot: the last message
}

func newLoad(s server, r row) (*load, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	n := inFlight
	if r.rate > 0 {
		n = min(r.clients-r.frozen, maxSlots)
	}
	return &load{server: s, row: r, epoll: epoll, timer: -1, began: time.Now(), slots: make([]slot, n),
		buf: make([]byte, 256<<10), histogram: make([]int, maxBucket+1)}, nil
}

func (l *load) close() {
	for _, c := range l.conns {
		unix.Close(c.fd)
	}
	if l.timer >= 0 {
		unix.Close(l.timer)
	}
	unix.Close(l.epoll)
}

// join connects everyone at once, and returns how long it took until each was
// sent something.
func (l *load) join(addr string) (time.Duration, error) {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, err
	}
	to := &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	began := time.Now()
	joined := 0
	for i := range l.row.clients {
		if err := l.connect(to, i); err != nil {
			return 0, err
		}
		for !l.row.idle && l.server.oneByOne && joined <= i {
			if err := l.poll(100, func(*client) { joined++ }); err != nil {
				return 0, err
			}
			if time.Since(began) > patience {
				break
			}
		}
	}
	for joined < len(l.conns) {
		if time.Since(began) > patience {
			return 0, fmt.Errorf("%d of %d have joined after %v", joined, len(l.conns), patience)
		}
		if err := l.poll(100, func(*client) { joined++ }); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

func (l *load) connect(to unix.Sockaddr, i int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	l.conns = append(l.conns, &client{fd: fd, last: make([]uint64, len(l.slots))})
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	if l.frozen(i) {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
	}
	if err := unix.Connect(fd, to); err != nil && err != unix.EINPROGRESS {
		return err
	}
	return l.watch(fd, unix.EPOLLOUT, i)
}

func (l *load) watch(fd int, events uint32, i int) error {
	op := unix.EPOLL_CTL_ADD
	if events != unix.EPOLLOUT && i >= 0 {
		op = unix.EPOLL_CTL_MOD
	}
	return unix.EpollCtl(l.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(i)})
}

// poll serves what is ready, waiting for at most ms.
func (l *load) poll(ms int, joined func(*client)) error {
	var events [512]unix.EpollEvent
	n, err := unix.EpollWait(l.epoll, events[:], ms)
	if err != nil && err != unix.EINTR {
		return err
	}
	for _, e := range events[:max(n, 0)] {
		if e.Fd < 0 {
			var b [8]byte
			unix.Read(l.timer, b[:])
			for range binary.NativeEndian.Uint64(b[:]) {
				if err := l.tick(); err != nil {
					return err
				}
			}
			continue
		}
		c := l.conns[e.Fd]
		if l.frozen(int(e.Fd)) && e.Events&unix.EPOLLOUT == 0 { // it was cut
			unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, c.fd, nil)
			continue
		}
		if e.Events&unix.EPOLLOUT != 0 { // connected
			if hello := l.server.hello(int(e.Fd)); hello != "" {
				if _, err := unix.Write(c.fd, []byte(hello)); err != nil {
					return fmt.Errorf("client %d: %w", e.Fd, err)
				}
			}
			events := uint32(unix.EPOLLIN)
			if l.frozen(int(e.Fd)) {
				events = 0
				joined(c)
			}
			if err := l.watch(c.fd, events, int(e.Fd)); err != nil {
				return err
			}
			continue
		}
		if err := l.receive(c); err != nil {
			return fmt.Errorf("client %d: %w", e.Fd, err)
		}
		if !c.joined {
			c.joined = true
			joined(c)
		}
	}
	return nil
}

// generate loads the server for d.
func (l *load) generate(d time.Duration) error {
	if l.row.rate > 0 && l.timer < 0 {
		if err := l.startTimer(); err != nil {
			return err
		}
	}
	if l.row.rate == 0 {
		for i := range l.slots {
			if l.slots[i].waiting == 0 {
				if err := l.send(i, time.Now()); err != nil {
					return err
				}
			}
		}
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := l.poll(10, nil); err != nil {
			return err
		}
	}
	return nil
}

func (l *load) startTimer() (err error) {
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return err
	}
	every := unix.NsecToTimespec(int64(float64(time.Second) / l.row.rate))
	if err := unix.TimerfdSettime(l.timer, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		return err
	}
	l.turn, l.began = 0, time.Now()
	return l.watch(l.timer, unix.EPOLLIN, -1)
}

// tick sends the message that is due, from the next client.
func (l *load) tick() error {
	l.turn++
	due := l.began.Add(time.Duration(float64(l.turn) / l.row.rate * float64(time.Second)))
	return l.send(l.turn%len(l.slots), due)
}

// send sends the next message of a slot: "@SLOT NUMBER TIME padding".
func (l *load) send(i int, due time.Time) error {
	s := &l.slots[i]
	s.sent++
	s.waiting = l.hearers()
	b := fmt.Appendf(l.buf[:0], "@%04d %010d %019d ", i, s.sent, due.UnixNano())
	b = append(append(b, strings.Repeat("x", max(l.row.text-len(b)-1, 0))...), '\n')
	_, err := unix.Write(l.conns[i%len(l.conns)].fd, b)
	return err
}

// frozen reports whether a client never reads: the last ones.
func (l *load) frozen(i int) bool { return i >= l.row.clients-l.row.frozen }

func (l *load) hearers() int {
	if l.server.numbers {
		return len(l.conns) - l.row.frozen
	}
	return len(l.conns) - 1
}

// receive reads once and takes every line of it.
func (l *load) receive(c *client) error {
	n := copy(l.buf, c.rest)
	got, err := unix.Read(c.fd, l.buf[n:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case err != nil:
		return err
	case got == 0:
		return fmt.Errorf("the server has closed; the last it said: %q", c.rest)
	}
	l.received += got
	b, now := l.buf[:n+got], time.Now().UnixNano()
	if l.server.nagle {
		unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	}
	var again []int
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		if i == 0 {
			b = b[1:]
			continue
		}
		if s := l.checkLine(c, b[:i], now); s >= 0 {
			again = append(again, s)
		}
		b = b[i+1:]
	}
	c.rest = append(c.rest[:0], b...)
	for _, s := range again {
		if err := l.send(s, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// checkLine checks a line and returns the slot that is to send again, -1 for none.
func (l *load) checkLine(c *client, line []byte, now int64) int {
	if l.server.numbers && line[0] <= '9' { // else it asks a slow client for its name
		seq := number(line[:max(bytes.IndexByte(line, '\t'), 0)])
		if c.seq != 0 && seq != c.seq+1 {
			l.faults++
		}
		c.seq = seq
	}
	at := bytes.IndexByte(line, '@')
	if at < 0 || len(line)-at < 36 {
		return -1
	}
	line = line[at+1:]
	i, n, sent := int(number(line[:4])), number(line[5:15]), int64(number(line[16:35]))
	if i >= len(l.slots) || n != c.last[i]+1 {
		l.faults++
		return -1
	}
	c.last[i] = n
	l.delivered++
	l.histogram[min(max(now-sent, 0)/int64(bucket), maxBucket)]++
	s := &l.slots[i]
	if n == s.sent {
		if s.waiting--; s.waiting == 0 && l.row.rate == 0 && !l.row.idle {
			return i
		}
	}
	return -1
}

func number(digits []byte) (n uint64) {
	for _, d := range digits {
		n = n*10 + uint64(d-'0')
	}
	return n
}

// quiet receives until nothing has come for half a second.
func (l *load) quiet() error {
	for last, before := time.Now(), l.received; time.Since(last) < time.Second/2; {
		if err := l.poll(50, func(*client) {}); err != nil {
			return err
		}
		if l.received != before {
			last, before = time.Now(), l.received
		}
	}
	return nil
}

// settle receives what is still due.
func (l *load) settle() {
	if l.timer >= 0 {
		unix.Close(l.timer)
		l.timer = -1
	}
	l.row.idle = true // nobody sends again
	for end := time.Now().Add(10 * time.Second); l.missing() > 0 && time.Now().Before(end); {
		if err := l.poll(50, func(*client) {}); err != nil {
			l.faults++
			return
		}
	}
}

// missing is how many deliveries never came.
func (l *load) missing() (n int) {
	for i, s := range l.slots {
		for j, c := range l.conns[:len(l.conns)-l.row.frozen] {
			if l.server.numbers || j != i%len(l.conns) {
				n += int(s.sent - c.last[i])
			}
		}
	}
	return n
}

func (l *load) reset() {
	l.delivered = 0
	clear(l.histogram)
}

func (l *load) percentile(q float64) time.Duration {
	rank := int(math.Ceil(q * float64(l.delivered)))
	for i, n := range l.histogram {
		if rank -= n; rank <= 0 {
			return time.Duration(i+1) * bucket
		}
	}
	return math.MaxInt64
}
