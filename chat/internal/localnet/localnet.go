// Package localnet knows the networks of this machine's interfaces.
package localnet

import (
	"net"
	"net/netip"
	"time"
)

// Networks are those of this machine's interfaces. The zero value is ready; it is
// for one goroutine.
type Networks struct {
	prefixes []netip.Prefix
	read     time.Time
}

// refreshAfter is how long they are remembered: an interface may come or go.
const refreshAfter = 5 * time.Second

// Contain reports whether a is on one of the networks, so that nobody outside of
// them can have forged it.
func (n *Networks) Contain(a netip.Addr, now time.Time) bool {
	if now.Sub(n.read) > refreshAfter {
		n.read, n.prefixes = now, nil
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			return false // the client then needs a cookie
		}
		for _, i := range addrs {
			if p, err := netip.ParsePrefix(i.String()); err == nil {
				n.prefixes = append(n.prefixes, p.Masked())
			}
		}
	}
	a = a.Unmap().WithZone("")
	for _, p := range n.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return a.IsLoopback()
}
