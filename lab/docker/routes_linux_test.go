package docker

import (
	"net/netip"

	"github.com/vishvananda/netlink"
)

// routes returns the destinations of this machine's IPv4 routes but the
// default one. The daemon does not look at them for a subnet that is given.
func routes() ([]netip.Prefix, error) {
	list, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	var prefixes []netip.Prefix
	for _, r := range list {
		if p, ok := prefixOf(r.Dst); ok {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes, nil
}
