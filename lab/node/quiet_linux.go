package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
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

// awaitQuiet waits until nothing is under way on any socket of this host. Past
// the limit it returns one that still is busy.
func awaitQuiet(ctx context.Context, limit time.Duration) (busy *socket, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = poll(ctx, func() (bool, error) {
		var err error
		busy, err = busySocket()
		return busy == nil, err
	})
	if errors.Is(err, context.DeadlineExceeded) && busy != nil {
		err = nil
	}
	return busy, err
}
