package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
)

// echoConn sends echo requests and receives what is answered to them. It is a
// datagram socket of ICMP (icmp(7)) where net.ipv4.ping_group_range allows,
// else a raw one. ICMP errors come by the socket's error queue (ip(7),
// IP_RECVERR) in either case.
type echoConn struct {
	file *os.File
	raw  syscall.RawConn
	id   int  // of the requests; a datagram socket's is the kernel's choice
	ip   bool // raw: messages begin with the IP header
}

func openEcho(ttl int) (*echoConn, error) {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	c := &echoConn{}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|flags, unix.IPPROTO_ICMP)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		c.ip, c.id = true, os.Getpid()&0xffff
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|flags, unix.IPPROTO_ICMP)
	}
	if err != nil {
		return nil, exit.UnableMsg("ping.socket", "Cause", err)
	}
	options := []struct{ level, name, value int }{
		{unix.IPPROTO_IP, unix.IP_TTL, ttl},
		{unix.IPPROTO_IP, unix.IP_RECVTTL, 1},
		{unix.IPPROTO_IP, unix.IP_RECVERR, 1},
	}
	if c.ip { // raw(7): a set bit is a type not delivered
		const icmpFilter = 1
		options = append(options, struct{ level, name, value int }{unix.SOL_RAW, icmpFilter, ^(1 << ipv4.ICMPTypeEchoReply)})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			unix.Close(fd)
			return nil, fmt.Errorf("set up an ICMP socket: %w", err)
		}
	}
	c.file = os.NewFile(uintptr(fd), "icmp")
	if c.raw, err = c.file.SyscallConn(); err != nil {
		c.file.Close()
		return nil, fmt.Errorf("set up an ICMP socket: %w", err)
	}
	return c, nil
}

// Close closes the socket.
func (c *echoConn) Close() error { return c.file.Close() }

// wake makes a receive under way return.
func (c *echoConn) wake() { c.file.SetReadDeadline(time.Unix(1, 0)) }

// send sends one echo request.
func (c *echoConn) send(to netip.Addr, seq uint16, data []byte) error {
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: c.id, Seq: int(seq), Data: data}}
	b, err := m.Marshal(nil)
	if err != nil {
		return fmt.Errorf("make an echo request: %w", err)
	}
	sa := &unix.SockaddrInet4{Addr: to.As4()}
	transmit := func() (failed error) {
		err := c.raw.Write(func(fd uintptr) bool {
			failed = unix.Sendto(int(fd), b, 0, sa)
			return !errors.Is(failed, unix.EAGAIN)
		})
		return errors.Join(err, failed)
	}
	// The error of an earlier request is reported by the next call, which then
	// sends nothing; its cause is in the error queue and is not lost.
	if err := transmit(); errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ECONNREFUSED) {
		return transmit()
	} else if err != nil {
		return fmt.Errorf("send an echo request: %w", err)
	}
	return nil
}

// receive returns the next answer; os.ErrDeadlineExceeded when none came by
// the deadline, or before ctx ended.
func (c *echoConn) receive(ctx context.Context, deadline time.Time) (echoEvent, error) {
	c.file.SetReadDeadline(deadline)
	if ctx.Err() != nil { // wake may have been before
		return echoEvent{}, os.ErrDeadlineExceeded
	}
	b, oob := make([]byte, 1<<16), make([]byte, 512)
	for {
		var n, oobn int
		var failed error
		var queued bool
		var from unix.Sockaddr
		err := c.raw.Read(func(fd uintptr) bool {
			for _, flags := range []int{unix.MSG_ERRQUEUE, 0} {
				queued = flags != 0
				n, oobn, _, from, failed = unix.Recvmsg(int(fd), b, oob, flags)
				if !errors.Is(failed, unix.EAGAIN) {
					return true
				}
			}
			return false
		})
		if err != nil {
			return echoEvent{}, err
		}
		if failed != nil { // the queue reports this error, before or after
			continue
		}
		e := echoEvent{at: time.Now()}
		if sa, ok := from.(*unix.SockaddrInet4); ok {
			e.from = netip.AddrFrom4(sa.Addr) // of a reply; an error's is in its message
		}
		if c.read(&e, b[:n], oob[:oobn], queued) {
			return e, nil
		}
	}
}

// read reads a message of the socket or its error queue and reports whether it
// is about one of our requests.
func (c *echoConn) read(e *echoEvent, b, oob []byte, queued bool) bool {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return false
	}
	for _, m := range messages {
		switch m.Header.Type {
		case unix.IP_TTL:
			if len(m.Data) >= 4 {
				e.ttl = int(binary.NativeEndian.Uint32(m.Data))
			}
		case unix.IP_RECVERR:
			e.readError(m.Data)
		}
	}
	if queued { // the request that the error is about
		if len(b) < icmpHeader || b[0] != byte(ipv4.ICMPTypeEcho) || e.problem == "" {
			return false
		}
	} else {
		if c.ip {
			if len(b) < ipHeader || len(b) < int(b[0]&15)*4 {
				return false
			}
			b = b[int(b[0]&15)*4:]
		}
		if len(b) < icmpHeader || b[0] != byte(ipv4.ICMPTypeEchoReply) {
			return false
		}
	}
	if c.ip && int(binary.BigEndian.Uint16(b[4:])) != c.id {
		return false
	}
	e.seq, e.size = binary.BigEndian.Uint16(b[6:]), len(b)
	return true
}

// readError reads a struct sock_extended_err and the address behind it (ip(7)).
func (e *echoEvent) readError(b []byte) {
	const errLength, addrLength = 16, 8
	if len(b) < errLength {
		return
	}
	number, origin := binary.NativeEndian.Uint32(b), b[4]
	if origin != unix.SO_EE_ORIGIN_ICMP {
		e.problem = unix.Errno(number).Error()
		return
	}
	if len(b) >= errLength+addrLength {
		e.from = netip.AddrFrom4([4]byte(b[errLength+4:]))
	}
	e.problem = icmpProblem(b[5], b[6])
}
