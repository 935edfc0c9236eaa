package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/internal/poll"
	"wirelab/internal/rtnl"
)

// procNet is this namespace's view: that of the thread, since that of the
// process is its first thread's.
const procNet = "/proc/thread-self/net/"

// socketTable is a table of the kernel's of one protocol, which is read from its beginning
// each time.
type socketTable struct {
	proto string // tcp or udp, for either version of IP
	file  *os.File
}

// openSocketTables opens the tables of some protocols, tcp or udp, in the thread's network
// namespace. From then on any thread may read them.
func openSocketTables(protos ...string) (all socketTables, err error) {
	for _, proto := range protos {
		for _, name := range []string{proto, proto + "6"} {
			f, err := os.Open(procNet + name)
			if errors.Is(err, fs.ErrNotExist) && name != proto {
				continue // a kernel without IPv6
			}
			if err != nil {
				all.Close()
				return nil, fmt.Errorf("read the socket table: %w", err)
			}
			all = append(all, socketTable{proto, f})
		}
	}
	return all, nil
}

type socketTables []socketTable

// Close closes the tables.
func (all socketTables) Close() {
	for _, t := range all {
		t.file.Close()
	}
}

// find returns the first socket for which is is true, nil where there is none.
func (all socketTables) find(is func(socket) bool) (*socket, error) {
	for _, t := range all {
		if _, err := t.file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		rows, err := parseSockets(t.proto, t.file)
		if err != nil {
			return nil, err
		}
		for _, s := range rows {
			if is(s) {
				return &s, nil
			}
		}
	}
	return nil, nil
}

// watch is what a host is looked at by. It is opened once: a lab of hundreds asks often.
type watch struct {
	sockets socketTables
	kernel  *rtnl.Conn
}

// openWatch opens what the host is looked at by in whose network namespace the thread is.
// Any thread may use it; Close it.
func openWatch() (*watch, error) {
	sockets, err := openSocketTables("tcp", "udp")
	if err != nil {
		return nil, err
	}
	kernel, err := rtnl.Open()
	if err != nil {
		sockets.Close()
		return nil, err
	}
	return &watch{sockets, kernel}, nil
}

// Close closes what openWatch has opened.
func (w *watch) Close() {
	w.sockets.Close()
	w.kernel.Close()
}

// unresolved returns a neighbour whose address is being asked for: a datagram
// may wait for it in the kernel when its socket is long closed, and would
// leave after the marker.
func (w *watch) unresolved() (string, error) {
	asked, err := rtnl.Dump(func() (asked string, err error) {
		request := nl.NewNetlinkRequest(unix.RTM_GETNEIGH, unix.NLM_F_DUMP)
		request.AddData(&netlink.Ndmsg{}) // of any family
		err = w.kernel.List(request, func(message []byte) {
			entry, err := netlink.NeighDeserialize(message)
			if asked != "" || err != nil || entry.State&netlink.NUD_INCOMPLETE == 0 {
				return
			}
			protocol := "arp"
			if entry.Family == netlink.FAMILY_V6 {
				protocol = "ndp"
			}
			asked = fmt.Sprintf("%s %s is being asked for", protocol, entry.IP)
		})
		return asked, err
	})
	if err != nil {
		return "", fmt.Errorf("read the neighbour cache: %w", err)
	}
	return asked, nil
}

// awaitQuiet waits until nothing is under way on any socket of the host, or
// waits for a neighbour's address. Past the limit it says what still is.
func (w *watch) awaitQuiet(ctx context.Context, limit time.Duration) (busy string, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		s, err := w.sockets.find(func(s socket) bool { return !s.quiet() })
		if err != nil {
			return false, err
		}
		if s != nil {
			busy = s.String()
			return false, nil
		}
		busy, err = w.unresolved()
		return busy == "", err
	})
	if errors.Is(err, context.DeadlineExceeded) && busy != "" {
		err = nil
	}
	return busy, err
}
