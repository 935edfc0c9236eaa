package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/vishvananda/netlink"

	"wirelab/internal/poll"
	"wirelab/internal/rtnl"
)

// procNet is this namespace's view: that of the thread, since that of the
// process is its first thread's.
const procNet = "/proc/thread-self/net/"

// sockets returns the rows of this host's tables of one protocol, tcp or udp,
// over both versions of IP.
func sockets(proto string) ([]socket, error) {
	var all []socket
	for _, table := range []string{proto, proto + "6"} {
		f, err := os.Open(procNet + table)
		if errors.Is(err, fs.ErrNotExist) && table != proto {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("read the socket table: %w", err)
		}
		rows, err := parseSockets(proto, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// busySocket returns a socket of this host on which something is under way, nil
// where there is none.
func busySocket() (*socket, error) {
	for _, proto := range []string{"tcp", "udp"} {
		rows, err := sockets(proto)
		if err != nil {
			return nil, err
		}
		for _, s := range rows {
			if !s.quiet() {
				return &s, nil
			}
		}
	}
	return nil, nil
}

// unresolved returns a neighbour whose address is being asked for: a datagram
// may wait for it in the kernel when its socket is long closed, and would
// leave after the marker.
func unresolved() (string, error) {
	entries, err := rtnl.Dump(func() ([]netlink.Neigh, error) { return netlink.NeighList(0, netlink.FAMILY_ALL) })
	if err != nil {
		return "", fmt.Errorf("read the neighbour cache: %w", err)
	}
	for _, e := range entries {
		if e.State&netlink.NUD_INCOMPLETE == 0 {
			continue
		}
		protocol := "arp"
		if e.Family == netlink.FAMILY_V6 {
			protocol = "ndp"
		}
		return fmt.Sprintf("%s %s is being asked for", protocol, e.IP), nil
	}
	return "", nil
}

// awaitQuiet waits until nothing is under way on any socket of this host, or
// waits for a neighbour's address. Past the limit it says what still is.
func awaitQuiet(ctx context.Context, limit time.Duration) (busy string, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		s, err := busySocket()
		if err != nil {
			return false, err
		}
		if s != nil {
			busy = s.String()
			return false, nil
		}
		busy, err = unresolved()
		return busy == "", err
	})
	if errors.Is(err, context.DeadlineExceeded) && busy != "" {
		err = nil
	}
	return busy, err
}
