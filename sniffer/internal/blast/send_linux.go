package main

import (
	"fmt"
	"net"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// send sends frames as fast as the interface takes them: many with one system
// call (sendmmsg(2)), past the queueing discipline.
func send(name string, n, size int) error {
	if size < 42 {
		return fmt.Errorf("a frame of %d bytes, at least 42", size)
	}
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		return err
	}
	frame := datagram(size)
	iov := unix.Iovec{Base: &frame[0]}
	iov.SetLen(len(frame))
	// struct mmsghdr (recvmmsg(2)).
	messages := make([]struct {
		header unix.Msghdr
		sent   uint32
	}, 256)
	for i := range messages {
		messages[i].header.Iov = &iov
		messages[i].header.SetIovlen(1)
	}
	start := time.Now()
	for left := n; left > 0; {
		sent, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages[0])),
			uintptr(min(left, len(messages))), 0, 0, 0)
		switch errno {
		case 0:
			left -= int(sent)
		case unix.ENOBUFS, unix.EAGAIN, unix.EINTR:
		default:
			return errno
		}
	}
	took := time.Since(start)
	fmt.Fprintf(os.Stderr, "sent %d in %v: %.0f/s\n", n, took.Round(time.Microsecond), float64(n)/took.Seconds())
	return nil
}
