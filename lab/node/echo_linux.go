package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
)

// echoConn sends echo requests and receives what is answered to them. It is a
// datagram socket of ICMP (icmp(7)) where net.ipv4.ping_group_range allows,
// else a raw one. ICMP errors come by the socket's error queue (ip(7),
// IP_RECVERR) in either case.
type echoConn struct {
	echoVersion
	file *os.File
	raw  syscall.RawConn
	id   int  // of the requests; a datagram socket's is the kernel's choice
	ids  bool // raw: what comes may answer others
}

// echoVersion is what differs between the versions of IP.
type echoVersion struct {
	domain, protocol, level    int
	ttl, receiveTTL, errors    int // socket options
	ttlMessage                 int32
	request                    icmp.Type
	requestNumber, replyNumber byte
	origin                     byte // of ICMP errors in the queue
	header                     bool // a raw socket's messages begin with the IP header
	problem                    func(kind, code uint8) string
}

var (
	echo4 = echoVersion{
		domain: unix.AF_INET, protocol: unix.IPPROTO_ICMP, level: unix.IPPROTO_IP,
		ttl: unix.IP_TTL, receiveTTL: unix.IP_RECVTTL, errors: unix.IP_RECVERR, ttlMessage: unix.IP_TTL,
		request: ipv4.ICMPTypeEcho, requestNumber: byte(ipv4.ICMPTypeEcho), replyNumber: byte(ipv4.ICMPTypeEchoReply),
		origin: unix.SO_EE_ORIGIN_ICMP, header: true, problem: icmpProblem,
	}
	echo6 = echoVersion{
		domain: unix.AF_INET6, protocol: unix.IPPROTO_ICMPV6, level: unix.IPPROTO_IPV6,
		ttl: unix.IPV6_UNICAST_HOPS, receiveTTL: unix.IPV6_RECVHOPLIMIT, errors: unix.IPV6_RECVERR, ttlMessage: unix.IPV6_HOPLIMIT,
		request: ipv6.ICMPTypeEchoRequest, requestNumber: byte(ipv6.ICMPTypeEchoRequest), replyNumber: byte(ipv6.ICMPTypeEchoReply),
		origin: unix.SO_EE_ORIGIN_ICMP6, problem: icmp6Problem,
	}
)

// openEcho opens a socket for the version of IP of an address.
func openEcho(target netip.Addr, ttl int) (*echoConn, error) {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	c := &echoConn{echoVersion: echo4}
	if target.Is6() {
		c.echoVersion = echo6
	}
	fd, err := unix.Socket(c.domain, unix.SOCK_DGRAM|flags, c.protocol)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		c.ids, c.id = true, os.Getpid()&0xffff
		fd, err = unix.Socket(c.domain, unix.SOCK_RAW|flags, c.protocol)
	}
	if err != nil {
		return nil, exit.UnableMsg("ping.socket", "Cause", err)
	}
	options := []struct{ level, name, value int }{
		{c.level, c.ttl, ttl},
		{c.level, c.receiveTTL, 1},
		{c.level, c.errors, 1},
	}
	if c.ids && c.header { // raw(7): a set bit is a type not delivered
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
	m := icmp.Message{Type: c.request, Body: &icmp.Echo{ID: c.id, Seq: int(seq), Data: data}}
	b, err := m.Marshal(nil)
	if err != nil {
		return fmt.Errorf("make an echo request: %w", err)
	}
	sa := c.address(to)
	transmit := func() (failed error) {
		err := c.raw.Write(func(fd uintptr) bool {
			failed = unix.Sendto(int(fd), b, 0, sa)
			return !errors.Is(failed, unix.EAGAIN)
		})
		return errors.Join(err, failed)
	}
	// The error of an earlier request is reported by the next call, which then
	// sends nothing; its cause is in the error queue and is not lost. An error of
	// this request comes again.
	if transmit() == nil {
		return nil
	}
	if err := transmit(); err != nil {
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
		switch sa := from.(type) { // of a reply; an error's is in its message
		case *unix.SockaddrInet4:
			e.from = netip.AddrFrom4(sa.Addr)
		case *unix.SockaddrInet6:
			e.from = netip.AddrFrom16(sa.Addr)
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
		case c.ttlMessage:
			if len(m.Data) >= 4 {
				e.ttl = int(binary.NativeEndian.Uint32(m.Data))
			}
		case int32(c.errors):
			c.readError(e, m.Data)
		}
	}
	if queued { // the request that the error is about
		if len(b) < icmpHeader || b[0] != c.requestNumber || e.problem == "" {
			return false
		}
	} else {
		if c.ids && c.header {
			if len(b) < ipHeader || len(b) < int(b[0]&15)*4 {
				return false
			}
			b = b[int(b[0]&15)*4:]
		}
		if len(b) < icmpHeader || b[0] != c.replyNumber {
			return false
		}
	}
	if c.ids && int(binary.BigEndian.Uint16(b[4:])) != c.id {
		return false
	}
	e.seq, e.size = binary.BigEndian.Uint16(b[6:]), len(b)
	return true
}

// address is an address for the socket.
func (c *echoConn) address(a netip.Addr) unix.Sockaddr {
	if a.Is4() {
		return &unix.SockaddrInet4{Addr: a.As4()}
	}
	sa := &unix.SockaddrInet6{Addr: a.As16()}
	if ifi, err := net.InterfaceByName(a.Zone()); err == nil {
		sa.ZoneId = uint32(ifi.Index)
	}
	return sa
}

// readError reads a struct sock_extended_err and the address behind it (ip(7), ipv6(7)).
func (c *echoConn) readError(e *echoEvent, b []byte) {
	const errLength = 16
	if len(b) < errLength {
		return
	}
	number, origin := binary.NativeEndian.Uint32(b), b[4]
	if origin != c.origin {
		e.problem = unix.Errno(number).Error()
		return
	}
	switch sa := b[errLength:]; { // a struct sockaddr_in or sockaddr_in6
	case c.domain == unix.AF_INET && len(sa) >= 8:
		e.from = netip.AddrFrom4([4]byte(sa[4:]))
	case c.domain == unix.AF_INET6 && len(sa) >= 24:
		e.from = netip.AddrFrom16([16]byte(sa[8:]))
	}
	e.problem = c.problem(b[5], b[6])
}
