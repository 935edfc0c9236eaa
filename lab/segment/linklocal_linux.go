package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// How an interface makes its IPv6 link-local address (if_link.h).
const (
	generateEUI64 = 0
	generateNone  = 1
)

// LinkLocals takes the IPv6 link-local addresses of interfaces away and remembers
// them. An interface that has one asks for routers and reports the groups that it
// listens to (RFC 4861, RFC 3810): frames of the machine on the lab's segment.
type LinkLocals struct {
	was map[int]linkLocal // by interface index
}

type linkLocal struct {
	name      string
	addresses []netlink.Addr
}

// Remove takes the link-local addresses of an interface away, now and for when it
// comes up, unless it has other IPv6 addresses: then IPv6 is used there. One that
// has just gone, and a kernel without IPv6, are no error.
func (l *LinkLocals) Remove(link netlink.Link) error {
	a := link.Attrs()
	if mode, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + a.Name + "/addr_gen_mode"); errors.Is(err, fs.ErrNotExist) ||
		err == nil && strings.TrimSpace(string(mode)) != fmt.Sprint(generateEUI64) {
		return nil
	}
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V6)
	for _, address := range addresses {
		if !address.IP.IsLinkLocalUnicast() {
			return nil
		}
	}
	if err == nil {
		err = netlink.LinkSetIP6AddrGenMode(link, generateNone)
	}
	if err == nil {
		addresses, err = netlink.AddrList(link, netlink.FAMILY_V6) // it may have come up meanwhile
	}
	if err == nil {
		if l.was == nil {
			l.was = map[int]linkLocal{}
		}
		l.was[a.Index] = linkLocal{a.Name, addresses}
	}
	for i := range addresses {
		err = errors.Join(err, netlink.AddrDel(link, &addresses[i]))
	}
	if err != nil && !gone(err) && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("take the link-local address of %s away: %w", a.Name, err)
	}
	return nil
}

// Restore gives the addresses back, where the interface is still there.
func (l *LinkLocals) Restore() error {
	var all error
	for index, was := range l.was {
		link, err := netlink.LinkByIndex(index)
		if err != nil || link.Attrs().Name != was.name {
			continue // gone, moved to a container, or another one by now
		}
		err = netlink.LinkSetIP6AddrGenMode(link, generateEUI64)
		for _, address := range was.addresses {
			// The kernel counts the lifetimes itself, and a label is IPv4's.
			back := &netlink.Addr{IPNet: address.IPNet, Scope: address.Scope}
			err = errors.Join(err, netlink.AddrReplace(link, back))
		}
		if err != nil && !gone(err) {
			all = errors.Join(all, fmt.Errorf("give %s its link-local address back: %w", was.name, err))
		}
	}
	return all
}
