//go:build !linux

package docker

import (
	"net"
	"net/netip"
)

// routes returns the IPv4 subnets of this machine's interfaces. The daemon
// runs in a virtual machine, where its own networks are what counts.
func routes() ([]netip.Prefix, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var prefixes []netip.Prefix
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if p, ok := prefixOf(n); ok {
				prefixes = append(prefixes, p)
			}
		}
	}
	return prefixes, nil
}
