package chat

import (
	"net"
	"net/netip"
	"time"
)

// links knows the networks of this machine's interfaces. The zero value is
// ready; it is for one goroutine.
type links struct {
	prefixes []netip.Prefix
	read     time.Time
}

const linksKnownFor = 5 * time.Second // an interface may come or go

// near reports whether a is on a network of one of this machine's interfaces,
// so that nobody far away can have forged it.
func (l *links) near(a netip.Addr, now time.Time) bool {
	if now.Sub(l.read) > linksKnownFor {
		l.read, l.prefixes = now, nil
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			return false // with a cookie it works nevertheless
		}
		for _, i := range addrs {
			if p, err := netip.ParsePrefix(i.String()); err == nil {
				l.prefixes = append(l.prefixes, p.Masked())
			}
		}
	}
	a = a.Unmap().WithZone("")
	for _, p := range l.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return a.IsLoopback()
}
