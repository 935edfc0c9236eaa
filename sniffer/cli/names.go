package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"wirelab/internal/hostnames"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// The resolver is asked at most once in lookupEvery, for lookupTimeout: the
// frames that come meanwhile wait in the capture's buffer.
const (
	lookupEvery   = time.Second
	lookupTimeout = 300 * time.Millisecond
)

// names knows hosts by the command line, then the environment, then the file
// that is read, then the system's resolver.
type names struct {
	known  map[netip.Addr]string
	latest map[netip.Addr]string // of these, what fresh has not returned
	file   sniffer.Namer         // nil without one

	lookup []string // names to ask the resolver for
	asked  time.Time
}

var _ sniffer.Namer = (*names)(nil)

// newNames reads the values of --host and --lookup.
func newNames(hosts, lookup []string) (*names, error) {
	n := &names{known: map[netip.Addr]string{}, latest: map[netip.Addr]string{}}
	for _, name := range lookup {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !pcapfile.ValidName(name) {
			return nil, fmt.Errorf("--lookup %q cannot be the name of a host", name)
		}
		n.lookup = append(n.lookup, name)
	}
	for _, text := range hosts {
		table, err := hostnames.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("--host: %w", err)
		}
		for name, addr := range table {
			if !pcapfile.ValidName(name) {
				return nil, fmt.Errorf("--host %q cannot be the name of a host", name)
			}
			n.learn(map[netip.Addr]string{addr: name})
		}
	}
	n.learn(hostnames.FromEnvironment().Names())
	return n, nil
}

// learn adds names of addresses that have none.
func (n *names) learn(more map[netip.Addr]string) {
	for addr, name := range more {
		if n.known[addr] == "" && pcapfile.ValidName(name) {
			n.known[addr], n.latest[addr] = name, name
		}
	}
}

// fresh returns the names that it has not returned before.
func (n *names) fresh() map[netip.Addr]string {
	fresh := n.latest
	if len(fresh) > 0 {
		n.latest = map[netip.Addr]string{}
	}
	return fresh
}

// Name returns the name of addr, "" if it has none. It may wait for the
// resolver, which is asked for the names that --lookup lists and never for
// the address: no word about anybody leaves this machine.
func (n *names) Name(addr netip.Addr) string {
	if name := n.known[addr]; name != "" {
		return name
	}
	if n.file != nil {
		if name := n.file.Name(addr); name != "" {
			return name
		}
	}
	if len(n.lookup) == 0 || !oneHost(addr) || time.Since(n.asked) < lookupEvery {
		return ""
	}
	n.learn(resolve(n.lookup))
	n.asked = time.Now()
	return n.known[addr]
}

// oneHost reports whether addr can be that of one host.
func oneHost(addr netip.Addr) bool {
	return !addr.IsMulticast() && !addr.IsUnspecified() && addr != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// resolve asks the resolver for all names at once and returns what it has
// answered in time.
func resolve(hosts []string) map[netip.Addr]string {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	var (
		found = map[netip.Addr]string{}
		mu    sync.Mutex
		asked sync.WaitGroup
	)
	for _, name := range hosts {
		asked.Go(func() {
			addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
			if err != nil {
				return // a host that is not there yet: the next time
			}
			mu.Lock()
			defer mu.Unlock()
			for _, addr := range addrs {
				found[addr.Unmap()] = name
			}
		})
	}
	asked.Wait()
	return found
}
