package cli

import (
	"bufio"
	"context"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
	"wirelab/sniffer/pcapfile"
)

// The resolver is asked for lookupTimeout, while the frames that come wait in
// the capture's buffer: at once for an address that is new, but no more than
// lookupBurst times in a row, then once in lookupEvery.
const (
	lookupEvery   = time.Second
	lookupBurst   = 8
	lookupTimeout = 300 * time.Millisecond
)

// names knows hosts by the command line, then the environment, then the file
// that is read, then the system's resolver. Name may be called by several
// goroutines at once; the other methods not, nor while it is.
type names struct {
	known  map[netip.Addr]string
	latest map[netip.Addr]string  // of these, what fresh has not returned
	file   map[netip.Addr]string  // what the file has told
	macs   map[sniffer.MAC]string // what the file has told, and freshMACs has not returned

	lookup []string // names to ask the resolver for

	asking sync.Mutex               // held while known and latest may change because of a lookup
	asked  map[netip.Addr]time.Time // when the resolver was asked because of an address
	budget int                      // of questions, at the time of since
	since  time.Time
}

var _ sniffer.Namer = (*names)(nil)

// newNames reads the values of --host and --lookup.
func newNames(hosts, lookup []string) (*names, error) {
	n := &names{
		known: map[netip.Addr]string{}, latest: map[netip.Addr]string{}, file: map[netip.Addr]string{},
		asked: map[netip.Addr]time.Time{}, budget: lookupBurst,
	}
	for _, name := range lookup {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !pcapfile.ValidName(name) {
			return nil, i18n.Errmsg("sniff.name.lookup", "Word", name)
		}
		n.lookup = append(n.lookup, name)
	}
	for _, text := range hosts {
		table, err := hostnames.Parse(text)
		if err != nil {
			return nil, i18n.Errmsg("check.host.form", "Cause", err)
		}
		for name := range table {
			if !pcapfile.ValidName(name) {
				return nil, i18n.Errmsg("sniff.name.host", "Word", name)
			}
		}
		n.learn(table.Names())
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

// freshMACs returns the names by MAC address that it has not returned before.
func (n *names) freshMACs() map[sniffer.MAC]string {
	fresh := n.macs
	n.macs = nil
	return fresh
}

// learnFromFile adds names that a capture file has.
func (n *names) learnFromFile(more map[netip.Addr]string) { maps.Copy(n.file, more) }

// addresses returns the hosts that are known by name, those of the file too.
func (n *names) addresses() map[string][]netip.Addr {
	hosts := filter.HostsOf(n.known)
	for addr, name := range n.file {
		if n.known[addr] != name {
			hosts[name] = append(hosts[name], addr)
		}
	}
	return hosts
}

// Name returns the name of addr, "" if it has none. It may wait for the
// resolver, which is asked for the names that --lookup lists and never for
// the address: no word about anybody leaves this machine.
func (n *names) Name(addr netip.Addr) string {
	if len(n.lookup) > 0 {
		return n.ask(addr)
	}
	if len(n.known) == 0 && len(n.file) == 0 {
		return ""
	}
	return n.have(addr)
}

// have returns the name of addr if it is known already.
func (n *names) have(addr netip.Addr) string {
	if name := n.known[addr]; name != "" {
		return name
	}
	return n.file[addr]
}

// ask is Name with a resolver.
func (n *names) ask(addr netip.Addr) string {
	n.asking.Lock()
	defer n.asking.Unlock()
	if name := n.have(addr); name != "" {
		return name
	}
	if !oneHost(addr) || !n.mayAsk(addr, time.Now()) {
		return ""
	}
	n.learn(resolve(n.lookup))
	return n.known[addr]
}

// mayAsk reports whether the resolver is asked because of an address, and
// counts that it is.
func (n *names) mayAsk(addr netip.Addr, now time.Time) bool {
	if last, again := n.asked[addr]; again && now.Sub(last) < lookupEvery {
		return false
	}
	if n.since.IsZero() {
		n.since = now
	}
	if gained := int(now.Sub(n.since) / lookupEvery); gained > 0 {
		n.budget = min(n.budget+gained, lookupBurst)
		n.since = now
	}
	if n.budget == 0 {
		return false
	}
	n.budget--
	const remembered = 1024 // addresses, which anybody can make up
	if len(n.asked) >= remembered {
		clear(n.asked)
	}
	n.asked[addr] = now
	return true
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

// systemHosts returns the names of the hosts file, the first of each address.
func systemHosts() map[netip.Addr]string {
	path := "/etc/hosts"
	if root := os.Getenv("SystemRoot"); root != "" { // Windows
		path = filepath.Join(root, "System32", "drivers", "etc", "hosts")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	hosts := map[netip.Addr]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) < 2 {
			continue
		}
		if addr, err := netip.ParseAddr(fields[0]); err == nil && hosts[addr] == "" {
			hosts[addr] = fields[1]
		}
	}
	return hosts
}
