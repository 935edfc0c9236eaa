package rtnl

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Conn is a socket that asks the kernel about the network namespace in which it was
// opened, from whatever thread. One goroutine at a time uses it.
//
// A socket of netlink's own for every request, made known to the runtime's poller and
// read into 64 KiB of stack, takes longer than what the kernel does upon the request.
type Conn struct {
	fd       int
	sequence uint32
	queue    []byte
	purposes []string // of the queued requests
	read     []byte
}

// Open opens a socket in the network namespace of the calling thread. Close it.
func Open() (*Conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open an rtnetlink socket: %w", err)
	}
	return &Conn{fd: fd}, nil
}

// Close closes the socket.
func (c *Conn) Close() { unix.Close(c.fd) }

// answerSize is more than the kernel puts into one message of a list, unless it is asked
// for more (netlink_dump, net/netlink/af_netlink.c).
const answerSize = 32 << 10

// Queue adds a request for Flush. The purpose says in an error what it was for.
func (c *Conn) Queue(purpose string, r *nl.NetlinkRequest) {
	c.sequence++
	r.Seq = c.sequence
	c.queue = append(c.queue, r.Serialize()...)
	c.purposes = append(c.purposes, purpose)
}

// Flush has the kernel carry the queued requests out, one after the other, in one system
// call, and returns the error of the first that it refuses; those behind it are carried out
// all the same.
func (c *Conn) Flush() error {
	queued, purposes := c.queue, c.purposes
	c.queue, c.purposes = nil, nil
	if len(queued) == 0 {
		return nil
	}
	// What is refused is told in any case, what is done only of the last, which must
	// ask for it.
	last := nl.NewNetlinkRequest(unix.NLMSG_NOOP, unix.NLM_F_ACK)
	c.sequence++
	last.Seq = c.sequence
	if err := c.send(append(queued, last.Serialize()...)); err != nil {
		return err
	}
	first := c.sequence - uint32(len(purposes))
	var refused error
	for {
		done, err := c.answers(func(of uint32, errno unix.Errno, _ []byte) bool {
			if errno != 0 && refused == nil && of-first < uint32(len(purposes)) {
				refused = fmt.Errorf("%s: %w", purposes[of-first], errno)
			}
			return of == c.sequence
		})
		if done || err != nil {
			return errors.Join(refused, err)
		}
	}
}

// List makes a request that is answered with messages and calls do with what follows each
// one's header, which is valid until do returns. A list that changed while it was read is
// an error (netlink.ErrDumpInterrupted).
func (c *Conn) List(r *nl.NetlinkRequest, do func(message []byte)) error {
	c.sequence++
	r.Seq = c.sequence
	if err := c.send(r.Serialize()); err != nil {
		return err
	}
	var failed error
	for {
		done, err := c.answers(func(of uint32, errno unix.Errno, message []byte) bool {
			if of != c.sequence {
				return false // of a request that was given up
			}
			if errno != 0 {
				failed = errno
			}
			if message != nil {
				do(message)
			}
			return message == nil || r.Flags&unix.NLM_F_DUMP == 0
		})
		if done || err != nil {
			return errors.Join(failed, err)
		}
	}
}

func (c *Conn) send(requests []byte) error {
	if err := unix.Sendto(c.fd, requests, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask the kernel: %w", err)
	}
	return nil
}

// answers reads one datagram and calls take with each answer in it: of which request it
// is, and an error number, or the content of a message. Take reports whether it was the
// last.
func (c *Conn) answers(take func(of uint32, errno unix.Errno, message []byte) (last bool)) (last bool, err error) {
	if c.read == nil {
		c.read = make([]byte, answerSize)
	}
	n, _, flags, _, err := unix.Recvmsg(c.fd, c.read, nil, 0)
	switch {
	case errors.Is(err, unix.EINTR):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("the kernel's answer: %w", err)
	case flags&unix.MSG_TRUNC != 0:
		return false, errors.New("the kernel's answer is longer than it may be")
	}
	for rest := c.read[:n]; len(rest) >= unix.SizeofNlMsghdr && !last; {
		length := int(nl.NativeEndian().Uint32(rest))
		kind, marks, of := nl.NativeEndian().Uint16(rest[4:]), nl.NativeEndian().Uint16(rest[6:]), nl.NativeEndian().Uint32(rest[8:])
		if length < unix.SizeofNlMsghdr || length > len(rest) {
			return false, fmt.Errorf("a message of %d bytes in the kernel's answer of %d", length, n)
		}
		content := rest[unix.SizeofNlMsghdr:length]
		if marks&unix.NLM_F_DUMP_INTR != 0 {
			err = netlink.ErrDumpInterrupted
		}
		switch {
		case kind != unix.NLMSG_ERROR && kind != unix.NLMSG_DONE:
			last = take(of, 0, content)
		case len(content) >= 4:
			last = take(of, unix.Errno(-int32(nl.NativeEndian().Uint32(content))), nil)
		default:
			last = take(of, 0, nil)
		}
		rest = rest[min((length+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1), len(rest)):]
	}
	return last, err
}

// Index returns the index of an interface of the thread's network namespace
// (netdevice(7)).
func Index(name string) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request)
	}
	if err != nil {
		return 0, fmt.Errorf("interface %s: %w", name, err)
	}
	return int(request.Uint32()), nil
}
